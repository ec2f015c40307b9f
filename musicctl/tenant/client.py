"""The tenant: read users by id and email, write one role array or one name, export everybody; Actions."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from musicctl.errors import MusicctlError, NotFoundError, UnavailableError
from musicctl.tenant import export
from musicctl.tenant.border import GoneError, LostReplyError
from musicctl.tenant.export import Job
from musicctl.tenant.http import Http, OnReply, Traffic
from musicctl.tenant.pacer import Kind, Rate
from musicctl.tenant.pacing import OnWait, Pacing
from musicctl.tenant.retries import Patience, Resend
from musicctl.tenant.sending import Sender, log_name
from musicctl.tenant.token import Credentials, TokenSource
from musicctl.tenant.user_ids import checked, encoded
from musicctl.tenant.users import TenantUser, decode, decode_list

if TYPE_CHECKING:
    from musicctl.tenant.actions import Actions
    from musicctl.tenant.leaving import Check

OnExport = Callable[[Iterator[TenantUser]], Iterator[TenantUser]]


class Tenant:
    """One Auth0 tenant, for any number of threads, which share one budget of requests.

    Reads are sent again while the tenant is in trouble or busy. A write is sent once: it raises
    NotFoundError, DeniedError, NotAppliedError when it certainly had no effect, or UncertainError when it
    may have had one. Every method raises StoppedError after `stop`.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        cache: Path | None = None,
        rate: Rate = Rate(),  # noqa: B008 -- frozen
        patience: Patience = Patience(),  # noqa: B008 -- frozen
        on_wait: OnWait | None = None,
        on_reply: OnReply | None = None,
        on_export: OnExport | None = None,
        on_hang: Callable[[str], None] | None = None,
    ) -> None:
        """Take `base_url` as `https://tenant.eu.auth0.com`; nothing is sent yet.

        `cache` is the folder to keep the access token in, and `on_wait` is told of waits that are long, by
        the thread that waits; `on_reply` is told of each reply, by the thread that asked. `on_export` is
        given the users of each export, and passes them on. `on_hang` is told, line by line, who waits for
        what where nothing happens any more.
        """
        self.base_url = base_url
        self.on_hang = on_hang or _ignore
        self._halted: MusicctlError | None = None
        self._pacing = Pacing(rate, on_wait)
        self._on_export = on_export or _unwatched
        self._http = Http(base_url, self._pacing, patience, on_reply)
        self._sender = Sender(self._http, TokenSource(base_url, credentials, self._http, cache))

    def __str__(self) -> str:
        return self.base_url

    def stop(self, because: MusicctlError | None = None) -> None:
        """End every wait of every thread, and send nothing any more; `check` then raises `because`."""
        self._halted = self._halted or because
        self._pacing.stop()

    def check(self) -> None:
        """Raise what the tenant was stopped for, if that was said."""
        if self._halted is not None:
            raise self._halted

    def pause(self, seconds: float, reason: str) -> None:
        """Wait, and tell of it where it is long; raises StoppedError as soon as the tenant is stopped."""
        self._pacing.pause(seconds, reason)

    @property
    def signs_of_life(self) -> int:
        """How often anything was sent, or any reply came: what stays the same tells of a hang."""
        return self._pacing.signs_of_life

    @property
    def longest_told(self) -> float:
        """The seconds of the longest wait that there was reason for so far."""
        return self._pacing.longest_told

    def standing(self) -> list[str]:
        """Say which thread waits for what of the rate limit, and which holds a part of it."""
        return self._pacing.standing()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        return self._http.traffic

    @cached_property
    def actions(self) -> "Actions":
        """Its Actions; few commands need them."""
        from musicctl.tenant.actions import Actions

        return Actions(self._http, self._sender)

    def user(self, user_id: str) -> TenantUser | None:
        """Return the user, or None when the tenant has no such user; reads by id are never stale."""
        checked(user_id)
        try:
            return self._sender.call(
                "read the user",
                Kind.READ_USERS,
                Resend.ALWAYS,
                lambda sdk: sdk.users.get(user_id),
                partial(self._same_user, user_id),
                about=user_id,
            )
        except GoneError:
            return None

    def users_by_email(self, email: str) -> list[TenantUser]:
        """Return every account with exactly this email address; Auth0 keeps most in lower case."""
        encoded(email, "an email address")
        return self._sender.call(
            "look up the email address",
            Kind.READ_USERS,
            Resend.ALWAYS,
            lambda sdk: sdk.users.list_users_by_email(email=email),
            decode_list,
        )

    def asked_at(self) -> float:
        """Return when this thread's last request left, by `clock`: after its token and its connection."""
        return self._http.asked_at()

    def replied_at(self) -> float:
        """Return when the reply to it began to arrive, by `clock`."""
        return self._http.replied_at()

    def reserved_write(self, before_leaving: "Check | None" = None) -> AbstractContextManager[None]:
        """Hold the budget for one read of a user and one write, for this thread to use within.

        It is waited for before the block is entered, so that the write follows the read without a wait; what
        is not used is given back. When the tenant refuses writes in the meantime, the write raises
        ThrottledError without being sent. `before_leaving` is called last before a write's bytes leave, when
        its token and its connection are there; what it raises keeps them back, and comes out of the write.
        """
        return self._sender.reserved(Kind.WRITE_USERS, Kind.READ_USERS, before_leaving=before_leaving)

    def set_roles(self, user_id: str, roles: Sequence[str], *, correlation_id: str | None = None) -> None:
        """Replace the roles array in the user's app_metadata, and nothing else.

        `correlation_id`, at most 64 characters, is what the tenant's own log will name the write by.
        """
        self._update(user_id, "write the roles", correlation_id, app_metadata={"roles": list(roles)})

    def set_display_name(self, user_id: str, name: str | None, *, correlation_id: str | None = None) -> None:
        """Set or remove `displayName` in the user's user_metadata, and nothing else; like set_roles."""
        self._update(user_id, "write the display name", correlation_id, user_metadata={"displayName": name})

    def export(self, odd: Callable[[str], None] | None = None) -> Iterator[TenantUser]:
        """Yield every user, from one export job; raises before the end when the export is cut short.

        `odd` is told of each line that is sound JSON but names no user id, by its beginning.
        """
        started = self._sender.call(
            "start an export job",
            Kind.OTHER,
            Resend.IF_NOT_APPLIED,
            lambda sdk: sdk.jobs.users_exports.create(
                format="json", fields=[{"name": name} for name in export.FIELDS]
            ),
            export.read_job,
        )
        done = export.completed(started, self._poll, self._pacing.pause)
        return self._on_export(export.users(done, self._poll, self._http, odd or _ignore))

    def _poll(self, job_id: str) -> Job:
        try:
            with self._http.polling():
                return self._sender.call(
                    "read the export job",
                    Kind.OTHER,
                    Resend.ALWAYS,
                    lambda sdk: sdk.jobs.get(job_id),
                    export.read_job,
                )
        except NotFoundError as error:
            raise UnavailableError(error.what, hint="start the refresh again") from None

    def _update(
        self, user_id: str, doing: str, correlation_id: str | None, **metadata: dict[str, object]
    ) -> None:
        checked(user_id)
        named = log_name(correlation_id)
        self._sender.call(
            doing,
            Kind.WRITE_USERS,
            Resend.NEVER,
            lambda sdk: sdk.users.update(user_id, **metadata, **named),
            partial(self._same_user, user_id),
            about=user_id,
        )

    def _same_user(self, user_id: str, body: bytes) -> TenantUser:
        """Return the user in a reply, which must be the one that was asked about."""
        user = decode(body)
        if user is None or user.user_id != user_id:
            raise LostReplyError(f"{self} answered with something else than the user {user_id}")
        return user


def _ignore(_line: str) -> None:
    pass


def _unwatched(users: Iterator[TenantUser]) -> Iterator[TenantUser]:
    return users
