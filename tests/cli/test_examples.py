"""Each example of the help, and each command line of the README, does what it says on the sandbox's demo."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.cli.manuals import MANUALS
from musicctl.errors import Exit
from musicctl.sandbox import demo, lifecycle
from musicctl.settings import sandbox_state
from tests.cli.manual_running import run
from tests.conftest import MEMORY
from tests.program import Program

README = Path(__file__).parents[2] / "README.md"
FIRST = ("sandbox up", "sandbox status", "songs export", "artists export", "token issue")
LAST = ("sandbox faults", "demo", "sandbox reset", "sandbox load", "sandbox down")
PLAYLISTS = "playlist_id,user_id,name,total_plays\np1,auth0|ringo,Drums,120\n"
NAMES = "user,name\nada@example.com,Ada L.\nauth0|demo-hugo,Hugo\n"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A sandbox of their own with the demo's listeners."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="musicctl-examples-", dir=parent) as made:
        Path(made).chmod(0o755)
        folder = Path(made) / "sandbox"
        try:
            demo.prepare(folder, lambda _line: None)
            yield folder
        finally:
            lifecycle.remove(folder, lambda _line: None)


@pytest.fixture
def folder(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same sandbox as the profile in force, and as the profile `prod`."""
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(place))
    monkeypatch.setenv("MUSICCTL_PROFILE", "sandbox")
    monkeypatch.setenv("MUSICCTL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    write_files(place)
    return place


def write_files(folder: Path) -> None:
    """Write what the examples read: a file of settings, of playlists and of names."""
    state = sandbox_state.read(folder)
    assert state is not None
    names = ("database_url", "auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience")
    lines = [f'{name} = "{getattr(state, name)}"' for name in names]
    config = Path("config.toml")
    config.write_text("\n".join(["[profiles.prod]", *lines, ""]))
    config.chmod(0o600)
    Path("playlists.csv").write_text(PLAYLISTS)
    Path("names.csv").write_text(NAMES)


def in_order() -> list[str]:
    """Return the commands so that each finds what it needs, and none what another has taken away."""

    def place(command: str) -> tuple[int, int]:
        for at, start in enumerate(FIRST):
            if command == start:
                return (0, at)
        for at, start in enumerate(LAST):
            if command.startswith(start):
                return (2, at)
        return (1, 0)

    return sorted(MANUALS, key=place)


def lines_of_the_readme() -> list[str]:
    """Return the command lines of the README, also those of a crontab.

    What refills, stops or empties the sandbox is among the help's examples, which come last.
    """
    lines = re.findall(
        r"^(?: {4})?(?:\$ |(?:\S+ ){5} *)?(musicctl .*)$", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [line for line in lines if not re.match(r"musicctl sandbox (load|down|reset)", line)]


def test_every_command_line_of_the_readme_works(
    folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for line in lines_of_the_readme():
        ended = run(line, program, monkeypatch)
        expected = {int(code) for code in re.findall(r"# .*?exit (\d+)", line)} | {0}
        if ended.code not in expected:
            wrong.append((line, ended.code, ended.err))
    assert wrong == []
    assert len(lines_of_the_readme()) > 10
    assert folder.exists()


def test_every_example_of_the_help_works(
    folder: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    for command in in_order():
        for line in MANUALS[command].examples:
            ended = run(line, program, monkeypatch)
            expected = {Exit.OK, Exit.CHANGES} if "--check" in line else {Exit.OK}
            if ended.code not in expected or "Traceback" in ended.err:
                wrong.append((line, ended.code, ended.err))
    assert wrong == []
    assert not folder.exists()
