"""Export jobs: the one way to see every user of a tenant; the search stops at 1,000 and lags."""

import time
import zlib
from collections.abc import Callable, Iterator

import msgspec

from musicctl.errors import MusicctlError, UnavailableError
from musicctl.tenant.http import Http
from musicctl.tenant.speaking import refused, speaking
from musicctl.tenant.users import TenantUser, decode

FIELDS = ("user_id", "email", "app_metadata", "user_metadata")
DEADLINE = 3600.0
"""Seconds that a job may take."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between two looks at a job: each pause is half as long again as the one before."""

GZIP = 31
"""zlib's window bits for a gzip header and the largest window."""


class _Job(msgspec.Struct):
    id: str
    status: str
    location: str | None = None
    summary: object = None


_job = msgspec.json.Decoder(_Job)


def location_of(started: bytes, poll: Callable[[str], bytes]) -> str:
    """Wait for the job that `started` describes, and return where its file can be read for a minute."""
    job, pause = _read(started), FIRST_PAUSE
    deadline = time.monotonic() + DEADLINE
    while job.status != "completed":
        if job.status == "failed":
            raise MusicctlError(
                f"the tenant's export job {job.id} failed; the mirror keeps its last good state",
                hint="try again; the tenant's log says why it failed",
            )
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"the tenant's export job {job.id} is still {job.status} after {DEADLINE / 60:.0f} minutes;"
                " the mirror keeps its last good state",
                hint="try again later",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
        job = _read(poll(job.id))
    if not job.location:
        raise UnavailableError(f"the tenant's export job {job.id} is complete but has no file")
    return job.location if "://" in job.location else f"https://{job.location}"


def users_at(location: str, http: Http) -> Iterator[TenantUser]:
    """Yield the users in the gzipped JSON lines at `location`, in constant memory.

    Raises UnavailableError when the file ends early or cannot be unpacked. The link is signed, so no token
    goes with it, and it is never shown.
    """
    doing = "read the tenant's export"
    with speaking(doing, http.base_url), http.client.stream("GET", location) as reply:
        if reply.status_code != 200:
            raise refused(reply.status_code, None, doing, http.base_url)
        for line in _lines(reply.iter_raw()):
            if line.strip():
                yield decode(line)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker, rest = zlib.decompressobj(GZIP), b""
    for chunk in chunks:
        *whole, rest = (rest + _unpacked(unpacker, chunk)).split(b"\n")
        yield from whole
        while unpacker.eof and unpacker.unused_data:  # a gzip file may have several members
            left, unpacker = unpacker.unused_data, zlib.decompressobj(GZIP)
            *whole, rest = (rest + _unpacked(unpacker, left)).split(b"\n")
            yield from whole
    if not unpacker.eof:
        raise UnavailableError(
            "the tenant's export ends in the middle; the mirror keeps its last good state", hint="try again"
        )
    yield rest


def _unpacked(unpacker: "zlib._Decompress", chunk: bytes) -> bytes:
    try:
        return unpacker.decompress(chunk)
    except zlib.error:
        raise UnavailableError(
            "the tenant's export is no gzip file; the mirror keeps its last good state", hint="try again"
        ) from None


def _read(body: bytes) -> _Job:
    try:
        return _job.decode(body)
    except msgspec.DecodeError:
        raise UnavailableError("the tenant's answer about its export job cannot be read") from None
