"""The servers that a URL names, one after the other, in the order in which libpq would try them.

libpq's connect_timeout works only where libpq itself blocks, and so would hold up Ctrl-C. A connection that
is made with a wait callback would stay with the first host that says nothing.
"""

import queue
import random
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from musicctl.errors import ConfigError

PORT = "5432"
SHUFFLED = "random"


@dataclass(frozen=True, slots=True)
class Server:
    """One server as keywords for the driver; without an address, the host is a name or a socket's folder."""

    host: str
    address: str
    port: str

    def __str__(self) -> str:
        """Describe it for people, the address where it is not the host itself."""
        if not self.host and not self.address:
            return "the local socket"
        if self.is_socket:
            return f"the socket {self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        known = f"{host}:{self.port}" if host else f"{self.address}:{self.port}"
        return f"{known} ({self.address})" if host and self.address not in {"", self.host} else known

    @property
    def is_socket(self) -> bool:
        """Whether it is reached through a socket of this machine."""
        return not self.address and (not self.host or self.host.startswith(("/", "@")))


def servers(keywords: Mapping[str, str]) -> list[Server]:
    """Return the servers of `host`, `hostaddr` and `port`; raises ConfigError when they do not match."""
    hosts, addresses = _several(keywords.get("host")), _several(keywords.get("hostaddr"))
    count = len(addresses or hosts or [""])
    hosts, addresses = hosts or [""] * count, addresses or [""] * count
    ports = [port or PORT for port in _several(keywords.get("port")) or [PORT]]
    ports = ports * count if len(ports) == 1 else ports
    if not len(hosts) == len(addresses) == len(ports):
        raise ConfigError(
            f"database_url has {len(hosts)} hosts, {len(addresses)} addresses and {len(ports)} ports",
            hint="write one port for all, or one of each: postgresql://a:5432,b:5433/name",
        )
    found = [Server(*each) for each in zip(hosts, addresses, ports, strict=True)]
    if keywords.get("load_balance_hosts") == SHUFFLED:
        random.shuffle(found)
    return found


def resolved(server: Server, seconds: float, *, shuffled: bool) -> list[Server]:
    """Return a server once for each of its addresses; raises OSError when the name leads nowhere.

    The resolver cannot be interrupted, and so works in a thread that is left behind after `seconds`.
    """
    if server.is_socket or server.address:
        return [server]
    found = _addresses(server, seconds)
    if shuffled:
        random.shuffle(found)
    return [Server(server.host, address, server.port) for address in found]


def _several(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


def _addresses(server: Server, seconds: float) -> list[str]:
    try:
        return _look_up(server, socket.AI_NUMERICHOST)
    except socket.gaierror:  # it is a name
        pass
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_answer(server)), daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"the name was not resolved within {seconds:.0f} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _answer(server: Server) -> list[str] | OSError:
    try:
        return _look_up(server, 0)
    except UnicodeError:
        return OSError("it is not a name of a host")
    except OSError as error:
        return error


def _look_up(server: Server, flags: int) -> list[str]:
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(each[4][0]) for each in found))
