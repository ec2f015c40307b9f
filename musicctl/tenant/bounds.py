"""How large a reply may be, and how long it may take: watched where its bytes come in and unpack."""

import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from musicctl.tenant import leaving, links

MIB = 1024 * 1024
LARGEST_ERROR = 256 * 1024
MOST_HEADERS, LARGEST_HEADERS = 200, 64 * 1024
MOST_PIECES = 1_000_000
"""Brackets and commas in a reply of JSON: each may become a Python object of 64 bytes, in the SDK twice."""

STEP = 256 * 1024
"""Bytes that are unpacked at once: a byte of gzip may become a thousand, one of others far more."""

SLOW = "the reply did not end in time"
GZIP_OR_ZLIB = 47
"""zlib's window bits for either header and the largest window."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one kind of reply may be: bytes, seconds of waiting for it, and bytes for each second beyond.

    One that is taken `as_it_comes` is not unpacked here.
    """

    name: str
    largest: int
    seconds: float = 60.0
    bytes_a_second: float = float("inf")
    as_it_comes: bool = False


# By how the path begins. Auth0 takes 1 MB at most in a request, and an Action's code is 100 kB: a page lists
# fifty, each with the code that runs besides, and JSON writes a line end as two characters.
LIMITS: tuple[tuple[str, Limit], ...] = (
    ("/api/v2/users-by-email", Limit("a list of users", 4 * MIB)),
    ("/api/v2/users/", Limit("a user", 2 * MIB)),
    ("/api/v2/jobs/", Limit("a job", MIB // 4)),
    ("/api/v2/actions/", Limit("a list of Actions", 24 * MIB)),
    ("/api/v2/", Limit("a list", 24 * MIB)),
    ("/oauth/", Limit("a token", MIB // 4)),
)
EXPORT = Limit("an export", 2048 * MIB, seconds=30.0, bytes_a_second=16 * 1024, as_it_comes=True)
"""Packed. At a sixteenth of a megabit a second a million users would take two hours; the job has one."""


class UnboundedError(httpx.DecodingError):
    """A reply is larger than any sound one; asking once more would bring the same."""


class _Waiting(threading.local):
    """What this thread waits for at the moment."""

    limit: Limit | None = None
    public: bool = False
    waited: float = 0.0
    received: int = 0

    def left(self) -> float:
        """Return for how many seconds more the reply may keep us waiting."""
        assert self.limit is not None
        return self.limit.seconds + self.received / self.limit.bytes_a_second - self.waited


_waiting = _Waiting()


def begin(request: httpx.Request) -> None:
    """Count from now on what this thread receives, as what the request is answered with."""
    _waiting.limit, _waiting.waited, _waiting.received = _limit(request), 0.0, 0
    _waiting.public = bool(request.extensions.get("public"))


def bounded(reply: httpx.Response) -> None:
    """Have the body of a reply end with an error where it grows beyond its limit, unpacked or not."""
    raw, limit = reply.headers.raw, _limit(reply.request)
    if len(raw) > MOST_HEADERS or sum(len(name) + len(value) for name, value in raw) > LARGEST_HEADERS:
        raise UnboundedError(f"its reply has more than {MOST_HEADERS} headers, or very long ones")
    # httpx would make a request of it, for nothing, and fail where it is no address.
    reply.extensions["location"] = reply.headers.pop("location", "")
    if reply.status_code >= 300:
        limit = Limit("an error", LARGEST_ERROR)
    assert isinstance(reply.stream, httpx.SyncByteStream)
    packing = reply.headers.pop("content-encoding", "").strip().lower()
    reply.headers.pop("content-length", None)
    reply.stream = _Body(reply.stream, limit, "" if limit.as_it_comes else packing)


def watched(client: httpx.Client) -> httpx.Client:
    """Have every connection of a client, and those through proxies, watch how long a reply takes.

    httpx 0.28 has no public place for it: the hooks come after the headers, which may trickle in too.
    """
    for transport in [client._transport, *client._mounts.values()]:
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool
            proxied = isinstance(pool, httpcore.HTTPProxy | httpcore.SOCKSProxy)
            pool._network_backend = _Backend(pool._network_backend, proxied=proxied)
    return client


def _limit(request: httpx.Request) -> Limit:
    found = (limit for begin, limit in LIMITS if request.url.path.startswith(begin))
    return request.extensions.get("limit") or next(found, LIMITS[-1][1])


class _Body(httpx.SyncByteStream):
    """The bytes of one reply, unpacked, up to its limit."""

    def __init__(self, stream: httpx.SyncByteStream, limit: Limit, packing: str) -> None:
        self._stream = stream
        self._limit = limit
        self._packing = packing

    def __iter__(self) -> Iterator[bytes]:
        size = pieces = 0
        for chunk in self._unpacked():
            size += len(chunk)
            if size > self._limit.largest:
                raise UnboundedError(f"{self._limit.name} of more than {_bytes(self._limit.largest)} came")
            if not self._limit.as_it_comes:
                pieces += sum(chunk.count(mark) for mark in (b"[", b"{", b","))
                if pieces > MOST_PIECES:
                    raise UnboundedError(f"{self._limit.name} of more than {MOST_PIECES:,} values came")
            yield chunk

    def close(self) -> None:
        self._stream.close()

    def _unpacked(self) -> Iterator[bytes]:
        packed: Iterable[bytes] = _counted(self._stream, self._limit)
        if self._packing in ("", "identity"):
            yield from packed
        elif self._packing in ("gzip", "x-gzip", "deflate"):
            yield from _from_zlib(packed)
        else:
            raise UnboundedError("its reply is packed in a way that was not asked for")


def _counted(chunks: Iterable[bytes], limit: Limit) -> Iterator[bytes]:
    """Yield what comes over the wire, up to the limit too: much of it may unpack to nothing."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit.largest:
            raise UnboundedError(f"{limit.name} of more than {_bytes(limit.largest)} came")
        yield chunk


def _from_zlib(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
    try:
        for chunk in chunks:
            yield from steps(unpacker, chunk)
    except zlib.error:
        raise httpx.DecodingError("") from None
    if not unpacker.eof:
        raise httpx.DecodingError("")


def steps(unpacker: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """Yield what `packed` unpacks to, never more than STEP bytes at once; raises zlib.error."""
    while packed and not unpacker.eof:
        yield unpacker.decompress(packed, STEP)
        packed = unpacker.unconsumed_tail


def _bytes(size: int) -> str:
    return f"{size // MIB:,} MiB" if size >= MIB else f"{size // 1024} KiB"


class _Backend(httpcore.NetworkBackend):
    """Connects as httpcore does, to streams that are watched.

    Where a link must lead to the public, it connects to the very address that was looked at; a proxy asks
    for itself where a name leads.
    """

    def __init__(self, inner: httpcore.NetworkBackend, *, proxied: bool) -> None:
        self._inner = inner
        self._proxied = proxied

    def connect_tcp(self, host: str, port: int, *args: Any, **keywords: Any) -> httpcore.NetworkStream:
        try:
            if _waiting.public and not self._proxied:
                return _Stream(self._connect_public(host, port, *args, **keywords))
            return _Stream(self._inner.connect_tcp(host, port, *args, **keywords))
        except UnicodeError:  # of a name with a part of more than 63 characters
            gone = socket.gaierror(socket.EAI_NONAME, "no name that a host can have")
            raise httpcore.ConnectError(str(gone)) from gone

    def _connect_public(self, host: str, port: int, *args: Any, **keywords: Any) -> httpcore.NetworkStream:
        try:
            addresses = links.public_addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._inner.connect_tcp(address, port, *args, **keywords)
        return self._inner.connect_tcp(addresses[-1], port, *args, **keywords)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads must be in time all together, and whose writes have a last check."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if _waiting.limit is None:
            return self._inner.read(max_bytes, timeout)
        left = _waiting.left()
        if left <= 0:
            raise httpcore.ReadTimeout(SLOW)
        began = time.monotonic()
        found = self._inner.read(max_bytes, left if timeout is None else min(left, timeout))
        _waiting.waited += time.monotonic() - began
        _waiting.received += len(found)
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        leaving.write(self._inner, buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: Any, **keywords: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(*args, **keywords))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
