"""What ten commands show of the demo's listeners, at 80 and at 120 columns, to the letter.

After a change that is wanted: `SNAPSHOTS=write pytest tests/cli/test_snapshots.py`.
"""

import os
import re
from pathlib import Path

from tests.program import Sandbox
from tests.terminal import Typed, screens

FOLDER = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("SNAPSHOTS") == "write"
ADA, BORIS = "auth0|demo-ada", "auth0|demo-boris"
COMMANDS = {
    "songs-list": ["songs", "list", ADA],
    "songs-search": ["songs", "search", "in", "--limit=15"],
    "playlists-top": ["playlists", "top", "--limit=12"],
    "playlists-near": ["playlists", "near"],
    "genres-top": ["genres", "top"],
    "users-show": ["users", "show", ADA],
    "users-list": ["users", "list", "--limit=15"],
    "roles-holders": ["roles", "holders"],
    "roles-plan": ["roles", "plan"],
    "roles-explain": ["roles", "explain", BORIS],
}
WIDTHS = (80, 120)
VARYING = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC": lambda found: re.sub(r"\d", "0", found[0]),
    r"\d+ s old": lambda found: "0 s old",
}
"""Times, as wide as they are."""


def normal(text: str) -> str:
    for pattern, replaced in VARYING.items():
        text = re.sub(pattern, replaced, text)
    return text


def test_tables_look_as_they_did(demo: Sandbox, tmp_path: Path) -> None:
    typed = [Typed(words, {"COLUMNS": str(width)}) for words in COMMANDS.values() for width in WIDTHS]
    _, *shown = screens([Typed(["mirror", "refresh", "-q"]), *typed], tmp_path)
    files = [FOLDER / f"{name}-{width}.txt" for name in COMMANDS for width in WIDTHS]
    assert [screen.code for screen in shown] == [0] * len(files)
    now = {file.name: normal(screen.text) for file, screen in zip(files, shown, strict=True)}
    if WRITE:
        FOLDER.mkdir(exist_ok=True)
        for file in files:
            file.write_text(now[file.name], encoding="utf-8")
    kept = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
    assert kept == now
