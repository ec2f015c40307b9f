"""A run whose tenant answers without end lets go of its lease, and the next one starts at once."""

from dataclasses import replace
from itertools import repeat

import pytest

from musicctl.tenant import bounds
from tests.faults.processes import listeners, settings
from tests.program import Program, Sandbox
from tests.tenant.relay import Misbehaviour, relay
from tests.tenant.test_bounds import ENDLESS, MIB, exported, trickle

TRICKLE = trickle(b"\r\n", repeat(b" "))


@pytest.mark.parametrize(
    ("how", "method", "path", "code"),
    [
        (ENDLESS, "POST", "/oauth/", 69),
        (ENDLESS, "POST", "/api/v2/jobs/", 69),
        (ENDLESS, "GET", "/exports/", 69),
        (ENDLESS, "GET", "/api/v2/users/", 5),
        (ENDLESS, "PATCH", "/api/v2/users/", 0),  # it had its effect, which is read back
        (TRICKLE, "POST", "/api/v2/jobs/", 69),
        (TRICKLE, "GET", "/exports/", 69),
        (TRICKLE, "PATCH", "/api/v2/users/", 0),
    ],
)
def test_a_run_lets_go_of_its_lease(
    how: Misbehaviour,
    method: str,
    path: str,
    code: int,
    sandbox: Sandbox,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = listeners(sandbox, 3)
    limits = tuple((place, replace(limit, seconds=1.0)) for place, limit in bounds.LIMITS)
    monkeypatch.setattr(bounds, "LIMITS", limits)
    monkeypatch.setattr(bounds, "EXPORT", replace(bounds.EXPORT, seconds=1.0, largest=MIB))
    monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
    with relay(sandbox.state) as between:
        for name, value in settings(sandbox, domain=between.url, settle="0.1s", threads="2").items():
            monkeypatch.setenv(name, value)
        if path == "/exports/":
            exported(between, how)
        else:
            between.misbehave(method, how, path)
        assert program("roles", "sync").code == code
        assert all(released for (released,) in sandbox.query("SELECT released FROM musicctl.lease"))
        between.misbehave("", how)
        assert program("roles", "sync").code == 0
    assert len(sandbox.query("SELECT 1 FROM musicctl.lease")) > 0
    assert all(sandbox.roles(user) == ["other", "playlist editor"] for user in users)
