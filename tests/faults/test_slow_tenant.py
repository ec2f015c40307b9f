"""A tenant that answers in more than a second: nothing too old is written, and what to weigh is said."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.faults.processes import EDITOR, listeners, run, settings
from tests.program import Sandbox
from tests.tenant.relay import Relay, answering, relay

USERS = 16


@pytest.fixture
def slow(sandbox: Sandbox) -> Iterator[Relay]:
    """A way to the tenant on which every read takes a second and a half."""

    def late(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        time.sleep(1.5)
        answering(status, body)(handler, body, status)

    with relay(sandbox.state) as between:
        between.misbehave("GET", late)
        yield between


def test_it_stops_early_and_says_what_was_measured(sandbox: Sandbox, slow: Relay) -> None:
    listeners(sandbox, USERS)
    code, out, err = run(settings(sandbox, domain=slow.url, threads="8"), "roles", "sync", "--json")
    assert (code, out, sandbox.writes()) == (69, "", [])
    error = json.loads(err.splitlines()[-1])["error"]
    assert "took 1." in error["message"]
    assert "freshness" in error["hint"]
    states = {state for (state,) in sandbox.query("SELECT state FROM musicctl.changes")}
    assert states <= {"failed", "unsent", "sent"}  # what a thread was at when it ended is looked up next


def test_it_works_where_a_read_may_be_older(sandbox: Sandbox, slow: Relay) -> None:
    users = listeners(sandbox, USERS)
    began = time.monotonic()
    environment = settings(sandbox, domain=slow.url, threads="8", freshness="3s")
    code, out, err = run(environment, "roles", "sync", "--json")
    assert code == 0, err
    report = json.loads(out)
    assert (report["applied"]["grant"], report["throttled"]) == (USERS, 0)
    assert time.monotonic() - began < 30  # one after another would take longer, besides the refresh
    assert all(sandbox.roles(user_id) == ["other", EDITOR] for user_id in users)


def state(sandbox: Sandbox) -> list[object]:
    """Return who holds what, and who is called what."""
    profiles = [sandbox.profile(f"auth0|u{number:03}") for number in range(2)]
    return [(each["app_metadata"], each["user_metadata"]) for each in profiles]


OTHERS = (
    "promote auth0|u000 auth0|u001",
    "roles grant auth0|u000",
    "roles revoke auth0|u001",
    "profile set-name auth0|u000 Ada",
    "profile set-names names.csv --yes",
    "profile fill-names --yes",
)


@pytest.mark.parametrize("words", OTHERS)
def test_every_other_writer_does_it_or_says_why_not(
    sandbox: Sandbox, slow: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Nothing is written from a read that is too old, and nothing is called done that was not."""
    monkeypatch.chdir(tmp_path)
    Path("names.csv").write_text("user,name\nauth0|u000,Ada\n")
    sandbox.add_user("auth0|u000", app_metadata={"roles": ["other"]}, plays=100)
    sandbox.add_user("auth0|u001", app_metadata={"roles": [EDITOR]}, plays=3)
    assert run(settings(sandbox, domain=slow.url), "mirror", "refresh")[0] == 0
    before = state(sandbox)
    code, out, err = run(settings(sandbox, domain=slow.url), *words.split(), "--json")
    assert code in {5, 69}, (code, out, err)
    assert "freshness" in out + err, (out, err)
    assert (state(sandbox), sandbox.writes()) == (before, [])
    code, out, err = run(settings(sandbox, domain=slow.url, freshness="4s"), *words.split(), "--json")
    assert code == 0, (code, out, err)
    assert state(sandbox) != before
