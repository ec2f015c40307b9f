"""What may be said about faults, and which requests a pattern of endpoints covers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import UsageError
from musicctl.sandbox.local_tenant import faults
from musicctl.sandbox.local_tenant.endpoints import pattern
from musicctl.sandbox.local_tenant.fault_words import switch_on
from musicctl.sandbox.local_tenant.faults import REACH, Fault
from musicctl.sandbox.local_tenant.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Storage.open(tmp_path / "tenant.sqlite") as opened:
        yield opened


@pytest.mark.parametrize(
    ("words", "endpoint", "what", "hint"),
    [
        (["statsu=503"], "", "no fault statsu", "did you mean status?"),
        (["what"], "", "no fault what", "there are: status, latency"),
        (["status"], "", "status needs a value", "from 400 to 599"),
        (["status="], "", "not allowed", "from 400 to 599"),
        (["status=200"], "", "not allowed", "from 400 to 599"),
        (["status=599"], "", "not allowed", "from 400 to 599"),
        (["latency"], "", "latency needs a value", "seconds"),
        (["latency=-1"], "", "not allowed", "seconds"),
        (["latency=nan"], "", "not allowed", "seconds"),
        (["late=0"], "", "not allowed", "above 0"),
        (["late=0.000"], "", "not allowed", "above 0"),
        (["cut-before=1"], "", "takes no value", "set cut-before"),
        (["outside-edit"], "", "needs a value", "a role"),
        (["outside-edit=+"], "", "not allowed", "a role"),
        (["outside-edit=-@read"], "", "not allowed", "a role"),
        (["truncate-export=zip"], "", "not allowed", "half-line"),
        (["ratelimit-header=soon"], "", "not allowed", "past, far, junk"),
        (["html"], "users", "no endpoint", "such as PATCH /users"),
        (["html"], "FETCH /users", "no endpoint", "such as PATCH /users"),
        (["html"], "GET /bogus", "has no endpoint GET /bogus", "GET /users"),
        (["html"], "PATCH /jobs", "has no endpoint", "PATCH /users"),
        (["late"], "POST /users", "late cannot strike POST /users", "PATCH"),
        (["html", "job-stuck"], "POST /jobs", "job-stuck cannot strike", "GET /jobs"),
        (["outside-edit=x@read"], "PATCH /users", "cannot strike PATCH /users", "GET /users"),
        (["outside-edit=x"], "GET /users", "cannot strike GET /users", "PATCH /users"),
        (["cut-after"], "GET /exports", "cannot strike", "/api/v2"),
    ],
)
def test_what_will_not_do_is_refused_whole(
    storage: Storage, words: list[str], endpoint: str, what: str, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        switch_on(storage, *words, endpoint=endpoint)
    assert what in raised.value.what
    assert hint in raised.value.hint
    assert faults.switched_on(storage) == ()


def test_every_fault_can_be_set_and_what_is_not_said_is_filled_in(storage: Storage) -> None:
    words = {"status": "status=503", "latency": "latency=0.05", "outside-edit": "outside-edit=-x@read"}
    words["ratelimit-header"] = "ratelimit-header=past"
    switch_on(storage, *(words.get(name, name) for name in REACH))
    found = {fault.name: fault for fault in faults.switched_on(storage)}
    assert set(found) == set(REACH)
    assert (found["late"].value, found["truncate-export"].value, found["html"].value) == ("0.3", "gzip", "")
    assert {fault.seed for fault in found.values()} == {found["late"].seed}
    assert {(fault.endpoint, fault.rate, fault.count) for fault in found.values()} == {("", 1.0, None)}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("patch   /users", "PATCH /users"),
        (" /users ", "/users"),
        ("GET /api/v2/users/*", "GET /api/v2/users/*"),
    ],
)
def test_an_endpoint_is_kept_in_one_spelling(storage: Storage, text: str, kept: str) -> None:
    switch_on(storage, "html", endpoint=text)
    assert faults.switched_on(storage)[0].endpoint == kept


@pytest.mark.parametrize(
    ("text", "method", "path", "covered"),
    [
        ("PATCH /users", "PATCH", "/api/v2/users/auth0%7Ca", True),
        ("PATCH /users", "GET", "/api/v2/users/auth0%7Ca", False),
        ("/users", "GET", "/api/v2/users", True),
        ("/users/", "GET", "/api/v2/users", True),
        ("GET /users/*", "GET", "/api/v2/users", False),
        ("GET /users", "GET", "/api/v2/users-by-email", False),
        ("GET /users/auth0|a", "GET", "/api/v2/users/auth0%7Ca", True),
        ("GET /users/auth0%7Ca", "GET", "/api/v2/users/auth0|a", True),
        ("GET /users/auth0|a", "GET", "/api/v2/users/auth0%7Cb", False),
        ("GET /jobs/*/errors", "GET", "/api/v2/jobs/job_1/errors", True),
        ("GET /exports", "GET", "/exports/job_1.json.gz", True),
        ("POST /oauth/token", "POST", "/oauth/token", True),
        ("/api/v2", "DELETE", "/api/v2/users/a", True),
        ("/api/v2", "GET", "/exports/x", False),
    ],
)
def test_what_a_pattern_covers(text: str, method: str, path: str, covered: bool) -> None:
    assert pattern(text).covers(method, path) == covered


def test_the_choice_is_close_to_the_rate_and_depends_on_nothing_else() -> None:
    fault = Fault("html", "", "", 0.1, None, 1)
    chosen = [number for number in range(10_000) if fault.chooses(number)]
    assert 900 < len(chosen) < 1100
    assert chosen[:5] == [number for number in range(200) if fault.chooses(number)][:5]
    assert not any(Fault("html", "", "", 0.0, None, 1).chooses(number) for number in range(1000))
    assert all(Fault("html", "", "", 1.0, None, 1).chooses(number) for number in range(1000))
