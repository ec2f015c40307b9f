"""The README's pictures are those of this program, and need nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pictures.drawing import MARGIN
from tests.pictures.taking import FOLDER, PICTURES, as_seen, fixed, taken
from tests.program import Sandbox

README = FOLDER.parent / "README.md"
STORED = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}


def test_they_show_what_the_program_prints(demo: Sandbox, tmp_path: Path) -> None:
    """After a change that is wanted: `python -m tests.pictures`."""
    assert taken(tmp_path) == STORED


def test_the_readme_shows_each_of_them_once() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(\.pictures/([a-z]+)\.svg\)", README.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(STORED) == sorted(PICTURES)
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.svg" for name in PICTURES}


@pytest.mark.parametrize("name", PICTURES)
def test_one_is_whole_and_of_itself_alone(name: str) -> None:
    picture = ElementTree.fromstring(STORED[name])
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert re.findall(r"https?://[^\s<\"]+", STORED[name].replace("http://127.0.0.1:40123", "")) == [
        "http://www.w3.org/2000/svg"
    ]
    assert not re.search(r"href|url\(|@import|<script|/root|/home|/tmp", STORED[name])


def test_no_line_is_wider_than_the_picture() -> None:
    for picture in STORED.values():
        across = float(re.findall(r'viewBox="0 0 (\d+) ', picture)[0])
        cells = re.findall(r'<text x="([\d.]+)" y="\d+" textLength="([\d.]+)"', picture)
        assert cells
        assert all(float(left) + float(length) <= across - MARGIN for left, length in cells)


def test_a_line_goes_on_behind_a_prompt_and_what_changes_is_fixed() -> None:
    assert as_seen("query 'SELECT\n1'", ["1"]) == ["$ musicctl query 'SELECT", "> 1'", "1", ""]
    assert fixed("actor    root@vm") == "actor    oncall@ops"
    assert fixed("at 2031-01-02 03:04:05 UTC, 12.5 s") == "at 2026-11-23 10:15:00 UTC, 0.4 s"
