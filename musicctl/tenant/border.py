"""The border to Auth0: what came of a request, as one of our errors, in our words and without its headers."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socket import EAI_NONAME, gaierror
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from musicctl.errors import BusyError, DeniedError, MusicctlError, NotFoundError, UnavailableError
from musicctl.redaction import redacted
from musicctl.tenant.lenient_json import UNREADABLE, reader

if TYPE_CHECKING:
    import httpx

SCOPES = re.compile(r"expected any of: ?([\w:, ]+)")
LONGEST_SAID = 4096
LIKE_SERVER_ERRORS = (408, 409)
"""Auth0 documents neither for users; its own SDK sends a request again after them as after a 5xx."""


NO_SUCH_USER, NO_SUCH_USER_SAID = "inexistent_user", "The user does not exist."
"""How Auth0 says it: by its code, and in older words without one."""


class LostReplyError(UnavailableError):
    """No reply came, or one that cannot be read or tells of trouble at the tenant's side."""


class BadReplyError(UnavailableError):
    """A reply came that cannot be taken, such as one without an end; it would be the same the next time."""


class GoneError(NotFoundError):
    """The tenant itself says that it has no such user."""


class ForbiddenError(DeniedError):
    """The tenant refuses a request about one user, in words about no scope: another may be let through."""


class UncertainError(UnavailableError):
    """A write was sent and its reply is lost in the same sense: it may have been applied, or not."""


class NotAppliedError(MusicctlError):
    """The request certainly had no effect. Who writes goes back to the read and decides again."""


class ThrottledError(NotAppliedError, BusyError):
    """The tenant answered 429; more requests are allowed in `wait` seconds, None when it did not say."""

    def __init__(self, what: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(what, hint=hint)
        self.wait = wait


class UnreachableError(NotAppliedError, UnavailableError):
    """No connection was made."""


class StoppedError(NotAppliedError):
    """The tenant was told to stop before the request was sent."""


class _Said(msgspec.Struct):
    """The fields of an error body that may hold its message."""

    statusCode: object = None  # noqa: N815 -- Auth0's name
    errorCode: object = None  # noqa: N815 -- Auth0's name
    message: object = None
    error_description: object = None
    error: object = None


_said = reader(_Said)


@contextmanager
def speaking(doing: str, tenant: str, *, writing: bool = False) -> Iterator[None]:
    """Turn errors of the connection to `tenant` into MusicctlError; `doing` says what was done, as a verb.

    While `writing`, an error that leaves open whether the write was applied is an UncertainError.
    """
    import httpx

    from musicctl.tenant.bounds import UnboundedError

    try:
        yield
    except httpx.ConnectError as error:
        raise _unreachable(error, doing, tenant) from None
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise UnreachableError(
            f"could not {doing}: {tenant} cannot be reached: no connection in time",
            hint="check auth0_domain and the network",
        ) from None
    except httpx.ProxyError as error:
        raise UnreachableError(
            f"could not {doing}: the proxy refused to connect to {tenant}: {_first_line(error)}",
            hint="check HTTPS_PROXY and NO_PROXY",
        ) from None
    except httpx.HTTPError as error:
        for_good = isinstance(error, UnboundedError) or _is_no_http(error)
        sure: type[MusicctlError] = BadReplyError if for_good else LostReplyError
        kind = UncertainError if writing else sure
        raise kind(f"could not {doing}: {tenant}: {_how_lost(error)}", hint="try again") from None


def refused(
    reply: "httpx.Response",
    body: bytes,
    doing: str,
    tenant: str,
    *,
    writing: bool = False,
    wait: float | None = None,
    of_users: bool = False,
) -> MusicctlError:
    """Return the error for a reply that is not a success; `wait` is the seconds after which a 429 is over.

    What refuses in other words than the tenant's own is something that stands before it, and says nothing
    about users, credentials or what became of a write: the reply is lost. `of_users` is a request about one.
    """
    status = reply.status_code
    said = message(body)
    what = f"could not {doing}: {tenant} answered {status}" + (f": {said}" if said else "")
    if status < 400:
        return _elsewhere(reply, doing, tenant, writing=writing)
    if status < 500 and status != 429 and not _is_the_tenants(status, body, of_users=of_users):
        kind = UncertainError if writing else LostReplyError
        return kind(what, hint="that is not how Auth0 answers: check auth0_domain and any proxy or firewall")
    if status in (401, 403, 404):
        about_one = of_users and status == 403 and _is_about_one(body)
        return (
            _denied(what, said, about_one=about_one) if status != 404 else _missing(what, of_users=of_users)
        )
    if status == 429:
        return ThrottledError(what, hint="the tenant's rate limit is used up; try again later", wait=wait)
    if 400 <= status < 500 and status not in LIKE_SERVER_ERRORS:
        return MusicctlError(
            what, hint="the tenant's log says more about it; musicctl config show, which tenant this is"
        )
    kind = UncertainError if writing else LostReplyError
    return kind(what, hint="try again; https://status.auth0.com tells of outages" if status >= 500 else "")


def _is_the_tenants(status: int, body: bytes, *, of_users: bool) -> bool:
    """Tell whether a refusal is in Auth0's words; an empty one may be, but for one that says 404.

    Auth0's router answers 404 to a path that it does not know, in the same form but without a code.
    """
    found = _decoded(body)
    if status != 404:
        return found is not None or not body
    if found is None:
        return False
    if found.errorCode == NO_SUCH_USER or not of_users:
        return True
    return found.statusCode == 404 and found.message == NO_SUCH_USER_SAID


def _missing(what: str, *, of_users: bool) -> NotFoundError:
    kind = GoneError if of_users else NotFoundError
    return kind(what, hint="check the id, and that auth0_domain is the right tenant")


def _is_about_one(body: bytes) -> bool:
    """Tell whether Auth0 refuses with a code of its own that is about no scope."""
    decoded = _decoded(body)
    code = None if decoded is None else decoded.errorCode
    return isinstance(code, str) and "scope" not in code


def _denied(what: str, said: str, *, about_one: bool = False) -> DeniedError:
    if about_one:
        return ForbiddenError(what, hint="the tenant's log says why it refuses this user")
    scopes = SCOPES.search(said)
    hint = f"grant the application one of these scopes: {scopes[1].strip()}" if scopes else ""
    return DeniedError(what, hint=hint or "check auth0_client_id, its secret or key, and auth0_audience")


def _elsewhere(reply: "httpx.Response", doing: str, tenant: str, *, writing: bool) -> MusicctlError:
    """Return the error for a reply that sends us on, or that nobody asked for: the next would be the same."""
    place = host_of(str(reply.extensions["location"]))
    kind = UncertainError if writing else UnavailableError
    return kind(
        f"could not {doing}: {tenant} answered {reply.status_code}"
        f" and sends us to {place}, which is not asked",
        hint="check auth0_domain, and whether a proxy or a login page stands between",
    )


def host_of(address: str) -> str:
    """Return the host of an address for people; the rest of it may be a secret."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "no place that can be read"
    if not host:
        return "another page of its own" if address.startswith("/") else "no place that can be read"
    return f"{host}:{port}" if port else host


def message(body: bytes) -> str:
    """Return what an error body says, on one line; a page of HTML says nothing worth showing."""
    if not body:
        return ""
    found = _decoded(body)
    if found is None:
        return "a reply that is not JSON"
    text = found.message or found.error_description or found.error or ""
    # Before it is cut: what is left of a secret at the cut would be harder to know.
    return redacted(" ".join(str(text)[:LONGEST_SAID].split()))[:300]


def _decoded(body: bytes) -> _Said | None:
    try:
        return _said(body)
    except UNREADABLE:
        return None


def _how_lost(error: "httpx.HTTPError") -> str:
    import httpx

    from musicctl.tenant.bounds import SLOW, UnboundedError

    if isinstance(error, httpx.TimeoutException):
        return SLOW if SLOW in str(error) else "no reply in time"
    if isinstance(error, UnboundedError):
        return str(error)
    if _is_no_http(error):
        return "what it sent is no reply that can be read: no HTTP, or headers without an end"
    if isinstance(error, httpx.DecodingError):
        return "the reply cannot be unpacked"
    if isinstance(error, httpx.UnsupportedProtocol):
        return "it is no http address"
    return "the connection was cut"


def _is_no_http(error: "httpx.HTTPError") -> bool:
    """Tell whether a reply broke the protocol, other than by ending early."""
    import httpx

    early = ("disconnected", "peer closed")
    return isinstance(error, httpx.RemoteProtocolError) and not any(word in str(error) for word in early)


def _unreachable(error: "httpx.ConnectError", doing: str, tenant: str) -> MusicctlError:
    what = f"could not {doing}: {tenant} cannot be reached"
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnavailableError(
                f"{what}: its certificate is not accepted: {cause.verify_message.rstrip('.')}",
                hint="check auth0_domain; SSL_CERT_FILE names further authorities, such as a proxy's",
            )
        if isinstance(cause, gaierror) and cause.errno == EAI_NONAME:
            return UnavailableError(f"{what}: there is no such host", hint="check auth0_domain")
        if isinstance(cause, gaierror):
            return UnreachableError(f"{what}: the name service does not answer", hint="check the network")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return UnreachableError(f"{what}: it does not speak TLS as we do", hint="check auth0_domain")
    return UnreachableError(f"{what}: {_first_line(error)}", hint="check auth0_domain and the network")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _first_line(error: Exception) -> str:
    return redacted(str(error).splitlines()[0]) if str(error) else type(error).__name__
