"""The border to Auth0: errors of the SDK and of httpx become ours; `str()` of theirs prints all headers."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from musicctl.errors import BusyError, DeniedError, MusicctlError, NotFoundError, UnavailableError

SCOPES = re.compile(r"expected any of: ?([\w:, ]+)")


class UncertainError(UnavailableError):
    """A write was sent and its reply did not arrive or cannot be read: it may have been applied, or not."""


@contextmanager
def speaking(doing: str, tenant: str, *, writing: bool = False) -> Iterator[None]:
    """Turn errors of `tenant` into MusicctlError; `doing` says what was done, as a verb.

    While `writing`, an error that leaves open whether the write was applied is an UncertainError. A reply
    that is sound JSON but no profile by the SDK's models is no error: our own types judge it.
    """
    import httpx
    from auth0.management.core.api_error import ApiError
    from auth0.management.core.parse_error import ParsingError

    try:
        yield
    except ParsingError:
        return
    except ApiError as error:
        raise _refused(error.status_code or 0, error.body, doing, tenant, writing=writing) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _unreachable(error, doing, tenant) from None
    except httpx.HTTPError as error:
        kind = UncertainError if writing else UnavailableError
        reason = "no reply in time" if isinstance(error, httpx.TimeoutException) else "the connection was cut"
        raise kind(f"could not {doing}: {tenant}: {reason}", hint="try again") from None


def refused(status: int, body: object, doing: str, tenant: str) -> MusicctlError:
    """Return the error for a reply of `status` that a request other than the SDK's got."""
    return _refused(status, body, doing, tenant, writing=False)


def _refused(status: int, body: object, doing: str, tenant: str, *, writing: bool) -> MusicctlError:
    said = _said(body)
    what = f"could not {doing}: {tenant} answered {status}" + (f": {said}" if said else "")
    if status in (401, 403):
        scopes = SCOPES.search(said)
        hint = f"grant the application one of these scopes: {scopes[1].strip()}" if scopes else ""
        return DeniedError(what, hint=hint or "check auth0_client_id, auth0_client_secret and auth0_audience")
    if status == 404:
        return NotFoundError(what)
    if status == 429:
        return BusyError(what, hint="the tenant's rate limit is used up; try again in a minute")
    if 400 <= status < 500:
        return MusicctlError(what)
    if writing:
        return UncertainError(what)
    return UnavailableError(what, hint="try again; https://status.auth0.com tells of outages")


def _unreachable(error: Exception, doing: str, tenant: str) -> UnavailableError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UnavailableError(
        f"could not {doing}: {tenant} cannot be reached: {reason}", hint="check auth0_domain and the network"
    )


def _said(body: object) -> str:
    """Return the message of an error body on one line; a page of HTML says nothing worth showing."""
    if isinstance(body, Mapping):
        text = body.get("message") or body.get("error_description") or body.get("error") or ""
        return " ".join(str(text).split())[:300]
    return "" if body is None else "a reply that is not JSON"
