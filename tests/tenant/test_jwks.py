"""The tenant's keys: read from a real server under limits, kept for a while, and read again when needed."""

import gzip
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from musicctl.errors import UnavailableError
from musicctl.sandbox.local_tenant import keys as tenant_keys
from musicctl.tenant.jwks import KEPT, LARGEST, KeySet
from tests.program import Sandbox
from tests.signing import Answer, Key, KeyServer, body, json_of, key_server

ONE, TWO = Key.made("one"), Key.made("two")
KEYS = "/.well-known/jwks.json"


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server(json_of({"keys": [ONE.jwk()]})) as running:
        yield running


def kept(folder: Path) -> Path:
    """Return the one file in which keys are kept."""
    [path] = (folder / "keys").iterdir()
    return path


def test_a_key_is_found_by_its_name(server: KeyServer) -> None:
    assert KeySet(server.url, None).find("one") == ONE.jwk()
    assert KeySet(server.url, None).find("two") is None
    assert server.asked == [KEYS, KEYS]


def test_the_keys_of_the_local_tenant_are_read(sandbox: Sandbox) -> None:
    pair = tenant_keys.pairs(sandbox.tenant)[0]
    found = KeySet(sandbox.state.auth0_domain, None).find(pair.kid)
    assert found == Key(pair.private, pair.kid).jwk()


def test_keys_are_kept_for_their_owner_alone(server: KeyServer, tmp_path: Path) -> None:
    assert KeySet(server.url, tmp_path).find("one") == ONE.jwk()
    server.answer = body(b"", status=500)
    assert KeySet(server.url, tmp_path).find("one") == ONE.jwk()
    assert len(server.asked) == 1
    assert stat.S_IMODE(kept(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_an_unknown_name_is_asked_for_once(server: KeyServer, tmp_path: Path) -> None:
    known = KeySet(server.url, tmp_path)
    known.find("one")
    server.publish(TWO, ONE)
    assert known.find("two") == TWO.jwk()
    assert known.find("one") == ONE.jwk()
    assert len(server.asked) == 2
    assert known.find("three") is None
    assert len(server.asked) == 3


def test_what_one_tenant_publishes_is_not_taken_for_another(server: KeyServer, tmp_path: Path) -> None:
    KeySet(server.url, tmp_path).find("one")
    with key_server(json_of({"keys": [TWO.jwk()]})) as other:
        assert KeySet(other.url, tmp_path).find("one") is None


@pytest.mark.parametrize("age", [KEPT + 1, -60.0])
def test_kept_keys_are_read_again_in_time(server: KeyServer, tmp_path: Path, age: float) -> None:
    """And when the clock was wrong."""
    known = KeySet(server.url, tmp_path)
    known.find("one")
    path = kept(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"read_at": time.time() - age}))
    server.publish(TWO)
    assert known.find("one") is None
    assert len(server.asked) == 2


def replaced(path: Path) -> None:
    path.write_text("{")


def opened(path: Path) -> None:
    path.chmod(0o644)


def linked(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def nested(path: Path) -> None:
    path.write_text('{"read_at": 0, "keys": [{"kid": ' + "[" * 100_000)


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("harm", [replaced, opened, linked, nested, piped])
def test_a_file_that_cannot_be_trusted_counts_for_none(
    server: KeyServer, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    KeySet(server.url, tmp_path).find("one")
    harm(kept(tmp_path))
    server.publish(TWO)
    assert KeySet(server.url, tmp_path).find("one") is None


def test_a_folder_that_cannot_be_written_to_is_no_error(server: KeyServer, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    assert KeySet(server.url, tmp_path).find("one") == ONE.jwk()


def test_keys_without_a_name_are_passed_over(server: KeyServer) -> None:
    server.answer = json_of({"keys": [{"kty": "RSA"}, {"kty": "EC"}, {"kid": [5]}, ONE.jwk()]})
    assert KeySet(server.url, None).find("one") == ONE.jwk()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (body(b"<html></html>", Content_Type="text/html"), "no set of keys"),
        (body(b""), "no set of keys"),
        (body(b'{"keys": [{"kid": ' + b"[" * 100_000), "no set of keys"),
        (body(b'{"keys": [{"kid": "\xff"}]}'), "no set of keys"),
        (json_of([ONE.jwk()]), "no set of keys"),
        (json_of({}), "no set of keys"),
        (json_of({"keys": "one"}), "no set of keys"),
        (json_of({"keys": ["one"]}), "no set of keys"),
        (json_of({"keys": []}), "publishes none"),
        (json_of({"keys": [ONE.jwk(), TWO.jwk(kid="one")]}), "same kid, one"),
        (json_of({"keys": [ONE.jwk(), ONE.jwk()]}), "same kid, one"),
        (body(b"x" * (LARGEST + 1)), "more than 256 KiB"),
        (body(b"<html>", status=404), "answered 404: a reply that is not JSON"),
        (json_of({"message": "out of order"}, status=503), "answered 503: out of order"),
        (body(b"", status=302, Location="/elsewhere"), "sends us to another page of its own"),
        (body(b"", status=204), "answered 204"),
    ],
)
def test_what_is_no_key_set_is_refused(
    server: KeyServer, tmp_path: Path, answer: Answer, reason: str
) -> None:
    server.answer = answer
    with pytest.raises(UnavailableError, match=reason) as refused:
        KeySet(server.url, tmp_path).find("one")
    assert server.url in refused.value.what
    assert not (tmp_path / "keys").exists()
    assert server.asked == [KEYS]


def test_no_packed_reply_is_asked_for(server: KeyServer) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        packs = "gzip" in handler.headers.get("Accept-Encoding", "")
        (body(b"", status=406) if packs else json_of({"keys": [ONE.jwk()]}))(handler)

    server.answer = answer
    assert KeySet(server.url, None).find("one") == ONE.jwk()


def test_a_packed_reply_is_not_unpacked(server: KeyServer) -> None:
    packed = gzip.compress(json.dumps({"keys": [ONE.jwk()]}).encode())
    server.answer = body(packed, Content_Encoding="gzip")
    with pytest.raises(UnavailableError, match="no set of keys"):
        KeySet(server.url, None).find("one")


def test_a_reply_that_trickles_in_has_an_end(server: KeyServer) -> None:
    server.answer = server.trickle
    with pytest.raises(UnavailableError, match="no answer in 4 s"):
        KeySet(server.url, None).find("one")


def test_a_tenant_that_is_away_is_told(server: KeyServer, tmp_path: Path) -> None:
    with key_server(json_of({})) as gone:
        address = gone.url
    with pytest.raises(UnavailableError, match="could not read the tenant's signing keys"):
        KeySet(address, tmp_path).find("one")
