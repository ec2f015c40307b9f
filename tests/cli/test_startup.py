"""What a command may load before it does its work: start-up is paid at every call."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.program import Sandbox

TYPER = {"typer", "shellingham", "annotated_doc"}
HTTP = {"httpx", "httpcore", "h11", "anyio", "certifi", "idna"}
SDK = {"auth0", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
TOKENS = {"jwt", "cryptography", "requests", "urllib3", "charset_normalizer"}
"""What the SDK imports to sign and to check tokens."""

RECORDS = {"msgspec", "typing_extensions"}
PLAN = TYPER | RECORDS | {"psycopg2", "platformdirs"}
REFRESH = PLAN | HTTP | SDK | TOKENS
# Python's own, by names that are not in its list; parts of packages that are compiled.
NO_PACKAGES = re.compile(r"musicctl|_sysconfigdata.*|_cython.*|cython_runtime")
COMPILED = {"_cffi_backend", "_openssl"}


def loaded(*arguments: str) -> set[str]:
    """Return which packages of others a command has loaded when it ends."""
    code = (
        # What a distribution has every Python load is no business of ours.
        "import sys; before = set(sys.modules); from musicctl.cli import main; main(sys.argv[1:]);"
        "print('loaded', *{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    _, *found = done.stdout.splitlines()[-1].split()
    return {
        name
        for name in set(found) - sys.stdlib_module_names - COMPILED
        if not NO_PACKAGES.fullmatch(name) and not name.endswith("__mypyc")
    }


def test_the_version_is_said_before_anything_is_loaded() -> None:
    code = "import sys; from musicctl.cli import main; main(['--version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.splitlines()[-1].split() if name.startswith("musicctl")}
    assert ours == {"musicctl", "musicctl.cli"}
    assert loaded("--version") == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["songs", "--help"], ["songs", "list", "--help"], ["roles", "sync", "--help"]]
)
def test_help_loads_typer_alone(arguments: list[str]) -> None:
    assert loaded(*arguments) == TYPER


def test_songs_list_loads_the_driver_too(sandbox: Sandbox) -> None:
    for more in ([], ["--json"], ["-o", "csv"]):
        assert loaded("songs", "list", "auth0|a", *more) == TYPER | {"psycopg2"}
    assert sandbox.requests() == []


def test_a_plan_loads_the_sdk_only_to_read_the_tenant(sandbox: Sandbox) -> None:
    sandbox.add_user("auth0|a")
    assert loaded("roles", "plan") == REFRESH
    sent = sandbox.requests()
    for more in ([], ["--json"]):
        assert loaded("roles", "plan", *more) == PLAN
    assert sandbox.requests() == sent


def test_the_sandbox_keeps_its_servers_to_itself(sandbox: Sandbox) -> None:
    assert loaded("sandbox", "status") == TYPER | RECORDS
    assert sandbox.requests() == []


def test_typer_is_the_version_whose_internals_are_known() -> None:
    """musicctl/cli/coercion.py sets a private attribute of Typer 0.29."""
    assert version("typer").startswith("0.29.")
