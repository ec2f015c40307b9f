"""`history` and `stats` say the same of the same runs: in every zone, at every border of a day."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.program import Program, Sandbox

EDITOR = "playlist editor"
ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", "Europe/Berlin")


@pytest.fixture
def local(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone that people are in."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def runs(sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs of every kind and ending, in the order in which they were."""
    for number in range(4):
        sandbox.add_user(f"auth0|up{number}", plays=100 + number)
        sandbox.add_user(f"auth0|down{number}", plays=number, app_metadata={"roles": ["a", EDITOR]})
    monkeypatch.setenv("MUSICCTL_PROFILE", "sandbox")
    plan = program("roles", "plan", "--json").json["plan"]
    lines = (
        f"roles sync --yes --accept-plan {plan}",  # four and four
        "undo last --yes",
        "promote auth0|up0 auth0|up1",
        "roles grant auth0|down0 auth0|down1",  # already
        "roles revoke auth0|up0",
        "roles grant auth0|up0",
        "profile set-name auth0|up0 Up",
        "genres set auth0|up0 folk",
        "roles sync --yes --dry-run",
        "mirror refresh",
        "promote auth0|up2",  # becomes unknown
        "promote auth0|up3",  # becomes failed
        "roles grant auth0|down2",
    )
    for line in lines:
        assert program(*line.split(), "--quiet" if line.startswith("mirror") else "--json").code in {0, 4}, (
            line
        )
    found = [run for (run,) in sandbox.query("SELECT run FROM musicctl.runs ORDER BY started_at")]
    for user, state in (("up2", "unknown"), ("up3", "failed")):
        sandbox.query(
            "UPDATE musicctl.changes SET state = %s WHERE user_id = %s AND run = (SELECT max(run) FROM"
            " musicctl.changes WHERE user_id = %s)",
            *(state, f"auth0|{user}", f"auth0|{user}"),
        )
    return [*found, *forged(sandbox)]


def forged(sandbox: Sandbox) -> list[str]:
    """Make runs that were cut off, or that nobody but a forger can have written."""
    made = []
    for number, (command, role, field, verdict, ended) in enumerate(
        [
            ("roles sync", EDITOR, "roles", "grant", False),
            ("roles sync", "another role", "roles", "grant", True),
            ("genres set", EDITOR, "roles", "revoke", True),
            ("profile set-name", None, "display_name", "set", True),
            ("roles sync", EDITOR, "roles", "dance", True),
        ]
    ):
        run = f"20261128-000000-ff{number:02}"
        sandbox.query(
            "INSERT INTO musicctl.runs (run, command, actor, present, profile, role, finished_at, outcome)"
            " VALUES (%s, %s, 'a@b', false, 'p', %s, CASE WHEN %s THEN now() END,"
            " CASE WHEN %s THEN 'ok' END)",
            *(run, command, role, ended, ended),
        )
        sandbox.query(
            "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, state)"
            " VALUES (%s, 0, 'auth0|x', %s, %s, 'applied')",
            *(run, field, verdict),
        )
        made.append(run)
    return made


def spread(sandbox: Sandbox, runs: list[str], step: timedelta) -> None:
    """Let the runs have begun at borders of local days, a second before or at them, and have ended later."""
    midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number, run in enumerate(runs):
        at = (midnight - step * (number // 2)).astimezone(UTC) - timedelta(seconds=number % 2)
        sandbox.query("UPDATE musicctl.runs SET started_at = %s WHERE run = %s", at, run)
        sandbox.query(
            "UPDATE musicctl.changes SET ended_at = %s WHERE run = %s", at + timedelta(minutes=7), run
        )


def counted(program: Program, since: date, before: date) -> Counter[str]:
    """Count the grants and revokes of the runs that the journal lists between two days."""
    found: Counter[str] = Counter()
    listed = program(
        *("history", "list", "--all", "--json", "--since", since.isoformat(), "--before", before.isoformat())
    ).json
    for run in listed:
        shown = program("history", "show", run["run"], "--json").json
        assert Counter(change["state"] for change in shown["changes"]) == run["counts"]
        for change in shown["changes"]:
            if (shown["role"], change["field"], change["state"]) == (EDITOR, "roles", "applied"):
                found[change["verdict"]] += 1
    return found


@pytest.mark.parametrize("local", ZONES, indirect=True)
@pytest.mark.parametrize(("days", "end"), [(1, 1), (9, 7), (100, 31)])
def test_they_say_the_same(
    sandbox: Sandbox, program: Program, local: None, runs: list[str], days: int, end: int
) -> None:
    spread(sandbox, runs, timedelta(days=days))
    stats = program("stats", "--json").json
    starts = [date.fromisoformat(period["start"]) for period in stats["periods"]]
    ends = [*starts[1:], max(date.today(), starts[-1]) + timedelta(days=end)]
    for period, since, before in zip(stats["periods"], starts, ends, strict=True):
        found = counted(program, since, before)
        assert (period["grants"], period["revokes"]) == (found["grant"], found["revoke"]), period
    whole = counted(program, starts[0], ends[-1])
    assert sum(period["grants"] for period in stats["periods"]) == whole["grant"] > 8
    assert sum(period["revokes"] for period in stats["periods"]) == whole["revoke"] > 4
    assert stats["periods"][-1]["editors"] == stats["editors"]
