"""The help of every command, and the topics: complete, true to the code, and 80 columns wide."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from musicctl import errors
from musicctl.cli import root
from musicctl.cli.manuals import MANUALS
from musicctl.cli.manuals.manual import ALWAYS, LEASE, PROFILE, SEVERAL, TENANT, USER
from musicctl.cli.topics import PROGRAM, TOPICS
from musicctl.errors import Exit
from musicctl.render.formats import Format
from musicctl.settings.environment import PROGRAM_VARIABLES
from musicctl.settings.meanings import MEANINGS
from musicctl.settings.model import GUARDS, SETTINGS, environment_variable
from tests.cli.manual_running import run
from tests.program import Program

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def walk(command: Any, context: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield every command and group with its words and its context, the root first."""
    yield context.command_path.removeprefix("musicctl").strip(), command, context
    for name in getattr(command, "list_commands", lambda _context: [])(context):
        inner = command.get_command(context, name)
        yield from walk(inner, type(context)(inner, info_name=name, parent=context))


WHOLE = root.command()
ALL = {
    words: (command, context)
    for words, command, context in walk(WHOLE, WHOLE.make_context("musicctl", [], resilient_parsing=True))
}
COMMANDS = [words for words, (command, _) in ALL.items() if not hasattr(command, "list_commands")]
GROUPS = [words for words in ALL if words not in COMMANDS]


def parameters(words: str) -> list[Any]:
    command, context = ALL[words]
    return list(command.get_params(context))


def test_every_command_has_its_part_of_the_manual() -> None:
    assert set(MANUALS) == set(COMMANDS)
    assert len(COMMANDS) > 60


def test_a_command_has_two_examples_of_its_own() -> None:
    for words in COMMANDS:
        examples = MANUALS[words].examples
        assert len(set(examples)) >= 2
        assert all(f"musicctl {words}" in line and len(line) <= 78 for line in examples), words


def test_no_line_is_wider_than_80_columns(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        for words in ALL:
            ended = program(*words.split(), "--help")
            assert (ended.code, ended.err) == (0, "")
            assert max(map(len, ended.out.splitlines())) <= 80, words


def test_the_purpose_is_one_whole_sentence() -> None:
    for command, _ in ALL.values():
        first = " ".join(str(command.help).partition("\n\n")[0].split())
        assert re.fullmatch(r"[A-Z][^.]*(?:\.[a-z][^.]*)*\.", first), first  # musicctl.listeners has a dot


@pytest.mark.parametrize("words", [words for words in GROUPS if words])
def test_a_group_lists_the_purposes_uncut(words: str, program: Program) -> None:
    listed = " ".join(program(*words.split(), "--help").out.split())
    command, context = ALL[words]
    for name in command.list_commands(context):
        purpose = str(ALL[f"{words} {name}"][0].help).partition("\n\n")[0]
        shown = listed.replace("- ", "-")  # a line may end behind a hyphen
        assert f"{name} {' '.join(purpose.split())}".replace("- ", "-") in shown


def test_every_command_of_the_root_is_under_a_heading(program: Program) -> None:
    shown = program("--help").out
    sections = re.findall(r"^([A-Z].*):\n((?:  .+\n)+)", shown, re.MULTILINE)
    names = [name for heading, rows in sections[1:] for name in re.findall(r"^  (\S+)", rows, re.MULTILINE)]
    assert names == list(root.COMMANDS)
    assert [heading for heading, _ in sections[1:]] == list(root.HEADINGS.values())


def test_the_help_shows_examples_exit_codes_and_arguments(program: Program) -> None:
    for words in COMMANDS:
        shown = program(*words.split(), "--help").out
        examples = shown.partition("\nExamples:\n")[2].partition("\n\n")[0]
        assert [line.strip() for line in examples.splitlines()] == list(MANUALS[words].examples)
        codes = re.findall(r"^  (\d+) ", shown.partition("\nExit codes:\n")[2], re.MULTILINE)
        assert [int(code) for code in codes] == sorted(MANUALS[words].exits)
        for param in parameters(words):
            assert param.param_type_name != "argument" or param.help, param.name


def test_the_exit_codes_are_all_that_the_parameters_ask_for() -> None:
    for words in COMMANDS:
        exits = MANUALS[words].exits
        assert exits >= ALWAYS, words
        for param in parameters(words):
            names = {*param.opts, param.metavar}
            assert "--profile" not in names or exits >= PROFILE
            assert "--check" not in names or Exit.CHANGES in exits
            assert "--wait" not in names or Exit.BUSY in exits
            assert "RUN" not in names or Exit.NOT_FOUND in exits
            assert "--token" not in names or Exit.REFUSED in exits
            assert names.isdisjoint({"USER", "FROM", "TO"}) or exits >= USER
            assert param.metavar != "USER" or param.nargs == 1 or exits >= SEVERAL


def test_the_exit_codes_are_all_that_the_code_names() -> None:
    for words in COMMANDS:
        callback: Any = ALL[words][0].callback
        function = inspect.unwrap(callback)
        source = inspect.getsource(getattr(function, "func", function))
        exits = MANUALS[words].exits
        if "session.tenant" in source:
            assert exits >= TENANT
        if "session.database" in source:
            assert {Exit.DENIED, Exit.UNAVAILABLE, Exit.CONFIG} <= exits
        if "carry_out(" in source:
            assert exits >= LEASE
        for name in re.findall(r"Exit\.([A-Z_]+)", source):
            assert Exit[name] in exits


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles whose database does not answer, or that have no settings."""
    config = tmp_path / "config.toml"
    config.write_text('[profiles.down]\ndatabase_url = "postgresql://u@127.0.0.1:1/x"\n[profiles.empty]\n')
    config.chmod(0o600)
    monkeypatch.setenv("MUSICCTL_CONFIG", str(config))
    monkeypatch.setenv("MUSICCTL_SANDBOX", str(tmp_path / "sandbox"))
    monkeypatch.chdir(tmp_path)
    for name in ("songs", "artists"):
        (tmp_path / f"{name}.csv").write_text(
            f"{name.removesuffix('s')}_id,{name.removesuffix('s')}name,user_id\n"
        )
    (tmp_path / "playlists.csv").write_text("playlist_id,user_id,name,total_plays\n")
    (tmp_path / "ada.jwt").write_text("a.b.c")


@pytest.mark.parametrize(
    ("profile", "code"),
    [("down", 69), ("empty", 78), ("nope", 78), ("sandbox", 69)],
)
def test_without_its_stores_a_command_ends_with_a_code_of_its_help(
    nowhere: None, profile: str, code: int, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICCTL_PROFILE", profile)
    taking = [words for words in COMMANDS if any("--profile" in param.opts for param in parameters(words))]
    ends = []
    for words in taking:
        line = MANUALS[words].examples[0].partition(" | ")[0]
        ended = run(re.sub(r"(\w+)@example.com", r"'auth0|demo-\1'", line), program, monkeypatch)
        ends.append(ended.code)
        assert ended.code in MANUALS[words].exits, line
        assert ended.code == 0 or "\n  hint: " in ended.err, (line, ended.err)
    assert ends.count(code) > len(taking) * (0.5 if profile == "down" else 0.9)


def test_every_error_that_is_raised_says_what_to_do_next() -> None:
    kinds = {name for name in vars(errors) if name.endswith("Error")}
    package = Path(root.__file__).parents[1]
    silent = []
    for path in package.rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for call in (node for node in tree if isinstance(node, ast.Call)):
            named = {keyword.arg for keyword in call.keywords}
            if getattr(call.func, "id", None) in kinds and named.isdisjoint({"hint", None}):
                silent.append(f"{path.relative_to(package)}:{call.lineno}")
    assert silent == []


def test_the_topic_of_exit_codes_has_each_of_them_in_the_words_of_the_readme(program: Program) -> None:
    shown = " ".join(program("help", "exit-codes").out.split())
    rows = dict(re.findall(r"^\| (\d+) \| [A-Z_]+ \| (.*) \|$", README, re.MULTILINE))
    for each in Exit:
        assert f"{int(each)} {each.name} {each.meaning}" in shown
        assert rows[str(int(each))].replace("`", "") == each.meaning


def test_the_topic_of_settings_has_each_of_them_in_the_words_of_the_readme(program: Program) -> None:
    shown = " ".join(program("help", "settings").out.split())
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| [^|]*\| (.*) \|$", README, re.MULTILINE))
    assert list(MEANINGS) == list(SETTINGS)
    for name, setting in SETTINGS.items():
        assert f"{name} {MEANINGS[name]}" in shown
        assert rows[name].replace("`", "").startswith(MEANINGS[name])
        assert setting.default is None or f"[default: {str(setting.default).removesuffix('False')}" in shown
    for variable in (*PROGRAM_VARIABLES, environment_variable("database_url")):
        assert variable in shown
    assert set(PROGRAM) == set(PROGRAM_VARIABLES)


def test_the_topics_of_formats_and_safety_name_what_the_code_has(program: Program) -> None:
    formats, safety = program("help", "formats").out, program("help", "safety").out
    assert re.findall(r"^  ([a-z]+)  ", formats, re.MULTILINE) == [form.value for form in Format]
    for guard in (*GUARDS, "rule"):
        assert re.search(rf"^  {guard}  ", safety, re.MULTILINE)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_80_columns(topic: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICCTL_CONFIG", "/etc/musicctl.toml")  # a path is never broken in two
    ended = program("help", topic)
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80


@pytest.mark.parametrize("words", ["songs list", "roles", "undo"])
def test_help_of_a_command_is_its_help(words: str, program: Program) -> None:
    assert program("help", *words.split()).out == program(*words.split(), "--help").out


def test_help_alone_is_that_of_the_root_and_the_topics(program: Program) -> None:
    shown = program("help").out
    assert shown.startswith(program("--help").out)
    assert re.findall(r"^  (\S+)", shown.rpartition("\n\n")[2], re.MULTILINE) == list(TOPICS)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("songs lst", "did you mean musicctl help songs list?"),
        ("setings", "did you mean musicctl help settings?"),
        ("undo everything", "musicctl help"),
    ],
)
def test_help_on_what_is_not_there(words: str, hint: str, program: Program) -> None:
    ended = program("help", *words.split())
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert ended.err == f"musicctl: there is no help on {words}\n  hint: {hint}\n"
