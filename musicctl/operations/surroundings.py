"""Says what who reads the database should know before: how old the mirror is, and what the account may do."""

from musicctl.store import mirror, surroundings
from musicctl.store.database import Database
from musicctl.store.surroundings import Surroundings

SUPERUSER = "warning: this account is a superuser, whom Postgres refuses nothing"


def notes(database: Database) -> list[str]:
    """Say how old the mirror is, and warn of an account to which nothing is forbidden."""
    known = surroundings.find(database)
    return [*([SUPERUSER] if known.superuser else []), _mirror(known)]


def mirror_note(database: Database) -> str:
    """Say how old the mirror is."""
    return _mirror(surroundings.find(database))


def require_tenant(database: Database, domain: str) -> None:
    """Raise ConfigError when another tenant than the one at `domain` is mirrored."""
    mirror.require(database, domain)


def _mirror(known: Surroundings) -> str:
    if known.age_seconds is None:
        return "the mirror of the tenant was never filled: musicctl mirror refresh"
    return f"the mirror of the tenant is {_age(known.age_seconds)} old"


def _age(seconds: float) -> str:
    """Return a duration as people say it, in the largest unit that fits."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
