"""The tenant: read users by id and email, write one role array or one name, export everybody."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from musicctl.errors import NotFoundError
from musicctl.tenant import export
from musicctl.tenant.http import Http, Traffic
from musicctl.tenant.ids import checked
from musicctl.tenant.speaking import speaking
from musicctl.tenant.token import Credentials, TokenSource
from musicctl.tenant.users import TenantUser, decode, decode_list

if TYPE_CHECKING:
    from auth0.management.client import Auth0

    Request: TypeAlias = Callable[[Auth0], object]


class Tenant:
    """One Auth0 tenant, for any number of threads. Every request is sent once; the SDK's retries are off."""

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        """Take `base_url` as `https://tenant.eu.auth0.com`; nothing is sent yet."""
        self.base_url = base_url
        self._http = Http(base_url)
        self._token = TokenSource(base_url, credentials, self._http)
        self._lock = threading.Lock()
        self._made: Auth0 | None = None

    def __str__(self) -> str:
        return self.base_url

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def traffic(self) -> Traffic:
        """What was sent so far."""
        return self._http.traffic

    def user(self, user_id: str) -> TenantUser | None:
        """Return the user, or None when the tenant has no such user; reads by id are never stale."""
        checked(user_id)
        try:
            return decode(self._call("read the user", lambda sdk: sdk.users.get(user_id)))
        except NotFoundError:
            return None

    def users_by_email(self, email: str) -> list[TenantUser]:
        """Return every account with exactly this email address; Auth0 keeps most in lower case."""
        return decode_list(
            self._call("look up the email address", lambda sdk: sdk.users.list_users_by_email(email=email))
        )

    def set_roles(self, user_id: str, roles: Sequence[str]) -> None:
        """Replace the roles array in the user's app_metadata, and nothing else.

        Raises NotFoundError, or UncertainError when it may or may not have been applied.
        """
        self._update(user_id, "write the roles", app_metadata={"roles": list(roles)})

    def set_display_name(self, user_id: str, name: str) -> None:
        """Set `displayName` in the user's user_metadata, and nothing else; errors as for set_roles."""
        self._update(user_id, "write the display name", user_metadata={"displayName": name})

    def export(self) -> Iterator[TenantUser]:
        """Yield every user, from one export job; raises before the end when the export is cut short."""
        fields = [{"name": name} for name in export.FIELDS]
        job = self._call(
            "start an export job", lambda sdk: sdk.jobs.users_exports.create(format="json", fields=fields)
        )
        location = export.location_of(job, self._poll)
        return export.users_at(location, self._http)

    def _poll(self, job_id: str) -> bytes:
        with self._http.polling():
            return self._call("read the export job", lambda sdk: sdk.jobs.get(job_id))

    def _update(self, user_id: str, doing: str, **metadata: dict[str, object]) -> None:
        checked(user_id)
        self._call(doing, lambda sdk: sdk.users.update(user_id, **metadata), writing=True)

    def _call(self, doing: str, request: "Request", *, writing: bool = False) -> bytes:
        """Send one request through the SDK and return the reply's bytes, whatever its models make of them.

        The SDK's models lose a whole profile to one odd field, so the bytes are decoded by our own types.
        """
        sdk = self._sdk()
        with speaking(doing, self.base_url, writing=writing):
            request(sdk)
        return self._http.last_body()

    def _sdk(self) -> "Auth0":
        with self._lock:
            if self._made is None:
                from auth0.management.client import Auth0

                self._made = Auth0(
                    base_url=f"{self.base_url}/api/v2",
                    token=self._token,
                    httpx_client=self._http.client,
                    max_retries=0,
                )
            return self._made
