"""`profile set-names` and `fill-names`: what they read, show, ask, write and report."""

import csv
import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.test_asking import on_a_terminal
from tests.program import Program, Sandbox

A, B, C = "auth0|a", "auth0|b", "auth0|c"
LOG = (
    "SELECT command, outcome, lease, user_id, state, before, after FROM musicctl.runs"
    " LEFT JOIN musicctl.changes USING (run) ORDER BY started_at, seq"
)


@pytest.fixture
def three(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Three users, called Ann, a blank, and nothing."""
    monkeypatch.chdir(tmp_path)
    sandbox.add_user(A, user_metadata={"displayName": "Ann", "theme": "dark"}, app_metadata={"roles": ["x"]})
    sandbox.add_user(B, user_metadata={"displayName": " \u3000"})
    sandbox.add_user(C)
    return sandbox


def write(text: str, name: str = "names.csv") -> str:
    data = text.encode()
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return name


def lines(rows: Iterable[tuple[str, str]]) -> str:
    return "user,name\n" + "".join(f"{user},{name}\n" for user, name in rows)


def name(sandbox: Sandbox, user_id: str) -> object:
    return (sandbox.profile(user_id)["user_metadata"] or {}).get("displayName")


def patches(sandbox: Sandbox) -> int:
    return sum(request.startswith("PATCH") for request in sandbox.requests())


def mirrored(sandbox: Sandbox) -> list[tuple[object, ...]]:
    return sandbox.query("SELECT user_id, display_name FROM musicctl.tenant_users ORDER BY 1")


def test_names_are_set_and_nothing_else(three: Sandbox, program: Program) -> None:
    program("mirror", "refresh")
    file = write(f'name,user\n"Ann, the\u0301 first ",a@example.com\r\n Bo ,{B}\n\n', "names.csv.gz")
    ended = program("profile", "set-names", file, "--yes", "--json")
    assert ended.code == 0, ended.err
    assert "writing to" in ended.err
    assert (ended.json["applied"], ended.json["already"], ended.json["problems"]) == (
        {"grant": 0, "revoke": 0, "set": 2},
        0,
        [],
    )
    assert ended.json["lines"] == [
        {
            "line": 2,
            "user": "a@example.com",
            "user_id": A,
            "display_name": "Ann, th\u00e9 first",
            "state": "applied",
            "detail": "",
        },
        {"line": 3, "user": B, "user_id": B, "display_name": "Bo", "state": "applied", "detail": ""},
    ]
    assert three.profile(A)["user_metadata"] == {"displayName": "Ann, th\u00e9 first", "theme": "dark"}
    assert three.profile(A)["app_metadata"] == {"roles": ["x"]}
    assert sorted(effect.body for effect in three.writes()) == sorted(
        json.dumps({"user_metadata": {"displayName": each}}, separators=(",", ":"), ensure_ascii=False)
        for each in ("Ann, th\u00e9 first", "Bo")
    )
    assert three.query(LOG) == [
        ("profile set-names", "ok", "names", A, "applied", "Ann", "Ann, th\u00e9 first"),
        ("profile set-names", "ok", "names", B, "applied", " \u3000", "Bo"),
    ]
    assert mirrored(three) == [(A, "Ann, th\u00e9 first"), (B, "Bo"), (C, None)]


def test_the_same_file_again_writes_nothing(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "Ann"), (C, "Cy")]))
    assert program("profile", "set-names", file, "--yes").out.startswith(
        "Set 1 display name. 1 as they are.\n"
    )
    again = program("profile", "set-names", file, "--yes", "--json")
    assert (again.code, again.json["applied"]["set"], again.json["already"]) == (0, 0, 2)
    assert patches(three) == 1


def test_every_bad_line_is_told_and_nothing_is_written(three: Sandbox, program: Program) -> None:
    long = "x" * 65
    file = write(
        f"user,name\n{A},Good\nnobody,x\n|b,x\n{B},\n{B},\u202ex\n{B},{long}\n{A},Twice\n{C},a,b\n{C}\n"
        f'{C},"a"b\n,x\n'
    )
    refused = program("profile", "set-names", file, "--yes", "--json")
    assert (refused.code, refused.error["code"], refused.out) == (1, "failed", "")
    told = [(each["line"], each["column"], each["reason"]) for each in refused.error["problems"]]
    assert [(line, column) for line, column, _ in told] == [
        (3, "user"),
        (4, "user"),
        (5, "name"),
        (6, "name"),
        (7, "name"),
        (8, "user"),
        (9, ""),
        (10, "name"),
        (11, "name"),
        (12, "user"),
    ]
    reasons = " / ".join(reason for _, _, reason in told)
    for reason in (
        "'nobody' is neither a user id nor an email address",
        "'|b' is no user id",
        "has no value",
        "U+202E RIGHT-TO-LEFT OVERRIDE",
        "65 characters",
        f"'{A}' is on line 2 already",
        "has 3 fields, not 2",
        "is missing from this line",
        "goes on after its closing quote",
    ):
        assert reason in reasons
    assert refused.error["message"].startswith("nothing was written, since names.csv has 10 bad lines:")
    assert "--skip-bad" not in refused.error["hint"]
    assert three.requests() == []
    assert three.query(LOG) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("user\nx\n", "name: is missing from the header"),
        ("user,name,more\n", "has a column that is not known: 'more'"),
    ],
)
def test_a_file_that_has_not_these_columns(three: Sandbox, program: Program, text: str, reason: str) -> None:
    refused = program("profile", "set-names", write(text), "--yes", "--json")
    assert (refused.code, reason in refused.error["message"]) == (1, True)
    assert three.requests() == []


def test_one_account_by_id_and_by_address_is_a_bad_line(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "One"), ("A@example.com", "Two"), ("b@example.com", "Bo")]))
    refused = program("profile", "set-names", file, "--yes", "--json")
    assert refused.error["problems"] == [
        {"line": 3, "column": "user", "reason": f"is the account {A}, which line 2 names already"}
    ]
    assert patches(three) == 0


def test_a_file_without_lines_is_nothing_to_do(three: Sandbox, program: Program) -> None:
    ended = program("profile", "set-names", write("user,name\n"), "--json")
    assert (ended.code, ended.json["run"], ended.json["lines"]) == (0, None, [])
    assert three.requests() == []


def test_what_can_be_done_is_done(three: Sandbox, program: Program) -> None:
    three.add_user("auth0|odd", user_metadata=["odd"])
    three.add_user("auth0|nul", user_metadata={"displayName": {"a": "\0"}})
    file = write(
        lines(
            [
                (A, "Al"),
                ("auth0|gone", "x"),
                ("no@example.com", "x"),
                ("auth0|odd", "x"),
                ("auth0|nul", "x"),
                (C, "Cy"),
            ]
        )
    )
    ended = program("profile", "set-names", file, "--yes", "--json")
    assert (ended.code, ended.json["applied"]["set"]) == (5, 2)
    assert {key: ended.json[key] for key in ("gone", "failed", "conflict")} == {
        "gone": 1,
        "failed": 1,
        "conflict": 2,
    }
    assert [(each["user"], each["state"]) for each in ended.json["lines"]] == [
        (A, "applied"),
        ("auth0|gone", "gone"),
        ("no@example.com", "failed"),
        ("auth0|odd", "conflict"),
        ("auth0|nul", "conflict"),
        (C, "applied"),
    ]
    assert {each["user_id"] for each in ended.json["problems"]} == {
        "auth0|gone",
        "no@example.com",
        "auth0|odd",
        "auth0|nul",
    }
    people = program("profile", "set-names", file, "--yes").out
    assert "no@example.com: failed: no user of " in people
    assert "auth0|odd: conflict: user_metadata is no object" in people


def test_when_nobody_is_there_it_says_so(three: Sandbox, program: Program) -> None:
    file = write(lines([("auth0|gone", "x"), ("no@example.com", "x")]))
    for options in (["--yes"], ["--dry-run"]):
        ended = program("profile", "set-names", file, *options, "--json")
        assert ended.code == 3
        assert {each["state"] for each in ended.json["problems"]} == {"gone", "failed"}
    unknown = program("profile", "set-names", write(lines([("no@example.com", "x")])), "--yes", "--json")
    assert (unknown.code, unknown.json["run"], unknown.error["code"]) == (3, None, "not_found")
    assert patches(three) == 0


def test_a_dry_run_shows_old_and_new_and_writes_nothing(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "Ann"), (B, "Bo"), (C, "[b]Cy"), ("auth0|gone", "x")]))
    shown = program("profile", "set-names", file, "--dry-run", "--json")
    assert (shown.code, shown.json) == (
        5,
        {
            "seen": "tenant",
            "set": 2,
            "already": 1,
            "changes": [
                {"user_id": B, "before": " \u3000", "after": "Bo"},
                {"user_id": C, "before": None, "after": "[b]Cy"},
            ],
            "problems": [
                {"user_id": "auth0|gone", "state": "gone", "detail": "the tenant has no such user any more"}
            ],
        },
    )
    people = program("profile", "set-names", file, "-n").out
    assert people.startswith("2 to set, 1 as they are, 1 to skip, by what the tenant has now.\n")
    assert "[b]Cy" in people
    assert program("profile", "set-names", file, "-n", "-o", "ids").out == f"{B}\n{C}\n"
    assert (patches(three), three.query(LOG)) == (0, [])


def test_a_long_file_is_shown_by_the_mirror(three: Sandbox, program: Program) -> None:
    users = [f"auth0|u{number:03}" for number in range(101)]
    for user_id in users[1:]:
        three.add_user(user_id, user_metadata={"displayName": "x"})
    program("mirror", "refresh")
    three.add_user(users[0])
    asked = len(three.requests())
    file = write(lines((user_id, "x" if user_id == users[1] else "y") for user_id in users))
    shown = program("profile", "set-names", file, "-n", "--json")
    assert (shown.code, shown.json["seen"], shown.json["set"], shown.json["already"]) == (5, "mirror", 99, 1)
    [problem] = shown.json["problems"]
    assert (problem["user_id"], problem["state"]) == (users[0], "unknown")
    assert len(three.requests()) == asked


def test_it_asks_where_somebody_is_and_needs_a_yes_elsewhere(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "Al"), (C, "Cy")]))
    refused = program("profile", "set-names", file, "--json")
    assert (refused.code, refused.error["code"], "--yes" in refused.error["message"]) == (2, "usage", True)
    assert three.requests() == []
    code, seen = on_a_terminal(["profile", "set-names", file], b"n\n")
    assert (code, patches(three)) == (1, 0)
    assert "2 to set, 0 as they are" in seen
    assert "Ann" in seen
    assert "Set these 2 display names in" in seen.replace("\r\n", " ")
    code, seen = on_a_terminal(["profile", "set-names", file], b"y\n")
    assert (code, name(three, A), name(three, C)) == (0, "Al", "Cy")
    code, seen = on_a_terminal(["profile", "set-names", file], b"")
    assert (code, "[y/N]" in seen, "2 as they are" in seen) == (0, False, True)
    write(lines([]))
    filled = program("profile", "fill-names", "--json")
    assert (filled.code, filled.error["code"]) == (2, "usage")
    code, seen = on_a_terminal(["profile", "fill-names"], b"y\n")
    assert (code, name(three, B)) == (0, "user")


def test_what_only_the_tenant_knows_is_asked_about_too(
    three: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror has nobody of a long file, or has them as they are to be: that may be otherwise by now."""
    others = [(f"auth0|n{number}", "x") for number in range(120)]
    program("mirror", "refresh")
    three.add_user("auth0|n7")
    code, seen = on_a_terminal(["profile", "set-names", write(lines([*others, (A, "Ann")]))], b"n\n")
    assert (code, patches(three)) == (1, 0)
    assert "0 to set, 1 as they are, 120 to skip, by what the mirror has now." in seen
    assert "… and 105 more; `--dry-run --json` shows all" in seen
    assert "Set up to 121 display names in" in seen.replace("\r\n", " ")


def test_a_report_on_a_terminal_says_how_many_more_there_are(three: Sandbox, program: Program) -> None:
    odd = [(f"auth0|odd{number:02}", "x") for number in range(20)]
    for user_id, _ in odd:
        three.add_user(user_id, user_metadata=["odd"])
    file = write(lines([*odd, (A, "Al")]))
    code, seen = on_a_terminal(["profile", "set-names", file], b"y\n")
    assert (code, name(three, A)) == (5, "Al")
    assert "Set this display name in" in seen
    [(run,)] = three.query("SELECT run FROM musicctl.runs")
    assert f"… and 5 more; `musicctl history show {run} -o csv` shows all" in seen.replace("\r\n  ", " ")
    assert len(program("history", "show", run, "-o", "csv").out.splitlines()) == 22
    piped = program("profile", "set-names", file, "--yes")
    assert (piped.out.count(": conflict: "), "more;" in piped.out) == (20, False)


def test_tables_for_machines_have_a_row_for_each_line(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "Al"), ("no@example.com", "x"), (C, "Cy")]))
    ended = program("profile", "set-names", file, "--yes", "-o", "csv")
    header, *rows = csv.reader(ended.out.splitlines())
    assert header == ["line", "user", "user_id", "display_name", "state", "detail"]
    assert [row[:5] for row in rows] == [
        ["2", A, A, "Al", "applied"],
        ["3", "no@example.com", "", "x", "failed"],
        ["4", C, C, "Cy", "applied"],
    ]
    again = program("profile", "set-names", file, "--yes", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["state"] for line in again] == ["already", "failed", "already"]


def test_people_see_each_bad_line_on_a_line_of_its_own(three: Sandbox, program: Program) -> None:
    file = write(lines([(f"auth0|n{number}", "a\u200b") for number in range(21)] + [("nobody\n", "x")]))
    said = program("profile", "set-names", file, "--yes").err.splitlines()
    assert said[0] == f"musicctl: nothing was written, since {file} has 23 bad lines:"
    assert [line.partition(":")[0] for line in said[1:21]] == [f"  line {at}, name" for at in range(2, 22)]
    assert said[1].endswith("U+200B ZERO WIDTH SPACE")
    assert said[21:] == ["  and 3 more", "  hint: mend these lines, or leave them out"]


def test_from_a_pipe(three: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(write(lines([(A, "Al")]))).open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert program("profile", "set-names", "-", "--yes").code == 0
    assert name(three, A) == "Al"


def test_who_has_no_name_gets_one(three: Sandbox, program: Program) -> None:
    three.add_user("auth0|number", user_metadata={"displayName": 5})
    shown = program("profile", "fill-names", "-n", "--json")
    assert (shown.code, shown.json["seen"]) == (0, "mirror")
    assert shown.json["changes"] == [
        {"user_id": B, "before": " \u3000", "after": "user"},
        {"user_id": C, "before": None, "after": "user"},
        {"user_id": "auth0|number", "before": None, "after": "user"},
    ]
    assert patches(three) == 0
    first = program("profile", "fill-names", "--limit", "1", "--yes", "--json")
    assert (first.code, first.json["applied"]["set"], "lines" in first.json) == (0, 1, False)
    assert "3 users of the mirror without a name; the first 1 are next" in first.err
    rest = program("profile", "fill-names", "--yes", "--json")
    assert (rest.code, rest.json["applied"]["set"], rest.json["conflict"]) == (5, 1, 1)
    assert rest.json["problems"] == [
        {"user_id": "auth0|number", "state": "conflict", "detail": "displayName is no text"}
    ]
    assert (name(three, A), name(three, B), name(three, C)) == ("Ann", "user", "user")
    assert mirrored(three)[:3] == [(A, "Ann"), (B, "user"), (C, "user")]
    assert sum(request.startswith("POST /api/v2/jobs") for request in three.requests()) == 1


def test_whoever_has_a_name_by_now_keeps_it(three: Sandbox, program: Program) -> None:
    program("mirror", "refresh")
    user = three.tenant.get_user(C)
    assert user is not None
    three.tenant.put_user(user._replace(user_metadata='{"displayName": "Own"}'))
    ended = program("profile", "fill-names", "--yes", "--json")
    assert (ended.code, ended.json["applied"]["set"], ended.json["already"]) == (0, 1, 1)
    assert name(three, C) == "Own"
    assert mirrored(three) == [(A, "Ann"), (B, "user"), (C, "Own")]
    none = program("profile", "fill-names", "--json")
    assert (none.code, none.json["run"], none.json["requests"]) == (0, None, 0)


def test_many_need_a_yes_of_their_own(sandbox: Sandbox, program: Program) -> None:
    sandbox.add_user(A)
    program("mirror", "refresh")
    sandbox.query(
        "INSERT INTO musicctl.tenant_users SELECT 'auth0|z' || n FROM generate_series(1, 1000) AS n"
    )
    code, seen = on_a_terminal(["profile", "fill-names"], b"y\n")
    assert (code, "1,001 users would get a name" in seen, "[y/N]" in seen) == (2, True, False)
    limited = program("profile", "fill-names", "--limit", "1", "--yes", "--json")
    assert (limited.code, name(sandbox, A)) == (0, "user")


def test_an_old_mirror_is_refreshed_and_a_young_one_on_request(three: Sandbox, program: Program) -> None:
    program("mirror", "refresh")
    three.add_user("auth0|new")
    assert len(program("profile", "fill-names", "-n", "--json").json["changes"]) == 2
    assert len(program("profile", "fill-names", "-n", "--refresh", "--json").json["changes"]) == 3
    three.add_user("auth0|newer")
    three.query("UPDATE musicctl.mirror SET as_of = as_of - interval '25 hours'")
    assert len(program("profile", "fill-names", "-n", "--json").json["changes"]) == 4


def test_two_at_once_are_one_too_many(three: Sandbox, program: Program) -> None:
    file = write(lines([(A, "Al")]))
    three.query(
        "INSERT INTO musicctl.lease (name, token, holder, host, boot_id, pid, since, expires_at) VALUES"
        " ('names', 7, 'eve@desk', 'elsewhere', 'b', 1, now(), clock_timestamp() + interval '1 minute')"
    )
    busy = program("profile", "set-names", file, "--yes", "--json")
    assert (busy.code, busy.error["code"], "eve@desk" in busy.error["message"]) == (75, "busy", True)
    assert program("profile", "fill-names", "--yes").code == 75
    assert program("profile", "set-names", file, "--yes", "--wait", "soon").code == 2
    assert program("profile", "set-names", file, "--dry-run").code == 0
    three.query("UPDATE musicctl.lease SET expires_at = clock_timestamp() + interval '1 second'")
    waited = program("profile", "set-names", file, "--yes", "--wait", "5m")
    assert (waited.code, name(three, A)) == (0, "Al")


def test_what_was_set_and_filled_can_be_undone(three: Sandbox, program: Program) -> None:
    before = {user_id: name(three, user_id) for user_id in (A, B, C)}
    named = program("profile", "set-names", write(lines([(A, "Al"), (C, "Cy")])), "--yes", "--json").json
    assert program("undo", named["run"], "--yes", "--json").json["restored"] == 2
    assert {user_id: name(three, user_id) for user_id in before} == before
    filled = program("profile", "fill-names", "--yes", "--json").json
    assert filled["applied"]["set"] == 2
    user = three.tenant.get_user(C)
    assert user is not None
    three.tenant.put_user(user._replace(user_metadata='{"displayName": "Own"}'))
    undone = program("undo", filled["run"], "--yes", "--json")
    assert (undone.code, undone.json["restored"], undone.json["conflict"]) == (5, 1, 1)
    assert (name(three, B), name(three, C)) == (before[B], "Own")
    assert program("undo", filled["run"], "--yes").code == 4
