"""Tokens: kept between runs, renewed in time and when refused, asked for once however many want one."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from musicctl.errors import ConfigError, DeniedError, MusicctlError
from musicctl.secret import Secret
from musicctl.tenant.client import Tenant
from musicctl.tenant.token import Credentials
from tests.program import Sandbox
from tests.tenant.conftest import NONE, with_secret
from tests.tenant.relay import Relay, answering

Opening = Callable[..., Tenant]


@pytest.fixture
def opening(between: Relay, credentials: Credentials, tmp_path: Path) -> Iterator[Opening]:
    """Open the adapter as one more process would, with the same cache."""
    with ExitStack() as stack:

        def opened(chosen: Credentials = credentials) -> Tenant:
            tenant = Tenant(between.url, chosen, cache=tmp_path / "cache", patience=NONE)
            stack.callback(tenant.close)
            return tenant

        yield opened


def kept(tmp_path: Path) -> Path:
    """Return the one file in the cache."""
    [file] = (tmp_path / "cache").rglob("*.json")
    return file


def read(tenant: Tenant) -> None:
    assert tenant.user("auth0|a") is not None
    tenant.close()


def test_a_token_is_kept_for_the_next_run(opening: Opening, between: Relay, tmp_path: Path) -> None:
    for _ in range(3):
        read(opening())
    assert between.sent("POST") == 1
    file = kept(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "auth0" not in file.name


def test_other_credentials_have_another_token(
    opening: Opening, between: Relay, sandbox: Sandbox, tmp_path: Path
) -> None:
    read(opening())
    other = Credentials(
        client_id="somebody", audience=sandbox.state.auth0_audience, client_secret=Secret("hunter2")
    )
    with pytest.raises(DeniedError):
        read(opening(other))
    read(opening())
    assert between.sent("POST") == 2


def spoil_by_mode(file: Path) -> None:
    file.chmod(0o640)


def spoil_by_garbage(file: Path) -> None:
    file.write_bytes(b"\xff{")


def spoil_by_shape(file: Path) -> None:
    file.write_text('{"access_token":7,"expires_at":"never"}')


def spoil_by_line_end(file: Path) -> None:
    file.write_text(json.dumps({"access_token": "a\r\nX-Evil: 1", "expires_at": time.time() + 1000}))


def spoil_by_age(file: Path) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"expires_at": time.time() + 59}))


def spoil_by_youth(file: Path) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"expires_at": time.time() + 10 * 365 * 86400}))


def spoil_by_link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def spoil_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


@pytest.mark.parametrize(
    "spoil",
    [
        *[spoil_by_mode, spoil_by_garbage, spoil_by_shape, spoil_by_line_end],
        *[spoil_by_age, spoil_by_youth, spoil_by_link, spoil_by_pipe],
    ],
)
def test_a_file_that_cannot_be_trusted_is_replaced(
    opening: Opening, between: Relay, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    read(opening())
    spoil(kept(tmp_path))
    read(opening())
    assert between.sent("POST") == 2
    assert stat.S_ISREG(kept(tmp_path).lstat().st_mode)
    assert stat.S_IMODE(kept(tmp_path).lstat().st_mode) == 0o600
    read(opening())
    assert between.sent("POST") == 2


def test_a_cache_that_cannot_be_written_is_no_error(
    between: Relay, credentials: Credentials, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for _ in range(2):
        read(Tenant(between.url, credentials, cache=tmp_path / "file"))
    assert between.sent("POST") == 2


def test_a_refused_token_is_renewed_once(opening: Opening, between: Relay, tmp_path: Path) -> None:
    read(opening())
    file = kept(tmp_path)
    content = json.loads(file.read_text())
    spoilt = content["access_token"][:-8] + "AAAAAAAA"
    file.write_text(json.dumps(content | {"access_token": spoilt}))
    read(opening())
    assert between.sent("POST") == 2
    assert json.loads(file.read_text())["access_token"] != spoilt


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_write_is_sent_again_with_a_new_token(
    opening: Opening, between: Relay, sandbox: Sandbox, status: int
) -> None:
    tenant = opening()
    read(tenant)
    tenant = opening()
    between.misbehave("PATCH", answering(status, b'{"message":"no"}'), times=1)
    tenant.set_roles("auth0|a", ["y"], correlation_id="c")
    tenant.close()
    assert (between.sent("PATCH"), between.sent("POST")) == (2, 2)
    assert between.headers[-1]["x-correlation-id"] == "c"
    assert sandbox.roles("auth0|a") == ["y"]


def test_what_stays_refused_is_denied(opening: Opening, between: Relay) -> None:
    between.misbehave("GET", answering(403, b'{"message":"no"}'))
    tenant = opening()
    for _ in range(3):
        with pytest.raises(DeniedError):
            tenant.user("auth0|a")
    tenant.close()
    assert between.sent("POST") == 2


def test_a_wrong_secret_asks_once_and_keeps_nothing(between: Relay, sandbox: Sandbox, tmp_path: Path) -> None:
    wrong = Tenant(between.url, with_secret(sandbox, "hunter2"), cache=tmp_path / "cache")
    with pytest.raises(DeniedError):
        wrong.user("auth0|a")
    wrong.close()
    assert between.seen == ["POST /oauth/token"]
    assert not list((tmp_path / "cache").rglob("*.json"))


@pytest.mark.parametrize(
    "body", [b"{}", b'{"access_token":7}', b'{"access_token":"x\xc3\xa9","expires_in":9}']
)
def test_a_reply_without_a_token_is_an_error(opening: Opening, between: Relay, body: bytes) -> None:
    between.misbehave("POST", answering(200, body), "/oauth/token")
    with pytest.raises(MusicctlError, match="without a token"):
        opening().user("auth0|a")


def test_short_lived_tokens_are_used_for_half_their_life(opening: Opening, between: Relay) -> None:
    def short(handler: BaseHTTPRequestHandler, body: bytes, status: int) -> None:
        content = json.loads(body) | {"expires_in": 2}
        answering(status, json.dumps(content).encode())(handler, body, status)

    between.misbehave("POST", short, "/oauth/token")
    tenant = opening()
    for _ in range(3):
        assert tenant.user("auth0|a") is not None
    assert between.sent("POST") == 1
    time.sleep(1.1)
    read(tenant)
    assert between.sent("POST") == 2


def test_a_key_signs_in_place_of_a_secret(opening: Opening, between: Relay, sandbox: Sandbox) -> None:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )

    def signing(pem: str) -> Tenant:
        audience = sandbox.state.auth0_audience
        return opening(Credentials(client_id="somebody", audience=audience, private_key=Secret(pem)))

    between.misbehave("POST", answering(401, b'{"error":"invalid_client"}'), "/oauth/token")
    with pytest.raises(DeniedError, match="invalid_client"):
        signing(key.decode()).user("auth0|a")
    assert len(between.seen) == 1
    with pytest.raises(ConfigError, match="auth0_private_key"):
        signing("no key").user("auth0|a")
    assert len(between.seen) == 1


PROCESS = """
import sys
from pathlib import Path
from musicctl.secret import Secret
from musicctl.tenant.client import Tenant
from musicctl.tenant.token import Credentials
url, client, audience, secret, cache = sys.argv[1:]
tenant = Tenant(
    url, Credentials(client_id=client, audience=audience, client_secret=Secret(secret)), cache=Path(cache)
)
sys.stdin.readline()
assert tenant.user("auth0|a") is not None
tenant.close()
"""


def test_processes_that_start_at_once_ask_for_one_token(
    between: Relay, sandbox: Sandbox, tmp_path: Path
) -> None:
    state = sandbox.state
    arguments = [between.url, state.auth0_client_id, state.auth0_audience, state.auth0_client_secret]
    command = [sys.executable, "-c", PROCESS, *arguments, str(tmp_path / "cache")]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(6)]
    for process in processes:
        process.communicate(b"\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 6
    assert between.sent("POST") == 1
    assert between.sent("GET") == 6
