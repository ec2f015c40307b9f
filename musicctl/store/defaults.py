"""What a URL leaves out: for a named profile nothing of libpq's environment and files, else as libpq does."""

from collections.abc import Mapping
from pathlib import Path

from musicctl.errors import ConfigError
from musicctl.store.address import checked

NOWHERE = "/dev/null/none"
"""A path that leads nowhere on any machine: libpq looks for its own files only where none is named."""

ALONE = {"passfile": NOWHERE, "sslcert": NOWHERE, "sslrootcert": NOWHERE, "sslcrl": NOWHERE}
"""The files that libpq would look for in the home folder: .pgpass, and the three of .postgresql."""

OURS = {"application_name": "musicctl"}
FIXED = {"client_encoding": "UTF8"}

SERVERS = frozenset(
    {"connect_timeout", "host", "hostaddr", "load_balance_hosts", "port", "target_session_attrs"}
)
"""What we must know to go from server to server; libpq takes the rest from its environment by itself."""


def filled(keywords: Mapping[str, str], libpqs: Mapping[str, str] | None) -> dict[str, str]:
    """Return all keywords for the driver, for what a URL says and what libpq's environment has for it.

    `libpqs` is None for a profile that takes nothing from there. Otherwise it has libpq's keywords, and the
    folders and files of services as `servicefile` and `sysconfdir`. Raises ConfigError for a value that
    libpq would refuse, and a service that is not there.
    """
    found = dict(keywords)
    around = {} if libpqs is None else libpqs
    service = found.pop("service", None) or around.get("service")
    if service:
        found = _service(service, around) | found
    found = {name: around[name] for name in SERVERS & around.keys()} | found
    if libpqs is None:
        found = _alone(found)
    _require_certificates(found)
    return OURS | checked(found) | FIXED


def _alone(found: dict[str, str]) -> dict[str, str]:
    verified = found.get("sslmode", "").startswith("verify")
    if verified and not found.get("sslrootcert"):
        raise ConfigError(
            f"sslmode={found['sslmode']} needs sslrootcert, the certificates to verify against:"
            " a named profile does not use the file that libpq would look for in the home folder",
            hint="add sslrootcert=system, or sslrootcert=/path/of/root.crt, to database_url",
        )
    return ALONE | found


def _require_certificates(found: Mapping[str, str]) -> None:
    named = found.get("sslrootcert")
    if found.get("sslmode", "").startswith("verify") and named and named != "system":
        path = Path(named)
        if not path.exists():
            raise ConfigError(
                f"the certificates that sslmode={found['sslmode']} verifies against are not in {path}",
                hint="sslrootcert in database_url names the file",
            )


def _service(name: str, around: Mapping[str, str]) -> dict[str, str]:
    """Return what the file of services says of one; the first file that has it counts, as with libpq."""
    own = around.get("servicefile")
    folder = around.get("sysconfdir")
    files = [Path(own) if own else Path("~/.pg_service.conf").expanduser()]
    files += [Path(folder) / "pg_service.conf"] if folder else []
    for file in files:
        found = _section(file, name)
        if found is not None:
            return found
    raise ConfigError(
        f"there is no service {name} in {' or '.join(map(str, files))}",
        hint="database_url, or PGSERVICE for the profile env, names it",
    )


def _section(file: Path, name: str) -> dict[str, str] | None:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8", hint="save it as UTF-8") from None
    found: dict[str, str] | None = None
    for line in filter(None, map(str.strip, lines)):
        if line.startswith("["):
            if found is not None:
                break
            found = {} if line == f"[{name}]" else None
        elif found is not None and not line.startswith("#"):
            keyword, equals, value = line.partition("=")
            if not equals or keyword == "service":
                raise ConfigError(
                    f"{file}: the service {name} has a line that is not keyword=value",
                    hint="LDAP and services within services are not read",
                )
            found.setdefault(keyword, value)  # the first one counts, as with libpq
    return found
