"""The tenant's public signing keys: read over HTTP under limits, and kept for a while in the cache folder."""

import hashlib
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from musicctl.errors import MusicctlError, UnavailableError
from musicctl.tenant import private_file
from musicctl.tenant.border import host_of, message, speaking
from musicctl.tenant.http import Http
from musicctl.tenant.lenient_json import UNREADABLE, reader
from musicctl.tenant.pacer import Rate
from musicctl.tenant.pacing import Pacing
from musicctl.tenant.retries import Patience

if TYPE_CHECKING:
    import httpx

DEADLINE = 4.0
"""Seconds for all of it, the name service and a reply that trickles in included."""

KEPT = 600.0
"""Seconds for which a key is trusted that the tenant may have revoked since."""

LARGEST = 256 * 1024
"""Bytes of a key set; Auth0's have some 5,000."""

DOING = "read the tenant's signing keys"

Jwk: TypeAlias = Mapping[str, object]
"""A public key as a JSON Web Key (RFC 7517)."""


class _KeySet(msgspec.Struct):
    keys: list[dict[str, object]]


class _Kept(msgspec.Struct):
    read_at: float
    keys: list[dict[str, object]]


_key_set = reader(_KeySet)
_kept = reader(_Kept)


class KeySet:
    """The keys of the tenant at `base_url`, by their names."""

    def __init__(self, base_url: str, cache: Path | None) -> None:
        """Take the tenant, and the folder to keep its keys in, or None to keep nothing."""
        name = hashlib.sha256(base_url.encode()).hexdigest()[:32]
        self._base_url = base_url
        self._path = None if cache is None else cache / "keys" / f"{name}.json"

    def find(self, kid: str) -> Jwk | None:
        """Return the key called `kid`: a kept one, else what the tenant says now.

        Raises UnavailableError when the tenant cannot be asked, or answers with anything but keys.
        """
        kept = self._from_cache().get(kid)
        return kept if kept is not None else self._from_tenant().get(kid)

    def _from_cache(self) -> dict[str, Jwk]:
        content = None if self._path is None else private_file.read(self._path, 2 * LARGEST)
        try:
            kept = _kept(content or b"")
            fresh = 0.0 <= time.time() - kept.read_at < KEPT
            return _named(kept.keys, self._base_url) if fresh else {}
        except (*UNREADABLE, UnavailableError):  # nothing that the tenant would be believed either
            return {}

    def _from_tenant(self) -> dict[str, Jwk]:
        body = _within(DEADLINE, self._base_url)
        keys = _decoded(body, self._base_url)
        found = _named(keys, self._base_url)
        if self._path is not None:
            private_file.write(self._path, msgspec.json.encode(_Kept(time.time(), keys)))
        return found


def _decoded(body: bytes, tenant: str) -> list[dict[str, object]]:
    try:
        keys = _key_set(body).keys
    except UNREADABLE:
        raise _no_keys(tenant, "it sent something that is no set of keys") from None
    if not keys:
        raise _no_keys(tenant, "it publishes none")
    return keys


def _named(keys: list[dict[str, object]], tenant: str) -> dict[str, Jwk]:
    """Return the keys by name; one without a name cannot be asked for."""
    found: dict[str, Jwk] = {}
    for key in keys:
        kid = key.get("kid")
        if isinstance(kid, str):
            if kid in found:
                raise _no_keys(tenant, f"two of them have the same kid, {kid}")
            found[kid] = key
    return found


def _within(seconds: float, base_url: str) -> bytes:
    """Return the reply's body in time.

    A thread of its own does it, since no time limit of httpx covers the name service, or a reply of which
    one byte comes now and then.
    """
    answer: SimpleQueue[bytes | MusicctlError] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(_read(base_url, seconds))
        except MusicctlError as error:
            answer.put(error)

    threading.Thread(target=ask, name="signing keys", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise _no_keys(base_url, f"no answer in {seconds:.0f} s") from None
    if isinstance(found, MusicctlError):
        raise found
    return found


def _read(base_url: str, seconds: float) -> bytes:
    from musicctl.tenant.bounds import Limit

    once = Patience(failing=0.0, throttled=0.0)
    # A packed reply may be small and grow without end.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with closing(Http(base_url, Pacing(Rate()), once)) as http, speaking(DOING, base_url):
        address = f"{base_url}/.well-known/jwks.json"
        limit = {"limit": Limit("a set of keys", 2 * LARGEST, seconds, as_it_comes=True)}
        with http.client.stream("GET", address, headers=headers, timeout=seconds, extensions=limit) as reply:
            return _body(reply, base_url)


def _body(reply: "httpx.Response", tenant: str) -> bytes:
    if reply.extensions["location"]:
        place = host_of(str(reply.extensions["location"]))
        raise _no_keys(tenant, f"it sends us to {place}, and keys are taken from nobody else")
    body = b""
    for chunk in reply.iter_raw():
        body += chunk
        if len(body) > LARGEST:
            raise _no_keys(tenant, f"it sent more than {LARGEST // 1024} KiB")
    if reply.status_code != 200:
        said = message(body)
        raise _no_keys(tenant, f"it answered {reply.status_code}" + (f": {said}" if said else ""))
    return body


def _no_keys(tenant: str, why: str) -> UnavailableError:
    return UnavailableError(f"could not {DOING}: {tenant}: {why}", hint="check auth0_domain, and try again")
