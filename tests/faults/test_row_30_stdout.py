"""Standard output that is closed early, is latin-1, or is a full disk."""

import os
import subprocess
import sys

import pytest

from tests.program import Sandbox

ADA = "auth0|ada"


def shell(command: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    line = command.replace("musicctl", f"{sys.executable} -m musicctl")
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, env={**os.environ, **variables}, check=False
    )


@pytest.fixture
def many(sandbox: Sandbox) -> Sandbox:
    sandbox.query("INSERT INTO songs SELECT n, repeat('é⭐', 50), %s FROM generate_series(1, 5000) AS n", ADA)
    return sandbox


@pytest.mark.parametrize("words", ["list", "list -o csv", "list --json", "export", "export -o jsonl"])
def test_a_reader_that_goes_away_is_no_failure(many: Sandbox, words: str) -> None:
    verb, _, options = words.partition(" ")
    done = shell(f"musicctl songs {verb} '{ADA}' {options} | head -1; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("words", ["list", "list --json", "export"])
def test_a_full_disk_says_so(many: Sandbox, words: str) -> None:
    verb, _, options = words.partition(" ")
    done = shell(f"musicctl songs {verb} '{ADA}' {options} > /dev/full")
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_latin_1_shows_escapes_and_machines_get_utf_8(many: Sandbox) -> None:
    for words in (f"list '{ADA}' --limit 1", f"list '{ADA}' --limit 1 --json", f"export '{ADA}'"):
        done = shell(f"musicctl songs {words}", PYTHONIOENCODING="latin-1")
        people = "--json" not in words and "export" not in words
        shown = "é\\u2b50".encode("latin-1") if people else "é⭐".encode()
        assert (done.returncode, shown in done.stdout, done.stderr) == (0, True, b"")
