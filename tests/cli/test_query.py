"""`query`: what it takes, in every format, and each refusal in one line."""

import io
from pathlib import Path

import pytest

from tests.program import Ended, Program, Sandbox

SQL = "SELECT songname AS name, user_id FROM songs ORDER BY 1"


@pytest.fixture
def songs(sandbox: Sandbox) -> Sandbox:
    sandbox.query("INSERT INTO songs VALUES ('1', 'So \x1b[31mWhat', 'auth0|a'), ('2', NULL, '100%')")
    return sandbox


def one_line(ended: Ended) -> str:
    """Return the one line that says what is wrong, after the note on the mirror."""
    lines = [line for line in ended.err.splitlines() if not line.startswith("the mirror")]
    told = [line for line in lines if not line.startswith("  ")]
    assert len(told) == 1, ended.err
    assert ended.out == ""
    return told[0]


def test_every_format(songs: Sandbox, program: Program) -> None:
    assert program("query", SQL, "--json").json == [
        {"name": "So \x1b[31mWhat", "user_id": "auth0|a"},
        {"name": None, "user_id": "100%"},
    ]
    assert program("query", SQL, "-o", "csv").out == "name,user_id\r\nSo \x1b[31mWhat,auth0|a\r\n,100%\r\n"
    assert program("query", SQL, "-o", "tsv").out.splitlines()[-1] == "\\N\t100%"
    assert program("query", SQL, "-o", "jsonl").out.count("\n") == 2
    assert program("query", SQL, "-o", "ids").out == "So \\x1b[31mWhat\n\\N\n"
    assert "\x1b" not in program("query", SQL).out
    assert songs.requests() == []


def test_nothing_is_an_empty_document(songs: Sandbox, program: Program) -> None:
    assert program("query", "SELECT 1 AS a WHERE false", "--json").out == "[]\n"
    assert program("query", "SELECT 1 AS a WHERE false", "-o", "csv").out == "a\r\n"
    assert program("query", "SELECT 1 AS a WHERE false").out == "No rows.\n"


def test_each_key_of_an_object_is_there_once(songs: Sandbox, program: Program) -> None:
    assert program("query", "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a", "--json").json == [
        {"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4}
    ]
    assert program("query", "SELECT 1 AS a, 2 AS a", "-o", "csv").out == "a,a\r\n1,2\r\n"


def test_from_a_file_with_parameters(songs: Sandbox, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "q.sql"
    file.write_text(
        "\ufeff-- one\nSELECT song_id FROM songs WHERE user_id LIKE %(who)s AND song_id <> '%s';\n"
    )
    ended = program("query", "-f", str(file), "--param", "who=100\\%", "-o", "ids")
    assert (ended.code, ended.out) == (0, "2\n")
    assert program("query", "SELECT %(x)s AS x", "--param", "x='; drop table songs; --", "--json").json == [
        {"x": "'; drop table songs; --"}
    ]
    file.write_bytes(b"SELECT '\xe9'")
    assert "no text in UTF-8" in one_line(program("query", "-f", str(file)))
    assert program("query", "-f", str(tmp_path / "none.sql")).code == 1


def test_from_standard_input(songs: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 7 AS seven"))
    assert program("query", "-f", "-", "--json").json == [{"seven": 7}]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["update songs set songname = 'x'"], 2, "not with UPDATE"),
        (["SELECT 1; SELECT 2"], 2, "more than one statement"),
        (["SELECT pg_sleep(60)", "--timeout", "0.3s"], 4, "more than 0.3 s"),
        (["WITH x AS (DELETE FROM songs RETURNING 1) TABLE x"], 4, "the query writes"),
        (["SELECT nope"], 2, "nope"),
        (["SELECT %(x)s"], 2, "no --param sets"),
        (["SELECT 1", "--param", "x=1"], 2, "does not have"),
        (["SELECT 1", "--param", "x"], 2, "not like name=value"),
        (["SELECT %(x)s", "--param", "x=1", "--param", "x=2"], 2, "there twice"),
        (["SELECT 1", "--timeout", "soon"], 2, "--timeout soon"),
        (["SELECT"], 2, "no column at all"),
        ([], 2, "either an argument or -f FILE"),
        (["SELECT 1", "-f", "x"], 2, "either an argument or -f FILE"),
        (["SELECT 'a"], 2, "never closed"),
    ],
)
def test_refusals_are_one_line(
    songs: Sandbox, program: Program, arguments: list[str], code: int, said: str
) -> None:
    ended = program("query", *arguments)
    assert (ended.code, said in one_line(ended)) == (code, True), ended.err
    assert program("query", *arguments, "--json").error["exit"] == code
    assert songs.query("SELECT count(*), count(songname) FROM songs") == [(2, 1)]


def test_the_age_of_the_mirror_and_a_superuser_are_told(
    songs: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program("query", "SELECT 1").err == (
        "the mirror of the tenant was never filled: musicctl mirror refresh\n"
    )
    domain = songs.state.auth0_domain
    songs.query("INSERT INTO musicctl.mirror VALUES (1, %s, now() - interval '3 hours', 1)", domain)
    assert program("query", "SELECT 1").err == "the mirror of the tenant is 3 h old\n"
    assert program("query", "SELECT 1", "-q").err == ""
    monkeypatch.delenv("MUSICCTL_PROFILE")
    monkeypatch.setenv("DATABASE_URL", songs.state.database_url.replace("musicctl@", "postgres@"))
    assert "this account is a superuser" in program("query", "SELECT 1").err


def test_a_limit_leaves_the_rest_out_and_says_so(songs: Sandbox, program: Program) -> None:
    ended = program("query", "SELECT generate_series(1, 1000) AS i", "--limit", "2", "-o", "ids")
    assert ended.out == "1\n2\n"
    assert "there are more than these 2 rows" in ended.err
    assert program("query", "SELECT generate_series(1, 1000) AS i").out.count("\n") == 1001
    assert "more than" not in program("query", "SELECT 1", "--limit", "1").err
