"""How a connection is made: each server in turn, with patience for each, and what became of every attempt."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from ipaddress import IPv6Address, ip_address

import psycopg2
from psycopg2 import extensions

from musicctl.secret import Secret
from musicctl.store import hosts, libpq, times, waiting
from musicctl.store.hosts import Server

PATIENCE = 10.0
"""Seconds that each server has to let us in, unless connect_timeout says otherwise."""

LONGEST = 120.0
"""The same where connect_timeout is 0, which means as long as it takes: every run ends."""

NOT_YET = "57P03"
"""The SQLSTATE of a server that starts or stops; it lets nobody in yet, and another may."""

PASSES = {"prefer-standby": ("standby", "any")}
"""What is asked for, one after the other, where a wish is not a condition."""


class NotConnectedError(psycopg2.OperationalError):
    """No server let us in: `code` is the SQLSTATE of the refusal, if a server answered with one.

    `needs_password` says that a server asked for a password and we had none.
    """

    def __init__(self, said: str, *, code: str | None = None, needs_password: bool = False) -> None:
        super().__init__(said)
        self.code = code
        self.needs_password = needs_password

    @property
    def is_final(self) -> bool:
        """Whether a server has decided: libpq asks no other one after that, and neither do we."""
        return self.needs_password or self.code not in {None, NOT_YET}


def connected(keywords: Mapping[str, str], password: Secret | None) -> extensions.connection:
    """Return a connection to the first server that lets us in and is what `target_session_attrs` asks for.

    Raises NotConnectedError with what each of them said, and ConfigError when hosts and ports do not match.
    """
    failures: list[NotConnectedError] = []
    wanted = keywords.get("target_session_attrs") or "any"
    for kind in PASSES.get(wanted, (wanted,)):
        for attempt in _attempts(dict(keywords) | {"target_session_attrs": kind}, failures):
            try:
                return _attempted(attempt, password)
            except NotConnectedError as failure:
                if failure.is_final:
                    raise
                failures.append(failure)
    codes = {failure.code for failure in failures}
    said = "; ".join(dict.fromkeys(map(str, failures)))
    raise NotConnectedError(said, code=codes.pop() if len(codes) == 1 else None)


def patience(keywords: Mapping[str, str]) -> float:
    """Return how many seconds a server has to let us in."""
    written = keywords.get("connect_timeout")
    if written is None:
        return PATIENCE
    return float(written) if int(written) > 0 else LONGEST


def peer(connection: extensions.connection) -> tuple[str, str, str]:
    """Return the host as it was named, the address that is really on the other side, and the port.

    The address of a socket of this machine is empty.
    """
    host, port = connection.info.host or "", str(connection.info.port)
    with closing(socket.socket(fileno=os.dup(connection.fileno()))) as other:
        if other.family not in {socket.AF_INET, socket.AF_INET6}:
            return host, "", port
        found = other.getpeername()
    return host, str(found[0]), str(found[1])


def in_clear(connection: extensions.connection) -> bool:
    """Tell whether a connection leaves this machine and is not encrypted, as the driver itself says."""
    _, address, _ = peer(connection)
    if not address or connection.info.ssl_in_use or libpq.gss_encrypted(connection):
        return False
    found = ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return not (inner or found).is_loopback


def _attempts(keywords: dict[str, str], failures: list[NotConnectedError]) -> Iterator[dict[str, str]]:
    """Yield the keywords for each address; a name that leads nowhere is one failure more."""
    seconds, shuffled = patience(keywords), keywords.get("load_balance_hosts") == hosts.SHUFFLED
    for server in hosts.servers(keywords):
        try:
            found = hosts.resolved(server, seconds, shuffled=shuffled)
        except OSError as error:
            failures.append(NotConnectedError(f"{server}: {error.strerror or error}"))
            continue
        for each in found:
            one = {"host": each.host, "hostaddr": each.address, "port": each.port}
            yield keywords | one | {"load_balance_hosts": "disable"}


def _attempted(keywords: dict[str, str], password: Secret | None) -> extensions.connection:
    waiting.install()
    secret = {} if password is None else {"password": password.reveal()}
    with waiting.connecting(patience(keywords)) as attempt:
        try:
            made = psycopg2.connect(**keywords, **secret)  # type: ignore[call-overload]
        except psycopg2.Error as error:
            failed = str(error)
        else:
            libpq.name_codes(made, on=False)
            assert isinstance(made, extensions.connection)
            times.read_all(made)
            return made
    # Out here, nothing holds on to the driver's error, and through it to the open half of a connection.
    code, said = libpq.code_of(failed)
    where = Server(keywords["host"], keywords["hostaddr"], keywords["port"])
    raise NotConnectedError(f"{where}: {_line(said)}", code=code, needs_password=attempt.needs_password)


def _line(said: str) -> str:
    """Return the first line of what libpq or the server said, without the address that libpq puts before."""
    first = next((line.strip() for line in said.splitlines() if line.strip()), "it gave no reason")
    _, failed, reason = first.partition(" failed: ")
    return reason if failed and first.startswith("connection to server ") else first
