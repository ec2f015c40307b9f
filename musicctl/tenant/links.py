"""The link of an export: where it may lead, since a tenant that was taken over must not send us anywhere."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from musicctl.errors import UnavailableError
from musicctl.redaction import hide

Address = IPv4Address | IPv6Address

UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff\u2028\u2029]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?(/|\Z)")
EMBEDDED = ip_network("64:ff9b::/96")
"""Where NAT64 keeps an IPv4 address in its last 32 bits."""


class Link(NamedTuple):
    """Where a file is, as a whole address, and whether that must be one of the internet's."""

    address: str
    public: bool


def link(job_id: str, location: str | None, tenant: str) -> Link:
    """Return where the file of a job is; raises UnavailableError for one that is not fit.

    It must be https, unless the `tenant` is http itself, which is so on this machine alone; and if the tenant
    is at public addresses, so must the file be: a name may lead elsewhere when it is asked again, so who
    connects goes by `public_addresses`. Nothing of the link is shown but its host: it is signed.
    """
    if not location:
        raise _refused(job_id, "has no file")
    if UNFIT.search(location) or not location.isascii():
        raise _refused(job_id, "has a link with characters that no link has")
    if SCHEME.match(location):
        whole = location
    elif HOST.match(location):
        whole = f"https://{location}"
    else:
        raise _refused(job_id, "has a link that leads to no host")
    return _fit(job_id, whole, urlsplit(tenant))


def public(address: Address) -> bool:
    """Tell whether an address is one of the internet's; one of IPv4 in one of IPv6 counts as what it is."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in EMBEDDED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return public(inner)
    return address.is_global and not address.is_multicast


def public_addresses(host: str, port: int) -> list[str]:
    """Ask once where a host is, and return that to connect to; raises OSError, as asking does.

    Raises UnavailableError where any of it is not public.
    """
    found = _addresses(host, port)
    if not all(map(_is_public, found)):
        raise UnavailableError(
            f"the link of the tenant's export leads to {host}, which is no public address any more, though"
            " the tenant's is; the mirror keeps its last good state",
            hint="look at what the export link really leads to; nothing was changed",
        )
    return found


def _fit(job_id: str, whole: str, tenant: SplitResult) -> Link:
    try:
        parts = urlsplit(whole)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(job_id, "has a link that cannot be read") from None
    if not host:
        raise _refused(job_id, "has a link that leads to no host")
    if parts.username is not None or parts.password is not None:
        raise _refused(job_id, f"has a link to {host} with a user and a password in it")
    if parts.scheme not in ("https", tenant.scheme):
        raise _refused(job_id, f"has a link to {host} by {parts.scheme}, and not by https")
    own = tenant.hostname or ""
    confined = tenant.scheme == "https" and host != own and _all_public(own)
    if confined and not _all_public(host):
        raise _refused(job_id, f"has a link to {host}, which is no public address, though the tenant's is")
    hide(parts.query)
    return Link(whole, confined)


def _all_public(host: str) -> bool:
    """Tell whether a host is public; one whose name leads nowhere here may be known to a proxy."""
    try:
        return all(map(_is_public, _addresses(host, 443)))
    except (OSError, UnicodeError):
        return True


def _addresses(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_public(address: str) -> bool:
    return public(ip_address(address.partition("%")[0]))


def _refused(job_id: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"the tenant's export job {job_id} is complete but {why}; the mirror keeps its last good state",
        hint="check auth0_domain; nothing was changed",
    )
