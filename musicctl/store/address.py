"""A database URL taken apart by ourselves, since libpq's own messages quote passwords."""

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from musicctl.errors import ConfigError
from musicctl.secret import Secret
from musicctl.store.hosts import servers

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://user:password@host:5432/database?sslmode=verify-full"
# What libpq 18 takes in a URL and this program passes on; psycopg2 sets client_encoding by itself.
PARAMETERS = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "dbname", "fallback_application_name"}
    | {"gssencmode", "host", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle"}
    | {"keepalives_interval", "krbsrvname", "load_balance_hosts", "options", "passfile", "password", "port"}
    | {"require_auth", "requirepeer", "service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslnegotiation"}
    | {"sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user"}
)

WORDS = {
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (*("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),),
}
"""The words that libpq takes; it tells of others only when it connects, as if the server were not there."""

NUMBERS = ("connect_timeout", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval")
NUMBER = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, as keywords for the driver; printing it never shows the password."""

    keywords: dict[str, str]
    password: Secret | None

    def __str__(self) -> str:
        """Describe it for people, as `host:port/database` or `database on the socket /folder`."""
        database = self.keywords.get("dbname", self.keywords.get("user", ""))
        host, port = self.keywords.get("host", ""), self.keywords.get("port", "")
        if "," in host and "," in port:
            pairs = zip(host.split(","), port.split(","), strict=True)
            host, port = ",".join(f"{each}:{its}" if its else each for each, its in pairs), ""
        return described(host, self.keywords.get("hostaddr", ""), port, database)


def described(host: str, address: str, port: str, database: str) -> str:
    """Describe where a database is: the address too, where the host is a name for one that is not its own."""
    named = host or address
    if not named or named.startswith(("/", "@")):
        return f"{database or 'database'} on the {f'socket {named}' if named else 'local socket'}"
    place = f"{named}:{port}/{database}" if port else f"{named}/{database}"
    return f"{place} ({address})" if address not in {"", named} and named != "localhost" else place


def parse(url: Secret) -> Address:
    """Take a `postgresql://` or `postgres://` URL apart; socket folders come as `?host=/folder`.

    Raises ConfigError that says which part is wrong and never what the password is.
    """
    text = url.reveal_to_take_apart()
    scheme, colon, _ = text.partition("://")
    if not colon or scheme not in SCHEMES:
        raise _malformed("it does not start with postgresql:// or postgres://")
    try:
        parts = urlsplit(text)
    except ValueError:  # urlsplit takes [ and ] in a password for an IPv6 address
        raise _malformed("its brackets do not match; write [ and ] in a password as %5B and %5D") from None
    if parts.fragment or "#" in text:
        raise _malformed("it contains #; write it as %23 in a password")
    if "@" in parts.path + parts.query:
        # A password's / or ? has ended the host too early: what follows is part of a secret.
        raise _malformed("it has a / or ? before the @; write them in a password as %2F and %3F")
    keywords = _authority(parts.netloc)
    if database := _decoded(parts.path.removeprefix("/"), "database name"):
        keywords["dbname"] = database
    keywords.update(_parameters(parts.query))
    password = keywords.pop("password", None)
    return Address(checked(keywords), None if password is None else Secret(password))


def checked(keywords: Mapping[str, str]) -> dict[str, str]:
    """Return keywords whose values libpq takes; raises ConfigError that names the one it would refuse."""
    for name, words in WORDS.items():
        _require(name, keywords, words.__contains__, f"one of {', '.join(words)}")
    for name in (*NUMBERS, "tcp_user_timeout"):
        _require(name, keywords, lambda value: bool(NUMBER.fullmatch(value.strip())), "a whole number")
    _require("hostaddr", keywords, lambda value: all(map(_is_address, value.split(","))), "a numeric address")
    _require("port", keywords, lambda value: all(map(_is_port, value.split(","))), "a number from 1 to 65535")
    servers(keywords)
    return dict(keywords)


def _require(name: str, keywords: Mapping[str, str], is_right: Callable[[str], bool], what: str) -> None:
    value = keywords.get(name)
    if value is not None and not is_right(value):
        raise ConfigError(
            f"the database URL cannot be used: {name} must be {what}, and is {value!r}",
            hint="musicctl config show says where it is set",
        )


def _is_address(text: str) -> bool:
    try:
        socket.getaddrinfo(text.strip(), None, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return not text.strip()
    return True


def _is_port(text: str) -> bool:
    port = text.strip()
    return not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)


def _authority(netloc: str) -> dict[str, str]:
    credentials, at, places = netloc.rpartition("@")
    found: dict[str, str] = {}
    if at:
        user, _, password = credentials.partition(":")
        found["user"] = _decoded(user, "user")
        found["password"] = _decoded(password, "password")
    hosts, ports = _places(places) if places else ("", "")
    found |= {"host": hosts, "port": ports}
    return {keyword: value for keyword, value in found.items() if value}


def _places(places: str) -> tuple[str, str]:
    """Split `host:port,host:port`; a host may be an address in brackets or a percent-encoded folder."""
    hosts, ports = [], []
    for place in places.split(","):
        head, bracket, tail = place.rpartition("]")
        host, _, port = tail.partition(":")
        hosts.append(_decoded(head.removeprefix("[") if bracket else host, "host"))
        if not _is_port(port):
            raise _malformed(
                "its port is not a number from 1 to 65535; write / and @ in a password as %2F and %40"
            )
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _parameters(query: str) -> dict[str, str]:
    found = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if (name, value) == ("ssl", "true"):  # JDBC's spelling, which libpq takes too
            found["sslmode"] = "require"
        elif name in PARAMETERS:
            found[name] = _decoded(value, name)
        else:
            raise _malformed(f"it has an unknown parameter {name!r}")
    return found


def _decoded(text: str, part: str) -> str:
    """Undo percent-encoding strictly: `unquote` would let %ZZ pass as it stands."""
    for piece in text.split("%")[1:]:
        if len(piece) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in piece[:2]):
            raise _malformed(f"its {part} has a % that starts no code; write % itself as %25")
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _malformed(f"its {part} is not UTF-8") from None
    if "\0" in decoded:
        raise _malformed(f"its {part} has a NUL character")
    return decoded


def _malformed(why: str) -> ConfigError:
    return ConfigError(f"the database URL cannot be read: {why}", hint=f"write it like {EXAMPLE}")
