"""A tenant whose signing keys cannot be had, through the whole program: refused in time, with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import keys as tenant_keys
from tests.program import Ended, Program, Sandbox
from tests.signing import AUDIENCE, Answer, Key, KeyServer, body, json_of, key_server

ONE, TWO = Key.made("one"), Key.made("two")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyServer]:
    """A tenant that has keys, and the environment that leads to it."""
    with key_server(json_of({"keys": [ONE.jwk()]})) as running:
        monkeypatch.setenv("AUTH0_DOMAIN", running.url)
        monkeypatch.setenv("MUSICCTL_TOKEN_AUDIENCE", AUDIENCE)
        yield running


@pytest.fixture
def token(server: KeyServer, tmp_path: Path) -> str:
    """The word for a good token by the first key."""
    return written(tmp_path, ONE.token(server.issuer))


def written(folder: Path, token: str) -> str:
    path = folder / "token"
    path.write_text(token)
    return f"@{path}"


BROKEN: dict[str, tuple[Answer, str]] = {
    "HTML": (body(b"<html>Not yet</html>", Content_Type="text/html"), "something that is no set of keys"),
    "a list": (json_of([ONE.jwk()]), "something that is no set of keys"),
    "empty": (body(b""), "something that is no set of keys"),
    "no keys": (json_of({"keys": []}), "it publishes none"),
    "10 MB": (json_of({"keys": [ONE.jwk(x5c=["A" * 10_000_000])]}), "it sent more than 256 KiB"),
    "a redirect": (body(b"", status=301, Location="https://example.com/keys"), "it sends us to example.com"),
    "an outage": (body(b"<html>502</html>", status=502), "it answered 502: a reply that is not JSON"),
    "one kid twice": (
        json_of({"keys": [ONE.jwk(), TWO.jwk(kid="one")]}),
        "two of them have the same kid, one",
    ),
    "half of it": (body(b'{"keys": [{"kid": "one"', Content_Length="5000", Connection="close"), "no HTTP"),
}


def unreachable(ended: Ended, server: KeyServer, reason: str) -> None:
    """Assert that a command ended since the keys could not be had, and said so."""
    error = ended.error
    assert (ended.code, ended.out, error["code"], error["exit"]) == (69, "", "unavailable", 69)
    assert reason in error["message"]
    assert server.url in error["message"]


def cut_off(answer: Answer) -> Answer:
    """Answer, and close the connection whatever was promised."""

    def cut(handler: object) -> None:
        answer(handler)  # type: ignore[arg-type]
        handler.close_connection = True  # type: ignore[attr-defined]

    return cut


@pytest.mark.parametrize(("answer", "reason"), BROKEN.values(), ids=BROKEN)
def test_without_keys_no_token_is_judged(
    server: KeyServer, program: Program, token: str, answer: Answer, reason: str
) -> None:
    server.answer = cut_off(answer)
    unreachable(program("token", "verify", token, "--json"), server, reason)
    assert len(server.asked) == 1


def test_a_tenant_that_hangs_is_not_waited_for(server: KeyServer, program: Program, token: str) -> None:
    server.answer = server.hang
    unreachable(program("token", "verify", token, "--json"), server, "no ")


def test_a_tenant_that_is_not_there(program: Program, token: str, server: KeyServer) -> None:
    with key_server(json_of({})) as gone:
        address = gone.url
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH0_DOMAIN", address)
        ended = program("token", "verify", token, "--json")
    assert (ended.code, ended.error["exit"]) == (69, 69)
    assert "cannot be reached" in ended.error["message"]


def test_a_rotation_is_picked_up(server: KeyServer, program: Program, tmp_path: Path, token: str) -> None:
    assert program("token", "verify", token).code == 0
    server.publish(TWO, ONE)
    new = written(tmp_path, TWO.token(server.issuer))
    assert [program("token", "verify", new).code for _ in range(2)] == [0, 0]
    assert len(server.asked) == 2


def test_a_key_of_a_set_that_went_bad_is_still_known(server: KeyServer, program: Program, token: str) -> None:
    assert program("token", "verify", token).code == 0
    server.answer = body(b"<html>", status=502)
    assert program("token", "verify", token).code == 0


def test_what_needs_no_key_is_refused_without_asking(
    server: KeyServer, program: Program, tmp_path: Path
) -> None:
    token = written(tmp_path, ONE.token(server.issuer, {"alg": "HS256"}))
    assert program("token", "verify", token).code == 4
    assert server.asked == []


def test_the_local_tenant_rotates_and_revokes(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    def issued() -> str:
        return written(tmp_path, program("token", "issue", "auth0|ada").out)

    old = issued()
    assert program("token", "verify", old).code == 0
    kept = Path(old[1:]).read_text()
    tenant_keys.rotate(sandbox.tenant)
    assert program("token", "verify", issued()).code == 0
    assert program("token", "verify", written(tmp_path, kept)).code == 0
    tenant_keys.rotate(sandbox.tenant)
    tenant_keys.revoke(sandbox.tenant)
    assert program("token", "verify", issued()).code == 0  # reads the keys again, the old one is gone
    refused = program("token", "verify", written(tmp_path, kept), "--json")
    assert refused.code == 4
    assert refused.json["reasons"][0].startswith("the tenant has no key ")
