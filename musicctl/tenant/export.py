"""Export jobs: the one way to see every user of a tenant; the search stops at 1,000 and lags."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec

from musicctl.errors import MusicctlError, UnavailableError
from musicctl.redaction import redacted
from musicctl.tenant.border import LostReplyError, refused, speaking
from musicctl.tenant.http import Http
from musicctl.tenant.lenient_json import UNREADABLE, reader
from musicctl.tenant.links import link
from musicctl.tenant.retries import Resend
from musicctl.tenant.users import TenantUser, decode

if TYPE_CHECKING:
    import httpx

FIELDS = ("user_id", "email", "app_metadata", "user_metadata")
DEADLINE = 3600.0
"""Seconds that a job may take."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between two looks at a job: each pause is half as long again as the one before."""

GZIP = 31
"""zlib's window bits for a gzip header and the largest window."""

LONGEST_LINE = 2 * 1024 * 1024
"""Bytes of one user. Auth0 lets a profile have 10 KB, and showed at most 1 MB of older ones."""

MOST_UNPACKED = 8 * 1024**3
MOST_USERS = 10_000_000
"""Bytes and users of an export. A million users are some 500 MB with the fields that are asked for, and ten
times as many more than Postgres would take in while the link is good."""

DOWNLOADING = "read the tenant's export"


class Job(msgspec.Struct):
    """An export job, as the tenant describes it; its link lasts a minute from when it was described."""

    id: str
    status: str
    location: str | None = None


_job = reader(Job)


def read_job(body: bytes) -> Job:
    """Return the job in a reply; raises LostReplyError when there is none."""
    try:
        return _job(body)
    except UNREADABLE:
        raise LostReplyError("the tenant's answer about its export job cannot be read") from None


def completed(job: Job, poll: Callable[[str], Job], pause: Callable[[float], None]) -> Job:
    """Wait until the job is done and return it; raises MusicctlError when it fails, or takes too long."""
    seconds = FIRST_PAUSE
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
        pause(seconds)
        seconds = min(seconds * 1.5, LONGEST_PAUSE)
        job = poll(job.id)
    return job


def users(
    job: Job, poll: Callable[[str], Job], http: Http, odd: Callable[[str], None]
) -> Iterator[TenantUser]:
    """Yield the users in the gzipped JSON lines of a completed job, in constant memory.

    Raises UnavailableError when the file ends early or cannot be unpacked; `odd` is told of lines without a
    user id.
    """
    with ExitStack() as stack:
        reply = _opened(job, poll, http, stack)
        with speaking(DOWNLOADING, http.base_url):
            for number, line in enumerate(_lines(reply.iter_raw())):
                if number > MOST_USERS:
                    raise _too_much(f"has more than {MOST_USERS:,} lines, a user in each")
                if line.strip():
                    user = decode(line)
                    if user is None:
                        shown = redacted(line[:1000].decode(errors="replace"))[:80]
                        odd(f"a line of the export names no user id: {shown}")
                    else:
                        yield user


def _opened(job: Job, poll: Callable[[str], Job], http: Http, stack: ExitStack) -> "httpx.Response":
    """Return the reply that holds the file. A link that has ended is renewed by looking at the job again."""
    from musicctl.tenant.bounds import EXPORT

    first = [link(job.id, job.location, http.base_url)]

    def attempt() -> "httpx.Response":
        renewed = not first
        found = link(job.id, poll(job.id).location, http.base_url) if renewed else first.pop()
        how = {"limit": EXPORT, "public": found.public}
        with speaking(DOWNLOADING, http.base_url):
            # The link is signed, so no token goes with it, and it is never shown.
            reply = stack.enter_context(http.client.stream("GET", found.address, extensions=how))
        if reply.status_code == 200:
            return reply
        stack.close()
        error = refused(reply, b"", DOWNLOADING, http.base_url)
        raise error if renewed or 300 <= reply.status_code < 400 else LostReplyError(error.what)

    return http.persistently(attempt, Resend.ALWAYS)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of a gzip file, in memory that no line and no packing can outgrow."""
    rest, size = b"", 0
    for piece in _unpacked(chunks):
        size += len(piece)
        if size > MOST_UNPACKED:
            raise _too_much(f"unpacks to more than {MOST_UNPACKED >> 30} GiB")
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            raise _too_much(f"has a line of more than {LONGEST_LINE >> 20} MiB")
    yield rest


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    from musicctl.tenant.bounds import steps

    unpacker = zlib.decompressobj(GZIP)
    try:
        for chunk in chunks:
            yield from steps(unpacker, chunk)
            while unpacker.eof and unpacker.unused_data:  # a gzip file may have several members
                left, unpacker = unpacker.unused_data, zlib.decompressobj(GZIP)
                yield from steps(unpacker, left)
    except zlib.error:
        raise UnavailableError(
            "the tenant's export is no gzip file; the mirror keeps its last good state", hint="try again"
        ) from None
    if not unpacker.eof:
        raise UnavailableError(
            "the tenant's export ends in the middle; the mirror keeps its last good state", hint="try again"
        )


def _too_much(what: str) -> UnavailableError:
    return UnavailableError(
        f"the tenant's export {what}, which no sound one does; the mirror keeps its last good state",
        hint="look at what the export link really leads to; the tenant's log names the job",
    )
