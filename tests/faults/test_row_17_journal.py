"""A database that takes no journal: nothing more is sent, and the exit code says why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.processes import listeners, run, settings
from tests.program import Sandbox, query

DISK_FULL = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'"
    " USING ERRCODE = 'disk_full'; END$$;"
)


@contextmanager
def full_disk(sandbox: Sandbox, table: str, event: str, condition: str = "true") -> Iterator[None]:
    """Refuse every such write into one table of the journal, with the server's own error."""
    sandbox.query(
        f"{DISK_FULL} CREATE TRIGGER full_disk BEFORE {event} ON musicctl.{table} FOR EACH ROW"
        f" WHEN ({condition}) EXECUTE FUNCTION refuse()"
    )
    try:
        yield
    finally:
        sandbox.query("DROP FUNCTION refuse CASCADE")


def patches(sandbox: Sandbox) -> int:
    return sum(request.startswith("PATCH") for request in sandbox.requests())


@pytest.mark.parametrize(
    ("table", "event", "condition"),
    [("runs", "INSERT", "true"), ("changes", "INSERT", "true"), ("changes", "UPDATE", "NEW.state = 'sent'")],
)
def test_nothing_is_sent_when_intents_cannot_be_written(
    sandbox: Sandbox, table: str, event: str, condition: str
) -> None:
    listeners(sandbox, 5)
    with full_disk(sandbox, table, event, condition):
        code, out, err = run(settings(sandbox), "roles", "sync", "--json")
    error = json.loads(err.splitlines()[-1])["error"]
    assert (code, out, error["code"]) == (1, "", "failed")
    assert "No space left on device" in error["message"]
    assert patches(sandbox) == 0


def test_what_was_sent_is_found_out_when_the_disk_has_room_again(sandbox: Sandbox) -> None:
    users = listeners(sandbox, 30)
    alone = settings(sandbox, threads="1", settle="1s")
    with full_disk(sandbox, "changes", "UPDATE", "NEW.state = 'sent' AND NEW.seq >= 10"):
        code, _, _ = run(alone, "roles", "sync", "--json")
    assert code == 1
    assert patches(sandbox) == 10
    code, out, _ = run(alone, "roles", "sync", "--json")
    assert (code, json.loads(out)["applied"]["grant"]) == (0, 20)
    assert patches(sandbox) == len(users)
    states = sandbox.query("SELECT state, count(*) FROM musicctl.changes GROUP BY 1 ORDER BY 1")
    assert dict(states) == {"applied": 30, "unsent": 20}


def test_a_role_that_may_only_read_is_denied(sandbox: Sandbox) -> None:
    listeners(sandbox, 5)
    read_only = settings(sandbox)
    superuser = sandbox.state.database_url.replace("//musicctl@", "//postgres@")
    query(
        superuser,
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA musicctl, public TO reader;"
        " GRANT SELECT ON ALL TABLES IN SCHEMA musicctl, public TO reader",
    )
    read_only["DATABASE_URL"] = sandbox.state.database_url.replace("//musicctl@", "//reader@")
    try:
        code, out, err = run(read_only, "roles", "sync", "--json")
    finally:
        query(superuser, "DROP OWNED BY reader; DROP ROLE reader")
    error = json.loads(err.splitlines()[-1])["error"]
    assert (code, out, error["code"]) == (7, "", "denied")
    assert sandbox.writes() == []
