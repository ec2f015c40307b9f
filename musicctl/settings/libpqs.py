"""libpq's own settings, variables and files: a named profile does not use them, and the profile `env` may."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYWORDS = {
    "PGAPPNAME": "application_name",
    "PGCHANNELBINDING": "channel_binding",
    "PGCLIENTENCODING": "client_encoding",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGDATABASE": "dbname",
    "PGDATESTYLE": "",
    "PGGEQO": "",
    "PGGSSDELEGATION": "gssdelegation",
    "PGGSSENCMODE": "gssencmode",
    "PGGSSLIB": "gsslib",
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGKRBSRVNAME": "krbsrvname",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
    "PGMAXPROTOCOLVERSION": "max_protocol_version",
    "PGMINPROTOCOLVERSION": "min_protocol_version",
    "PGOPTIONS": "options",
    "PGPASSFILE": "passfile",
    "PGPASSWORD": "password",
    "PGPORT": "port",
    "PGREQUIREAUTH": "require_auth",
    "PGREQUIREPEER": "requirepeer",
    "PGREQUIRESSL": "",
    "PGSERVICE": "service",
    "PGSERVICEFILE": "servicefile",
    "PGSSLCERT": "sslcert",
    "PGSSLCERTMODE": "sslcertmode",
    "PGSSLCOMPRESSION": "sslcompression",
    "PGSSLCRL": "sslcrl",
    "PGSSLCRLDIR": "sslcrldir",
    "PGSSLKEY": "sslkey",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMODE": "sslmode",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLSNI": "sslsni",
    "PGSYSCONFDIR": "sysconfdir",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGTZ": "",
    "PGUSER": "user",
}
"""The variables that libpq 17 and 18 read, and the keyword that each stands for, if there is one."""

FILES = (".pgpass", ".pg_service.conf")
FILES_OF_TLS = ("postgresql.crt", "postgresql.key", "root.crt", "root.crl")
"""What libpq looks for in the home folder, and in .postgresql there."""

ORIGIN = "for what database_url leaves out"
PREFIX = "PG"

_aside: dict[str, str] = {}
"""libpq's variables while they are kept from it. It reads the environment of the process by itself, and no
keyword outweighs PGSERVICE or PGTZ: only what is not there has no effect."""


@contextmanager
def set_aside() -> Iterator[None]:
    """Keep libpq's variables out of the environment of this process for the block.

    To be entered before there are threads: the environment of a process is not made for several of them.
    """
    found = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    before = dict(_aside)
    _aside.update(found)
    for name in found:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(found)
        _aside.clear()
        _aside.update(before)


def give_back() -> None:
    """Let libpq see its variables again, until the block of `set_aside` ends."""
    os.environ.update(_aside)


def whole_environment() -> dict[str, str]:
    """Return the environment as it was when this program was started."""
    return dict(os.environ) | _aside


def keywords() -> dict[str, str]:
    """Return libpq's keywords as its variables have them; an empty one counts as unset."""
    found = whole_environment()
    return {keyword: found[name] for name, keyword in KEYWORDS.items() if keyword and found.get(name)}


def variables_set() -> list[str]:
    """Return the names of libpq's variables that are set."""
    found = whole_environment()
    return [name for name in KEYWORDS if found.get(name)]


def described() -> dict[str, dict[str, object]]:
    """Return libpq's variables and files that are there, as settings are described; no secret is shown."""
    found = whole_environment()
    variables: dict[str, dict[str, object]] = {
        name: {
            "value": "***" if KEYWORDS[name] == "password" else found[name],
            "origin": f"environment, {ORIGIN}",
        }
        for name in variables_set()
    }
    home = Path.home()
    paths = [*(home / name for name in FILES), *(home / ".postgresql" / name for name in FILES_OF_TLS)]
    files: dict[str, dict[str, object]] = {
        f"~/{path.relative_to(home)}": {"value": str(path), "origin": f"libpq's file, {ORIGIN}"}
        for path in paths
        if path.exists()
    }
    return variables | files
