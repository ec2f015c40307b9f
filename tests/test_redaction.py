"""What others wrote never shows a secret that they were sent, however it stands in it."""

import base64
import html
import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from musicctl.errors import MusicctlError
from musicctl.redaction import hide, leave, redacted
from musicctl.secret import Secret
from musicctl.tenant.client import Tenant
from musicctl.tenant.token import Credentials
from tests.faults.processes import listeners, settings
from tests.program import Program, Sandbox
from tests.signing import AUDIENCE, Key, json_of, key_server
from tests.tenant.conftest import NONE, between, credentials, tenant, with_secret
from tests.tenant.relay import Relay, answering, relay

__all__ = ["between", "credentials", "tenant"]  # fixtures

SECRET = "Zq7/x\"w+K9 \N{SNOWMAN}v=pW3%r'tLm5"
PLAIN = "kV8mQ2nR5tY7wE3z"
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, small": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "percent, all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": json.dumps,
    "JSON, all": lambda text: "".join(f"\\u{ord(each):04X}" for each in text),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "a URL in JSON": lambda text: json.dumps(quote(text)),
    "Python": repr,
    "bytes": lambda text: repr(text.encode()),
    "HTML": html.escape,
    "HTML, all": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "bytea": lambda text: rf"\x{text.encode().hex()}",
    "octal": lambda text: "".join(rf"\{byte:03o}" for byte in text.encode()),
    "SQL": lambda text: text.replace("'", "''"),
    "shouted": str.upper,
    "wrapped": lambda text: f"{text[:5]}\r\n {text[5:11]}\n{text[11:]}",
    "the first half": lambda text: text[: len(text) // 2],
    "the last half": lambda text: text[len(text) // 2 :],
    "out of the middle": lambda text: text[3:13],
}


def packed(code: Callable[[bytes], bytes], at: int) -> Callable[[str], str]:
    """Return what puts a secret into base64, so many bytes from where three begin."""
    return lambda text: code(b"user:"[:at] + text.encode() + b"!").decode()


for number in range(3):
    WAYS[f"base64 at {number}"] = packed(base64.b64encode, number)
    WAYS[f"base64url at {number}"] = packed(base64.urlsafe_b64encode, number)


@pytest.mark.parametrize("secret", [SECRET, PLAIN])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_secret_is_taken_out(secret: str, way: Callable[[str], str]) -> None:
    hide(secret)
    for before, after in (("you sent (", ")"), ("", ""), ("got ", "..."), ("...", " was sent")):
        told = redacted(before + way(secret) + after)
        assert "***" in told
        seen = told.removeprefix(before).removesuffix(after)
        # Fewer than four characters of it are left in a row, escapes counted as what they stand for.
        assert all(way(secret)[at : at + 8] not in seen for at in range(len(way(secret)) - 7)), told


@pytest.mark.parametrize(("end", "start"), [(PLAIN[:4], ""), (PLAIN[:7], ""), ("", PLAIN[-5:])])
def test_what_a_cut_has_left_is_taken_out(end: str, start: str) -> None:
    hide(PLAIN)
    assert redacted(f"{start} was sent {end}".strip()) in ("was sent ***", "*** was sent")
    assert redacted(f"sent {end}... and more") == ("sent ***... and more" if end else "sent ... and more")


def test_a_short_secret_is_taken_out_where_it_stands_alone() -> None:
    hide("a")
    hide("7b$")
    assert redacted("a reply of a tenant: at 7b$ a day") == "a reply of a tenant: at 7b$ a day"
    assert redacted('password "a", pw=7b$&x=1') == 'password "***", pw=***&x=1'


def test_what_is_no_secret_stays() -> None:
    hide(PLAIN)
    text = 'could not write the roles: answered 400: "roles" \\u00e9 100% [bold] - https://a/b?c=d&amp;e'
    assert redacted(text) == text


def echo(status: int, *, key: str = "message") -> Callable[..., None]:
    """Answer with all that was sent, headers included, in the form of Auth0's errors."""

    def answer(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        sent = " ".join(f"{name}: {value}" for name, value in handler.headers.items() if name != "Accept")
        body = json.dumps({"statusCode": status, "error": "x", key: f"you sent {sent[-250:]}"})
        answering(status, body.encode())(handler, b"", status)

    return answer


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v2/users/"), ("PATCH", "/api/v2/users/")])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_tenant_that_repeats_the_token(
    sandbox: Sandbox,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    status: int,
) -> None:
    users = listeners(sandbox, 2)
    monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
    with relay(sandbox.state) as between:
        for name, value in settings(sandbox, domain=between.url, settle="0.1s", threads="1").items():
            monkeypatch.setenv(name, value)
        assert program("roles", "plan").code == 0
        between.misbehave(method, echo(status), path)
        for also in ([], ["--json", "-v"]):
            ended = program("roles", "grant", users[0], "--yes", *also)
            assert ended.code != 0
            token = next(each["authorization"] for each in between.headers if "authorization" in each)
            journal = json.dumps(
                [
                    sandbox.query(f"SELECT to_jsonb(each)::text FROM musicctl.{table} each")
                    for table in ("changes", "runs", "plans")
                ]
            )
            for text in (ended.out, ended.err, journal):
                assert all(token[at : at + 12] not in text for at in range(10, len(token) - 12))


def test_a_token_endpoint_that_repeats_the_secret(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = sandbox.state.auth0_client_secret
    monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
    with relay(sandbox.state) as between:
        for name, value in settings(sandbox, domain=between.url).items():
            monkeypatch.setenv(name, value)
        for said in (secret, quote(secret), base64.b64encode(f"me:{secret}".encode()).decode(), secret[:9]):
            body = json.dumps({"error": "access_denied", "error_description": f"bad request: {said}"})
            between.misbehave("POST", answering(401, body.encode()), "/oauth/")
            for also in ([], ["--json", "-v"]):
                ended = program("users", "show", "auth0|a", *also)
                assert ended.code == 7
                assert "***" in ended.err
                assert said[:8] not in ended.out + ended.err


def test_an_endpoint_that_repeats_the_assertion(between: Relay, sandbox: Sandbox) -> None:
    def answer(handler: BaseHTTPRequestHandler, _body: bytes, _status: int) -> None:
        sent.append(between.bodies[-1].decode())
        said = {"error": "x", "error_description": f"bad: {sent[-1][-200:]}"}
        answering(400, json.dumps(said).encode())(handler, b"", 400)

    sent: list[str] = []
    key = Key.made("mine").private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = Credentials(client_id="me", audience="a", client_secret=None, private_key=Secret(key))
    between.misbehave("POST", answer, "/oauth/")
    with closing(Tenant(between.url, credentials)) as opened, pytest.raises(MusicctlError) as caught:
        opened.user("auth0|a")
    assert "client_assertion" in sent[0]
    assert "***" in caught.value.what
    assertion = json.loads(sent[0])["client_assertion"]
    assert all(assertion[at : at + 8] not in caught.value.what for at in range(len(assertion) - 7))


def test_a_proxy_that_repeats_its_password(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    asked: list[bytes] = []

    class Proxy(StreamRequestHandler):
        def handle(self) -> None:
            lines = list(iter(lambda: self.rfile.readline().strip(), b""))
            sent = next(line for line in lines if line.lower().startswith(b"proxy-authorization"))
            asked.append(sent.split()[-1])
            said = asked[-1] + b" is " + base64.b64decode(asked[-1])
            self.wfile.write(b"HTTP/1.1 407 you sent " + said + b"\r\nContent-Length: 0\r\n\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        place = f"127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{quote(SECRET, safe='')}@{place}")
        made = Tenant("https://tenant.example.com", with_secret(sandbox, PLAIN), patience=NONE)
        with closing(made) as opened, pytest.raises(MusicctlError) as caught:
            opened.user("auth0|a")
        server.shutdown()
        thread.join()
    assert asked
    assert "you sent" in caught.value.what
    assert "K9" not in caught.value.what
    assert asked[0].decode()[4:-2] not in caught.value.what


@pytest.mark.parametrize("status", [200, 500])
def test_keys_that_are_named_as_a_token(
    status: int, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tenant has made the token, so it may well know it."""
    key = Key.made("one")
    with key_server(json_of({"keys": []})) as server:
        token = key.token(server.issuer)
        twice = {"keys": [key.jwk(kid=token), key.jwk(kid=token)]}
        server.answer = json_of(twice if status == 200 else {"message": f"no {token}"}, status=status)
        (tmp_path / "token").write_text(token)
        monkeypatch.setenv("AUTH0_DOMAIN", server.url)
        monkeypatch.setenv("MUSICCTL_TOKEN_AUDIENCE", AUDIENCE)
        for also in ([], ["--json"]):
            ended = program("token", "verify", f"@{tmp_path / 'token'}", "-P", "env", *also)
            assert ended.code == 69
            assert "***" in ended.err
            assert all(token[at : at + 12] not in ended.err for at in range(len(token) - 11))


@pytest.mark.parametrize(
    "bad", ["http://evil.example/{token}?{token}", "{token}", "https://{token}.example/"]
)
def test_a_link_that_is_a_token(bad: str, tenant: Tenant, between: Relay) -> None:
    tenant.user("auth0|a")
    token = between.headers[-1]["authorization"].split()[1]
    job = {"id": f"job of {token}", "status": "completed", "location": bad.format(token=token)}
    between.misbehave("GET", answering(200, json.dumps(job).encode()), "/api/v2/jobs/")
    with pytest.raises(MusicctlError) as caught:
        list(tenant.export())
    assert all(token[at : at + 12].lower() not in caught.value.what.lower() for at in range(len(token) - 11))


@pytest.mark.parametrize(
    "text",
    [
        "no listener has 100 plays on playlists: musicctl users list shows the listeners",
        'permission denied for table "playlists"',
        'relation "playlist_songs" does not exist',
        'no one holds the role "playlist editor"',
        "user auth0|playlist-editor-1 does not exist",
        "Playlist not found",
        "the editor",
    ],
)
def test_the_words_of_a_secret_stay_words(text: str) -> None:
    hide("playlist-editor-secret")
    leave("playlist editor", "auth0|playlist-editor-1")
    assert redacted(text) == redacted(text, ours=True) == text
    for ours in (False, True):
        for part in ("playlist-editor-secret", "playlist-editor-sec", "t-editor-secret", "itor%2Dsecret"):
            assert redacted(f"you sent ({part})", ours=ours) == "you sent (***)"


def test_ids_and_names_of_the_words_of_a_secret_stay_in_what_we_say() -> None:
    hide("playlist-editor-secret")
    for text in (
        "user auth0|playlist-editor has no plays",
        "Playlist Editor",
        "editor-secret.json is no file",
    ):
        assert redacted(text, ours=True) == text
    for text in ("playlist-editor-secret", "Playlist Editor Secret", "playlisteditorsecret"):
        assert redacted(f"sent {text}", ours=True) == "sent ***"


def test_words_that_only_we_use_stay_in_what_we_say() -> None:
    hide("understood-fingerprint-7Yq")
    text = "the fingerprint of this plan is another"
    assert redacted(text, ours=True) == text
    assert redacted("you sent fingerprint-7Yq", ours=True) == "you sent ***"
    assert redacted("you sent fingerprint", ours=False) == "you sent ***"


@pytest.mark.parametrize("ours", [False, True])
def test_a_password_that_is_a_name_too_stays_the_name(ours: bool) -> None:
    hide("postgres")
    leave("postgres")
    for text in ('user "postgres" does not exist', 'database "postgres"', "postgres@localhost:5432/postgres"):
        assert redacted(text, ours=ours) == text
    assert redacted('password "postgres" is wrong', ours=ours) == 'password "***" is wrong'
    assert redacted("password=postgres", ours=ours) == "password=***"
    assert redacted("postgres://postgres:postgres@h", ours=ours) == "postgres://postgres:***@h"


def test_a_password_that_is_a_word_goes_where_it_is_a_value() -> None:
    hide("postgres")
    hide("roles")
    hide("app")
    text = "could not write the roles: Postgres of the app does not answer"
    assert redacted(text, ours=True) == text
    assert redacted('got "postgres", pw=roles and password roles, "app"', ours=True) == (
        'got "***", pw=*** and password ***, "***"'
    )
    assert redacted("you sent postgres") == "you sent ***"


ODD = "Xq7-Tz9!pLw3Rk8vB2"


@pytest.mark.parametrize(
    "written",
    [
        *(base64.b32encode(b"x" * before + ODD.encode()).decode() for before in range(5)),
        ODD[::-1],
        ODD.encode().hex(),
        "\u200b".join(ODD),
        "\u00ad".join(ODD),
        "\r\n".join(ODD),
        "\0".join(ODD),
        "".join(f"&#x{ord(each):x};" for each in ODD),
        "".join(f"%25{ord(each):02x}" for each in ODD),
    ],
)
def test_odd_ways_to_write_a_secret(written: str) -> None:
    hide(ODD)
    told = redacted(f"it said: {written}, twice")
    assert told.startswith("it said: ")
    assert "***" in told
    assert written[8:-8] not in told
