"""What is printed was made safe: few modules write on the standard streams, and commands only renderings."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "musicctl"
COMMANDS = sorted((PACKAGE / "cli").rglob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))

WRITERS = {
    "cli/__init__.py": "the version, before anything is imported",
    "cli/border.py": "errors, by render.error; candidates for a shell",
    "cli/output.py": "everything that commands print",
    "cli/session.py": "sentences on stderr, by safe",
    "cli/commands/saved_files.py": "the bytes of an export that is not on a terminal",
    "sandbox/local_tenant/__main__.py": "the log of a background process",
    "tenant/leaving.py": "requests, on the stream of a connection: none of ours",
}
OWN_WORDS = {
    "cli/commands/completion.py": "scripts of ours",
    "cli/commands/help.py": "help texts of ours",
}
"""Modules that print what nobody else has written."""

RICH = {"rich.cells.cell_len", "rich.console.Console"}
RICH |= {
    f"rich.progress.{name}" for name in ("Progress", "BarColumn", "DownloadColumn", "MofNCompleteColumn")
}
RICH |= {f"rich.progress.{name}" for name in ("TextColumn", "TimeRemainingColumn")}
WRITING = {"write", "writelines", "buffer"}
PASSED_ON = {"wrapped", "join", "pointed"}
"""What returns the text that it is given: safe where that is."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.expr) -> str:
    """Return a name, or the last two parts of one with dots; of anything else nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value).rpartition('.')[2]}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(path: Path, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func) in names:
            yield node


def imported(path: Path, package: str) -> dict[str, str]:
    """Return what a module imports from a package, by the name it has there."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(package)
        for alias in node.names
    }


def test_standard_streams_are_written_by_few() -> None:
    found = {name_of(path) for path in MODULES if any(calls(path, "print")) or any(streams_written(path))}
    assert found == set(WRITERS)


def streams_written(path: Path) -> Iterator[ast.Attribute]:
    streams = {"stream", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and (node.attr in WRITING and dotted(node.value) in streams):
            yield node


def test_a_command_prints_nothing_but_renderings() -> None:
    """What `text` and `aside` are given is a call of render's, or made of such calls and of constants."""
    for path in COMMANDS:
        if name_of(path) not in {*OWN_WORDS, "cli/output.py"}:
            shown, printed = Shown(path), calls(path, "text", "aside", "output.text", "output.aside")
            raw = [ast.unparse(call) for call in printed if not shown.is_safe(call.args[0])]
            assert raw == [], name_of(path)


def test_a_machine_gets_what_a_writer_wrote() -> None:
    for path in COMMANDS:
        rendering = imported(path, "musicctl.render")
        for call in calls(path, "machine", "output.machine"):
            assert name_of(path) == "cli/output.py" or made_by(call.args[0]) in rendering


def made_by(node: ast.expr) -> str:
    """Return the module or function of a call, or of the only one in a list."""
    inside = node.elts[0] if isinstance(node, ast.List) else node
    return dotted(inside.func).partition(".")[0] if isinstance(inside, ast.Call) else ""


def test_rich_is_given_no_foreign_text() -> None:
    """It counts columns and draws bars, whose words are constants."""
    for path in MODULES:
        found = set(imported(path, "rich").values())
        assert found <= RICH, name_of(path)
        if found:
            words = [call.args[0] for call in calls(path, "TextColumn", "bar.add_task", "line.add_task")]
            assert all(isinstance(word, ast.Constant) for word in words), name_of(path)


class Shown:
    """Tells which expressions of a module are safe for a terminal."""

    def __init__(self, path: Path) -> None:
        self._made_safe = set(imported(path, "musicctl.render")) - PASSED_ON
        self._loops = {
            node.target.id: node.iter
            for node in ast.walk(tree(path))
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
        }

    def is_safe(self, node: ast.expr) -> bool:
        """Tell whether it is a constant, a call of render's, or made of those alone."""
        if isinstance(node, ast.Call):
            return self._is_safe_call(node)
        if isinstance(node, ast.Name):
            return (
                node.id.isupper()
                or node.id == "__version__"
                or (node.id in self._loops and self.is_safe(self._loops[node.id]))
            )
        if isinstance(node, ast.JoinedStr):
            return all(map(self.is_safe, node.values))
        if isinstance(node, ast.FormattedValue):
            return node.format_spec is not None or self.is_safe(node.value)
        if isinstance(node, ast.BinOp):
            return self.is_safe(node.left) and self.is_safe(node.right)
        return isinstance(node, ast.Constant)

    def _is_safe_call(self, node: ast.Call) -> bool:
        first, _, last = ast.unparse(node.func).rpartition(".")
        if last in PASSED_ON:
            return self.is_safe(node.args[0])
        return (first or last).partition(".")[0] in self._made_safe


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("text(row[0])", False),
        ("text(f'{name} is saved\\n')", False),
        ("text(wrapped(name, 80))", False),
        ("text(wrapped(safe(name), 80))", True),
        ("text(f'{safe(name)}: {plays:,}\\n' + END)", True),
        ("text(str(run))", False),
    ],
)
def test_the_test_finds_what_it_looks_for(tmp_path: Path, line: str, safe: bool) -> None:
    path = tmp_path / "module.py"
    path.write_text(f"from musicctl.render.text import safe, wrapped\n{line}\n")
    [call] = calls(path, "text")
    assert Shown(path).is_safe(call.args[0]) is safe
