"""What an error says to do next: near misses, commands that work on the profile named, errors as JSON."""

from pathlib import Path

import pytest

from musicctl.cli.pointing import with_profile
from musicctl.cli.spoken import Spoken
from musicctl.errors import Exit
from tests import hints
from tests.program import Program, Sandbox


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("musicctl db init", "musicctl db init -P prod"),
        (
            "musicctl roles plan shows it: musicctl roles sync --yes",
            "musicctl roles plan -P prod shows it: musicctl roles sync -P prod --yes",
        ),
        ("musicctl undo RUN takes it back", "musicctl undo -P prod RUN takes it back"),
        ("musicctl config show says where", "musicctl config show -P prod says where"),
        ("`musicctl sandbox up`", "`musicctl sandbox up`"),
        ("musicctl config path says where", "musicctl config path says where"),
        ("musicctl db init -P other", "musicctl db init -P other"),
        ("look into the file", "look into the file"),
    ],
)
def test_a_command_in_a_hint_is_of_the_profile_named(text: str, pointed: str) -> None:
    assert with_profile(text, "prod") == pointed
    assert with_profile(text, None) == text


def test_a_name_with_blanks_is_quoted() -> None:
    assert with_profile("musicctl db init", "my own") == "musicctl db init -P 'my own'"


@pytest.mark.parametrize(
    ("line", "json", "profile"),
    [
        ("songs list x", False, None),
        ("songs list x --json -P prod", True, "prod"),
        ("songs list x -ojson -Pprod", True, "prod"),
        ("songs list x -qojson -qP prod", True, "prod"),
        ("songs list x -o jsonl --profile=prod", True, "prod"),
        ("songs list x --output=jsonl --profile prod", True, "prod"),
        ("songs list x -o json -o csv", False, None),
        ("songs add x -- --json -P prod", False, None),
        ("songs list x -o", False, None),
    ],
)
def test_what_a_command_line_says_of_errors(line: str, json: bool, profile: str | None) -> None:
    assert Spoken.of(line.split()) == Spoken(json, profile)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_the_environment_makes_usage_errors_json(
    form: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICCTL_OUTPUT", form)
    assert program("songs", "list").error["code"] == "usage"
    assert program("songs", "list", "x", "-o", "csv").err.startswith("musicctl: ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rols plan", "there is no command musicctl rols hint: did you mean musicctl roles?"),
        ("roles plna", "did you mean musicctl roles plan?"),
        (
            "songs delete auth0|x 1",
            "there is no command musicctl songs delete hint: did you mean musicctl songs remove?",
        ),
        ("list songs", "did you mean musicctl songs list?"),
        ("sync", "did you mean musicctl roles sync?"),
        ("plan -n", "did you mean musicctl roles plan or musicctl actions plan?"),
        ("config used", "there are: show, path"),
        ("xyzzy", "musicctl --help lists them"),
        ("-P sandbox songs list x", "an option stands behind the command that it is for; musicctl --help"),
        ("songs -q list x", "stands behind the command"),
        ("playlists set-plays p1 -3", "-- stands before a value that begins with a dash: -- -3"),
        ("users list --genre", "requires an argument hint: musicctl users list --help"),
        ("roles plan --refersh", "--refresh"),
        ("roles plan -o jsno", "did you mean json?"),
        ("roles plan --list unkown", "did you mean unknown?"),
        ("users list --sort playes", "did you mean plays?"),
        ("roles pin a|b --state grantd --reason x", "did you mean granted?"),
        ("roles plan -P sandox", "did you mean -P sandbox?"),
        ("help formts", "did you mean musicctl help formats?"),
        ("completion bsh", "did you mean bash?"),
    ],
)
def test_what_was_meant(line: str, told: str, program: Program) -> None:
    ended = program(*line.split())
    assert ended.code in {Exit.USAGE, Exit.CONFIG}
    assert told in " ".join(ended.err.split())


def test_the_format_of_the_environment_that_was_meant(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICCTL_OUTPUT", "jsn")
    assert "did you mean json? one of table, " in program("db", "status").err


@pytest.fixture
def mirrored(sandbox: Sandbox, program: Program) -> Sandbox:
    """A mirror with two users of much the same name, and others."""
    for name in ("ada", "adam", "zoe"):
        sandbox.add_user(f"auth0|demo-{name}")
    assert program("mirror", "refresh", "--quiet").code == 0
    return sandbox


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("songs list demo-adda@example.com", ["demo-ada@example.com", "demo-adam@example.com"]),
        ("roles list DEMO-ZOEE@example.com", ["demo-zoe@example.com"]),
        ("profile show auth0|demo-zo", ["auth0|demo-zoe"]),
        ("users show auth0|edmo-zoe", ["auth0|demo-zoe"]),
        ("promote auth0|demo-zooe", ["auth0|demo-zoe"]),
        ("roles list somebody.else@example.com", None),
    ],
)
def test_users_near_in_spelling(
    mirrored: Sandbox, program: Program, line: str, near: list[str] | None
) -> None:
    ended = (
        program(*line.split(), "--json", "--quiet")
        if line.startswith("promote")
        else program(*line.split(), "--json")
    )
    assert ended.code == Exit.NOT_FOUND
    assert ended.error.get("near") == near
    assert ended.error["hint"] == (
        f"did you mean {' or '.join(near)}?"
        if near
        else "musicctl users list --email TEXT looks for a part of it"
    )
    assert mirrored.writes() == []


def test_without_a_database_or_a_schema_nobody_is_near_and_nothing_else_fails(
    mirrored: Sandbox, program: Program
) -> None:
    mirrored.query("ALTER TABLE musicctl.tenant_users RENAME TO elsewhere")
    try:
        ended = program("roles", "list", "demo-adda@example.com", "-P", "sandbox")
    finally:
        mirrored.query("ALTER TABLE musicctl.elsewhere RENAME TO tenant_users")
    assert ended.code == Exit.NOT_FOUND
    assert "hint: musicctl users list -P sandbox --email TEXT looks for a part of it" in ended.err
    assert ended.err.count("musicctl: ") == 1


def test_a_run_that_is_not_there_names_the_newest(sandbox: Sandbox, program: Program) -> None:
    assert program("history", "show", "last").code == Exit.NOT_FOUND
    sandbox.query("INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 1)")
    for plays in ("2", "3"):
        assert program("playlists", "set-plays", "p1", plays).code == 0
    newest = [run["run"] for run in program("history", "list", "--json").json]
    error = program("undo", "2001", "--json", "-P", "sandbox").error
    assert (error["exit"], error["newest"]) == (Exit.NOT_FOUND, newest)
    assert error["hint"] == f"the newest are {', '.join(newest)}; musicctl history list -P sandbox shows more"


@pytest.mark.parametrize(
    "told",
    [
        "hint: musicctl roles plna shows it",
        "hint: try `musicctl roles plan --freshen`",
        '{"error": {"code": "x", "exit": 1, "message": "m", "hint": "musicctl sync"}}',
    ],
)
def test_what_the_suite_looks_for_in_every_hint_is_seen(told: str) -> None:
    with pytest.raises(AssertionError):
        hints.check(told)
    hints.check(
        "hint: musicctl roles plan --refresh; musicctl db init -P prod, or pip install 'musicctl[sandbox]'"
    )


def test_a_script_is_told_to_name_the_sandbox_that_is_up(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICCTL_PROFILE")
    ended = program("songs", "list", "auth0|a", "--json")
    assert (ended.code, "-P sandbox" in ended.error["hint"], "demo" in ended.error["hint"]) == (
        78,
        True,
        False,
    )


def test_a_bad_header_is_not_to_be_left_out(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("user;name\nauth0|a;Ada\n")
    (tmp_path / "p.csv").write_text("id,name\n1,x\n")
    names = program("profile", "set-names", str(tmp_path / "n.csv"), "--json")
    assert (names.code, names.error["hint"]) == (1, "the first line is to name the columns: user, name")
    for more in ((), ("--skip-bad",)):
        lists = program("playlists", "import", str(tmp_path / "p.csv"), "--yes", "--json", *more)
        assert "playlist_id, user_id, name, total_plays" in lists.error["hint"]


WAITERS = (
    ("promote", "auth0|a"),
    ("roles", "grant", "auth0|a"),
    ("roles", "revoke", "auth0|a"),
    ("roles", "sync"),
    ("undo", "last", "--yes"),
    ("history", "recover"),
)


@pytest.mark.parametrize("words", WAITERS, ids=" ".join)
def test_who_is_told_to_wait_can(sandbox: Sandbox, program: Program, words: tuple[str, ...]) -> None:
    """Somebody else has the lease for some seconds: it is 75 without --wait, and goes on with it."""
    sandbox.add_user("auth0|a", plays=150)
    assert program("roles", "sync", "--json").code == 0
    sandbox.add_user("auth0|b", plays=150)

    def lease(seconds: int) -> None:
        sandbox.query(
            "INSERT INTO musicctl.lease VALUES ('roles', 9, 'x@y', 'elsewhere', 'b', 1, now(),"
            f" clock_timestamp() + interval '{seconds} s', false) ON CONFLICT (name) DO UPDATE SET"
            " token = lease.token + 1, holder = 'x@y', host = 'elsewhere', released = false,"
            f" expires_at = clock_timestamp() + interval '{seconds} s'"
        )

    lease(60)
    busy = program(*words, "--json")
    assert (busy.code, "--wait" in busy.error["hint"]) == (75, True)
    lease(2)
    assert program(*words, "--wait", "1m", "--json").code == 0


def test_the_undo_that_is_printed_is_of_the_profile_named(
    sandbox: Sandbox, program: Program, tmp_path: Path
) -> None:
    names = tmp_path / "n.csv"
    names.write_text("user,name\nauth0|a,Ada\n")
    sandbox.add_user("auth0|a", plays=150)
    for words in (("roles", "sync", "--yes"), ("profile", "set-names", str(names), "--yes")):
        told = program(*words, "-P", "sandbox")
        assert (told.code, "musicctl undo -P sandbox 2" in told.out.replace("\n", " ")) == (0, True), told.out
