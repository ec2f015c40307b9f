"""What goes wrong before a request has left: names, certificates, proxies, nobody there."""

import datetime
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from socket import EAI_AGAIN, EAI_NONAME, gaierror
from socketserver import BaseRequestHandler, ThreadingTCPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from musicctl.errors import ConfigError, Exit, MusicctlError, UnavailableError
from musicctl.secret import Secret
from musicctl.tenant.border import NotAppliedError, speaking
from musicctl.tenant.client import Tenant
from musicctl.tenant.retries import Patience
from musicctl.tenant.token import Credentials

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def failure(url: str) -> MusicctlError:
    """Return what asking the tenant at `url` for a user ends with."""
    credentials = Credentials(client_id="me", audience="api", client_secret=Secret("hunter2"))
    tenant = Tenant(url, credentials, patience=Patience(failing=0.0))
    with pytest.raises(MusicctlError) as caught:
        tenant.user("auth0|a")
    tenant.close()
    assert "hunter2" not in f"{caught.value.what} {caught.value.hint}"
    assert "\n" not in caught.value.what
    return caught.value


def secured(folder: Path, name: x509.GeneralName) -> ssl.SSLContext:
    """Return a server's context with a certificate that it has signed for itself, kept in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


class _Greeter(BaseRequestHandler):
    """Shakes hands, if it can, and hangs up."""

    def handle(self) -> None:
        context = getattr(self.server, "context", None)
        try:
            if context is None:
                self.request.recv(1)
                self.request.sendall(b"220 mail.example.com ready\r\n")
            else:
                context.wrap_socket(self.request, server_side=True).close()
        except OSError:
            pass


@pytest.fixture
def greeter() -> Iterator[ThreadingTCPServer]:
    """A server on loopback that hangs up after a handshake."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Greeter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def url_of(server: ThreadingTCPServer) -> str:
    return f"https://127.0.0.1:{server.server_address[1]}"


def test_a_certificate_of_nobody_we_know(greeter: ThreadingTCPServer, tmp_path: Path) -> None:
    greeter.context = secured(tmp_path, x509.IPAddress(ip_address("127.0.0.1")))  # type: ignore[attr-defined]
    error = failure(url_of(greeter))
    assert "its certificate is not accepted: self" in error.what
    assert "SSL_CERT_FILE" in error.hint
    assert (error.exit, isinstance(error, NotAppliedError)) == (Exit.UNAVAILABLE, False)


def test_a_certificate_for_another_name(
    greeter: ThreadingTCPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeter.context = secured(tmp_path, x509.DNSName("tenant.example"))  # type: ignore[attr-defined]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    assert "certificate is not valid for '127.0.0.1'" in failure(url_of(greeter)).what


def test_no_tls_at_all(greeter: ThreadingTCPServer) -> None:
    error = failure(url_of(greeter))
    assert "does not speak TLS" in error.what
    assert error.exit is Exit.UNAVAILABLE


def test_nobody_there(greeter: ThreadingTCPServer) -> None:
    url = f"http://127.0.0.1:{greeter.server_address[1]}"
    greeter.shutdown()
    greeter.server_close()
    error = failure(url)
    assert "cannot be reached" in error.what
    assert isinstance(error, UnavailableError)


@pytest.mark.parametrize(
    "url", [f"https://{'a' * 64}.invalid", "https://a..invalid", "https://xn--a.invalid"]
)
def test_what_is_no_name_is_a_setting(url: str) -> None:
    assert isinstance(failure(url), ConfigError)


@pytest.mark.parametrize("proxy", ["nonsense://proxy:1", "http://[::1"])
def test_a_proxy_that_is_none_is_a_setting(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert "HTTPS_PROXY" in failure("https://tenant.invalid").hint


def test_a_proxy_that_hangs_up(greeter: ThreadingTCPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{greeter.server_address[1]}")
    assert failure("https://tenant.invalid").exit is Exit.UNAVAILABLE


def test_a_file_of_certificates_that_is_missing_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    assert "SSL_CERT_FILE" in failure("https://tenant.invalid").hint


@pytest.mark.parametrize(
    ("reason", "said", "again"),
    [
        (gaierror(EAI_NONAME, "Name or service not known"), "there is no such host", False),
        (gaierror(EAI_AGAIN, "Temporary failure"), "name service does not answer", True),
        (OSError(113, "No route to host"), "No route to host", True),
    ],
)
def test_names_that_lead_nowhere(reason: OSError, said: str, again: bool) -> None:
    with pytest.raises(UnavailableError, match=said) as caught, speaking("read", "https://t"):
        raise httpx.ConnectError(str(reason)) from reason
    assert isinstance(caught.value, NotAppliedError) is again


@pytest.mark.parametrize("kind", [httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_what_was_never_sent_had_no_effect(kind: type[httpx.TransportError]) -> None:
    with pytest.raises(NotAppliedError), speaking("write", "https://t", writing=True):
        raise kind("")
