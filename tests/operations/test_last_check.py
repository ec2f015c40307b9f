"""P3 to the second: whatever lies between a read and its write, no edit made meanwhile is overwritten."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from musicctl.operations.roles.writing import RoleWriting
from musicctl.operations.runs.apply import Done, Means, perform
from musicctl.operations.runs.lease import Lease, this_process
from musicctl.policy.plan import Change
from musicctl.policy.report import Outcome
from musicctl.policy.rule import Rule, Verdict
from musicctl.secret import Secret
from musicctl.store import journal, lease
from musicctl.store.database import Database
from musicctl.store.journal import Journal, NewRun
from musicctl.tenant.client import Tenant
from musicctl.tenant.clock import clock
from musicctl.tenant.token import Credentials
from tests.operations.stamping import Stamping, refusal, slow_proxy, stamping
from tests.program import Sandbox
from tests.tenant.test_connection import secured

EDITOR = "playlist editor"
A = "auth0|a"
SLOW = 1.4
NEW = RoleWriting(Rule(EDITOR, 100), None)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def database(sandbox: Sandbox) -> Iterator[Database]:
    sandbox.add_user(A, app_metadata={"roles": ["x"]})
    opened = Database(Secret(sandbox.state.database_url))
    yield opened
    opened.close()


@contextmanager
def tenant_at(sandbox: Sandbox, url: str) -> Iterator[Tenant]:
    credentials = Credentials(
        client_id=sandbox.state.auth0_client_id,
        audience=sandbox.state.auth0_audience,
        client_secret=Secret(sandbox.state.auth0_client_secret),
    )
    tenant = Tenant(url, credentials)
    yield tenant
    tenant.close()


def granted(sandbox: Sandbox, database: Database, url: str, *, fresh: float = 1.0) -> Done[Change]:
    """Grant the role to A as a run of its own, and return what became of it."""
    fence = lease.take(database, "roles", this_process("ann@desk"))
    assert fence is not None
    change = Change(Verdict.GRANT, A, 100, ("x",), ("x", EDITOR))
    new = NewRun(command="roles sync", actor="ann@desk", present=False, profile="env", role=EDITOR)
    intent = (0, A, "roles", None, "grant", 100)
    written = Journal(database, journal.begin(database, new, [intent], fence), fence)
    with tenant_at(sandbox, url) as tenant:
        holding = Lease(fence, clock())
        means = Means(tenant=tenant, journal=written, lease=holding, settle=0.05, threads=1, freshness=fresh)
        [done] = perform([change], NEW, means)
    written.flush()
    return done


def edit_after_the_first_read(sandbox: Sandbox, wire: Stamping) -> None:
    """Have another admin add a role as soon as the first read has been answered."""
    left = ["once"]

    def after(method: str, path: str) -> None:
        if method == "GET" and "/users/" in path and left:
            left.clear()
            user = sandbox.tenant.get_user(A)
            assert user is not None
            sandbox.tenant.put_user(user._replace(app_metadata='{"roles": ["x", "vip"]}'))

    wire.after = after


def refusing_once(status: int, wire: Stamping) -> None:
    """Refuse the token of the first write, and be slow to hand out the next."""
    left = ["once"]

    def answer(method: str, path: str) -> tuple[int, bytes] | None:
        if method == "PATCH" and left:
            left.clear()
            return refusal(status)
        return None

    wire.answer = answer
    slow_token(wire)


def slow_token(wire: Stamping) -> None:
    """Take long for each token but the first."""

    def before(_method: str, path: str) -> None:
        if path == "/oauth/token" and len(wire.times("POST", path)) > 1:
            time.sleep(SLOW)

    wire.before = before


def short_token(wire: Stamping) -> None:
    """Hand out a first token that is to be renewed while the user is being read."""
    slow_token(wire)
    renewing = wire.before

    def before(method: str, path: str) -> None:
        renewing(method, path)
        if method == "GET" and len(wire.times("GET")) == 1:
            time.sleep(0.7)

    wire.before = before


def after_the_first_read(wire: Stamping) -> Callable[[], float]:
    """Return the seconds that the connection after the first read takes; that read's is not used again."""
    left = ["once"]
    wire.hang_up = lambda method: method == "GET" and len(wire.times("GET")) == 1

    def seconds() -> float:
        if wire.times("GET") and left:
            left.clear()
            return SLOW
        return 0.0

    return seconds


def require_no_late_write(sandbox: Sandbox, wire: Stamping, done: Done[Change]) -> None:
    assert done.outcome is Outcome.APPLIED
    assert sandbox.roles(A) == ["x", "vip", EDITOR]
    assert wire.oldest_read() <= 1.2
    assert sandbox.query("SELECT state, after FROM musicctl.changes") == [
        ("applied", ["x", "vip", EDITOR]),
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_and_slow_to_renew(sandbox: Sandbox, database: Database, status: int) -> None:
    with stamping(sandbox.state) as wire:
        edit_after_the_first_read(sandbox, wire)
        refusing_once(status, wire)
        require_no_late_write(sandbox, wire, granted(sandbox, database, wire.url))


def test_a_token_that_is_renewed_before_it_ends(sandbox: Sandbox, database: Database) -> None:
    with stamping(sandbox.state) as wire:
        edit_after_the_first_read(sandbox, wire)
        short_token(wire)
        asked: list[str] = []

        def answer(_method: str, path: str) -> tuple[int, bytes] | None:
            if path != "/oauth/token" or asked:
                return None
            asked.append(path)
            return 200, json.dumps({"access_token": token(sandbox), "expires_in": 1}).encode()

        wire.answer = answer
        require_no_late_write(sandbox, wire, granted(sandbox, database, wire.url))
        assert len(wire.times("POST", "/oauth/token")) == 2


def token(sandbox: Sandbox) -> str:
    """Return a sound token of the tenant."""
    with tenant_at(sandbox, f"http://127.0.0.1:{sandbox.state.port}") as tenant:
        return tenant._sender._token()


def test_tls_that_is_slow_to_shake_hands(
    sandbox: Sandbox, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = secured(tmp_path, x509.IPAddress(ip_address("127.0.0.1")))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with stamping(sandbox.state, context) as wire:
        edit_after_the_first_read(sandbox, wire)
        wire.handshake = after_the_first_read(wire)
        require_no_late_write(sandbox, wire, granted(sandbox, database, wire.url))


def test_a_proxy_that_is_slow_to_open_a_tunnel(
    sandbox: Sandbox, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = secured(tmp_path, x509.IPAddress(ip_address("127.0.0.1")))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with stamping(sandbox.state, context) as wire:
        edit_after_the_first_read(sandbox, wire)
        with slow_proxy(after_the_first_read(wire)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            require_no_late_write(sandbox, wire, granted(sandbox, database, wire.url))
