"""A name that leads elsewhere once it was looked at leads our connection nowhere."""

import socket
from contextlib import closing
from typing import Any

import pytest

from musicctl.errors import UnavailableError
from musicctl.tenant import export
from musicctl.tenant.export import Job
from musicctl.tenant.http import Http
from musicctl.tenant.pacer import Rate
from musicctl.tenant.pacing import Pacing
from musicctl.tenant.retries import Patience

TENANT, NAME = "https://8.8.8.8", "files.example"
PRIVATE, PUBLIC = "127.0.0.1", "1.1.1.1"
Place = tuple[str, int]


class Names:
    """What resolves `NAME`, to another address each time it is asked; the last of them stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.asked = 0
        self._answers = answers
        self._resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *args: Any, **keywords: Any) -> Any:
        if host == NAME:
            host = self._answers[min(self.asked, len(self._answers) - 1)]
            self.asked += 1
        return self._resolve(host, port, *args, **keywords)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def fetched(port: int) -> str:
    """Return what reading an export from `NAME` ends with."""
    job = Job("job_1", "completed", f"https://{NAME}:{port}/x?sig=1234567890")
    with closing(Http(TENANT, Pacing(Rate()), Patience(failing=0.0))) as http:
        with pytest.raises(UnavailableError) as caught:
            list(export.users(job, lambda _job: job, http, lambda _line: None))
        return caught.value.what


@pytest.mark.parametrize("later", [PRIVATE, "::1", "10.0.0.1", "169.254.169.254"])
def test_a_name_that_turns_private_gets_no_connection(monkeypatch: pytest.MonkeyPatch, later: str) -> None:
    with socket.create_server((PRIVATE, 0)) as server:
        Names(monkeypatch, PUBLIC, later)
        told = fetched(server.getsockname()[1])
        server.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert f"leads to {NAME}, which is no public address any more" in told


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Place] = []

    def connect(place: Place, *_args: object, **_keywords: object) -> None:
        tried.append(place)
        raise ConnectionRefusedError("nobody is there")

    names = Names(monkeypatch, PUBLIC, PUBLIC, PRIVATE)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert "cannot be reached" in fetched(443)
    assert (tried, names.asked) == ([(PUBLIC, 443)], 2)
