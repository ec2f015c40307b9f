"""Command lines as the help and the README have them, run in this process."""

import io
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Ended, Program

REDIRECTIONS = {"<", ">"}


def run(line: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Run one line as a shell would: pipes and redirections here, anything more by bash itself."""
    if not line.startswith("musicctl") or "$(" in line:
        path = f"{Path(sys.executable).parent}"
        done = subprocess.run(
            ["bash", "-c", f'PATH="{path}:$PATH"; {line}'], capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)
    piped = ""
    for stage in line.split(" | "):
        ended = _stage(stage, piped, program, monkeypatch)
        piped = ended.out
    return ended


def _stage(stage: str, piped: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> Ended:
    words = shlex.split(stage, comments=True)
    places = {words[at]: words[at + 1] for at, word in enumerate(words) if word in REDIRECTIONS}
    arguments = [word for word in words[1:] if word not in {*places, *places.values()}]
    given = Path(places["<"]).read_text() if "<" in places else piped
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    ended = program(*arguments)
    if ">" in places:
        Path(places[">"]).write_text(ended.out)
    return ended
