"""One command's part of the manual, and the exit codes that commands of a kind have in common."""

from dataclasses import dataclass

from musicctl.errors import Exit

STOPPED = {Exit.HUNGUP, Exit.INTERRUPTED, Exit.TERMINATED}
ALWAYS = frozenset({Exit.OK, Exit.FAILED, Exit.USAGE, Exit.BUG, *STOPPED})
"""What any command may end with."""

PROFILE = frozenset({Exit.UNAVAILABLE, Exit.CONFIG})
"""Of those that take a profile: it may be wrong, or be the sandbox while that is down."""

DATABASE = PROFILE | {Exit.DENIED, Exit.BUSY}
"""Of those that speak to Postgres, where another connection may hold what they need."""

TENANT = DATABASE
"""Of those that speak to Auth0, which limits requests."""

USER = TENANT | {Exit.NOT_FOUND}
"""Of those that take a USER: an email address is looked up in the tenant."""

SEVERAL = USER | {Exit.PARTIAL}
"""Of those that take several, of which some may not do."""

LEASE = TENANT | {Exit.REFUSED, Exit.PARTIAL}
"""Of those that write roles or names: under a lease, its guards and a hold."""


@dataclass(frozen=True, slots=True)
class Manual:
    """Two or more command lines that work, and every exit code that the command can give."""

    examples: tuple[str, ...]
    exits: frozenset[Exit]


def manual(*examples: str, exits: frozenset[Exit] = frozenset()) -> Manual:
    """Return the manual of a command with these examples, and these exit codes beside those of any."""
    return Manual(examples, ALWAYS | exits)
