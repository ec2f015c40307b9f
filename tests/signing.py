"""Tokens made by hand, so that they can say anything, and a server that publishes the keys for them."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

AUDIENCE = "https://api.music.example.com"
NAMESPACE = "https://music.example.com"
SECRET = "0123456789abcdef0123456789abcdef"
DROP = object()
"""In place of a value: the key is not there at all."""

NONE: Mapping[str, object] = MappingProxyType({})
Sign = Callable[[bytes], bytes]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: object) -> str:
    """Return one part of a token: bytes as they stand, anything else as JSON."""
    return base64url(value if isinstance(value, bytes) else json.dumps(value).encode())


def assembled(header: object, claims: object, sign: Sign) -> str:
    """Return a token of any header and any claims, signed."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def by_secret(secret: bytes = SECRET.encode()) -> Sign:
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


def changed(value: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: each for name, each in {**value, **changes}.items() if each is not DROP}


def claims(issuer: str, **changes: object) -> dict[str, object]:
    """Return the claims of a good token, with changes."""
    now = int(time.time())
    good = {"iss": issuer, "sub": "auth0|ada", "aud": AUDIENCE, "iat": now, "exp": now + 600}
    return changed(good, changes)


@dataclass
class Key:
    """A key pair and its name."""

    private: RSAPrivateKey
    kid: str

    @classmethod
    def made(cls, kid: str, bits: int = 2048) -> "Key":
        return cls(generate_private_key(public_exponent=65537, key_size=bits), kid)

    @property
    def pem(self) -> bytes:
        """The public half, as anybody can have it."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, kind)

    def sign(self, signed: bytes) -> bytes:
        return self.private.sign(signed, PKCS1v15(), hashes.SHA256())

    def jwk(self, **changes: object) -> dict[str, object]:
        """The public half as Auth0 publishes it, with changes."""
        numbers = self.private.public_key().public_numbers()
        modulus = base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big"))
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": modulus, "e": "AQAB"}
        return changed(key, changes)

    def header(self, **changes: object) -> dict[str, object]:
        return changed({"alg": "RS256", "typ": "JWT", "kid": self.kid}, changes)

    def token(
        self,
        issuer: str,
        header: Mapping[str, object] = NONE,
        *,
        also: Mapping[str, object] = NONE,
        **changes: object,
    ) -> str:
        """Return a good token, with changes to the header and to the claims; `also` are further claims."""
        return assembled(self.header(**header), {**claims(issuer, **changes), **also}, self.sign)


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class KeyServer:
    """A tenant that answers with its keys, or with whatever a test says; it counts how often."""

    answer: Answer
    url: str = ""
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def issuer(self) -> str:
        return f"{self.url}/"

    def publish(self, *keys: Key) -> None:
        self.answer = json_of({"keys": [key.jwk() for key in keys]})

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing while the test runs."""
        self.released.wait(30)
        handler.close_connection = True

    def trickle(self, handler: BaseHTTPRequestHandler) -> None:
        """Send a header now and then: each comes in time, and all of them never."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.released.wait(0.5):
            handler.wfile.write(b"X-More: to come\r\n")
        handler.close_connection = True


def body(content: bytes, *, status: int = 200, **headers: str) -> Answer:
    """Answer with these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def json_of(value: object, *, status: int = 200) -> Answer:
    return body(json.dumps(value).encode(), status=status, Content_Type="application/json")


@contextmanager
def key_server(answer: Answer) -> Iterator[KeyServer]:
    """Run a server on loopback; at the end nothing of it is left."""
    running = KeyServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            running.asked.append(self.path)
            try:
                running.answer(self)
            except OSError:  # the client has gone, as it should
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield running
    finally:
        running.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
