"""One command's view of the world: its settings, and the stores they name, opened when first used."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from musicctl import settings
from musicctl.cli import verbose
from musicctl.cli.deadline import promptly
from musicctl.cli.output import terminal_width
from musicctl.cli.pointing import with_profile
from musicctl.cli.progress import counted
from musicctl.errors import ConfigError, UnknownUserError
from musicctl.operations import connect, lookup
from musicctl.redaction import redacted
from musicctl.render.text import safe, wrapped
from musicctl.settings.environment import actor, cache_folder, person_present

if TYPE_CHECKING:
    from musicctl.operations.question import Question
    from musicctl.operations.who import Who
    from musicctl.store.database import Database
    from musicctl.tenant.client import Tenant


WORTH_LOGGING = 10.0
"""Seconds from which on a wait is told of although no person is there: a log has to show where time went."""

HOW_TO_ENCRYPT = "sslmode=verify-full in database_url asks for TLS"


def talk(quiet: bool) -> Callable[[str], None]:
    """Return what tells people something on stderr, or nothing when they asked for quiet.

    Where nobody can be told any more, since the terminal or a pipe has gone, the command goes on.
    """

    def say(line: str) -> None:
        if not quiet:
            with suppress(OSError):
                told = safe(redacted(line, ours=True))
                print(wrapped(told, terminal_width(to_stderr=True)), file=sys.stderr, flush=True)

    return say


def tell_of_settings(chosen: settings.Settings, say: Callable[[str], None]) -> None:
    """Say how the profile was chosen where it was not named, and which variables have no effect on it."""
    for line in filter(None, (chosen.note, *settings.unused_variables(chosen.profile))):
        say(line)


class Session:
    """Made once by each command from its shared options."""

    def __init__(self, profile: str | None, *, quiet: bool = False) -> None:
        """Choose the profile; raises ConfigError or UnavailableError when there is none to use."""
        self.quiet = quiet
        self._announced = False
        self._told_in_clear: set[str] = set()
        self._named = profile
        self.settings = settings.load(profile)
        tell_of_settings(self.settings, self.say)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Close what was opened; say who may have been meant by a user who is not there."""
        if isinstance(error, UnknownUserError):
            self._point_to_neighbours(error)
        for opened in ("database", "tenant"):
            if opened in self.__dict__:  # where cached_property keeps it
                getattr(self, opened).close()

    @cached_property
    def database(self) -> "Database":
        """The profile's database."""
        chosen = self.settings
        return connect.database(
            chosen.database_url, chosen.libpqs, on_clear=self.tell_in_clear, on_hidden=self.tell_hidden
        )

    @cached_property
    def tenant(self) -> "Tenant":
        """The profile's tenant."""
        chosen, rate = self.settings, self.settings.rate
        return connect.tenant(
            chosen.auth0_domain,
            client_id=chosen.auth0_client_id,
            audience=chosen.auth0_audience,
            client_secret=chosen.auth0_client_secret,
            private_key=chosen.auth0_private_key,
            cache=cache_folder(),
            share=rate.number / 100 if rate.percent else 1.0,
            per_second=self.per_second,
            on_wait=self._tell_wait,
            on_reply=self._tell_reply if verbose.is_on() else None,
            on_export=partial(counted, shown=not self.quiet),
            on_hang=talk(False),
        )

    @property
    def who(self) -> "Who":
        """Who runs this command, for the journal."""
        from musicctl.operations.who import Who

        return Who(actor=actor(), present=person_present(), profile=self.settings.profile)

    @property
    def per_second(self) -> float | None:
        """How many requests a second the profile allows; None where it is a share of the tenant's limit."""
        rate = self.settings.rate
        return None if rate.percent else rate.number

    def question(self, *, refresh: bool = False, threshold: int | None = None) -> "Question":
        """Return what a plan of this profile answers, or what it would with another threshold."""
        from musicctl.operations.question import question

        return question(
            role=self.settings.role,
            threshold=self.settings.threshold if threshold is None else threshold,
            plays_query=self.settings.plays_query,
            max_age=self.settings.mirror_max_age,
            actor=actor(),
            limits=self.settings.limits,
            promotes=self.settings.guard_promote,
            refresh=refresh,
        )

    def user(self, text: str, *, granting: bool = False) -> str:
        """Return the user id that a USER argument stands for.

        Where the role is given by hand, say that an address is not verified: anybody could have signed up
        with it.
        """
        return lookup.user_id(text, lambda: self.tenant, tell=self.say if granting else None)

    def pointed(self, line: str) -> str:
        """Return a text whose commands name the profile that this one was given."""
        return with_profile(line, self._named)

    def say(self, line: str) -> None:
        """Tell people something on stderr, unless they asked for quiet."""
        talk(self.quiet)(self.pointed(line))

    def _tell_wait(self, seconds: float, reason: str) -> None:
        """Tell why nothing happens, above a progress bar: a person of any wait, a log of long ones."""
        if person_present() or seconds >= WORTH_LOGGING:
            self.say(f"waiting for {seconds:.0f} s: {reason}")

    def _tell_reply(self, request: str, status: int, seconds: float) -> None:
        """Tell of one request, whatever was said of being quiet: it was asked for."""
        talk(False)(f"{request}: {status} after {1000 * seconds:,.0f} ms")

    def _point_to_neighbours(self, error: UnknownUserError) -> None:
        from musicctl.operations import neighbours

        def ask() -> list[str]:
            return [each for user in error.users[:3] for each in neighbours.near(url, user, libpqs)]

        with suppress(ConfigError):  # a command of the tenant alone needs no database
            url, libpqs = self.settings.database_url, self.settings.libpqs
            found = promptly(ask)
            if found:
                error.hint = f"did you mean {' or '.join(found)}?"
                error.details = {"near": found}

    def announce_write(self, *stores: object) -> None:
        """Say where a write is about to go, once."""
        if not self._announced:
            places = " and ".join(self._place(store) for store in stores)
            self.say(f"profile {self.settings.profile}: writing to {places}")
            if self.__dict__.get("database") in stores:
                self.warn_of_superuser()
        self._announced = True

    def warn_of_superuser(self) -> None:
        """Warn whoever writes over a connection to which nothing is forbidden."""
        from musicctl.operations.surroundings import SUPERUSER

        if self.database.as_superuser():
            self.say(SUPERUSER)

    def tell_in_clear(self, place: str) -> None:
        """Warn, once, that what goes to a database can be read and changed by whoever is on the way."""
        if place not in self._told_in_clear:
            self._told_in_clear.add(place)
            self.say(f"warning: what goes to Postgres at {place} is not encrypted: {HOW_TO_ENCRYPT}")

    def tell_hidden(self, doing: str) -> None:
        """Warn that what follows may be a part only."""
        self.say(f"warning: could not {doing} whole: row-level security may hide rows from this account")

    def _place(self, store: object) -> str:
        """Name a store for people: the database as the connection to it says, wherever it was to be.

        The folder of the sandbox's socket would say nothing to them.
        """
        if store is not self.__dict__.get("database"):
            return str(store)
        return "the sandbox's Postgres" if self.settings.profile == "sandbox" else self.database.reached()
