"""Export jobs: started, read until they are complete, and downloaded by a signed link for a minute."""

import asyncio
import hashlib
import hmac
import secrets
import string
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import payloads, profiles, refusals
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.records import Job
from musicctl.sandbox.local_tenant.storage import EXPORTED, Storage, milliseconds

LINK_KEY = "link-key"
KEPT = 24 * 60 * 60 * 1000
"""Milliseconds after which a job and its file are gone."""

GZIP = 31
"""zlib's window bits for a gzip header and the largest window."""

DEFAULT = ("user_id", "email", "email_verified", "name", "nickname", "picture", "created_at", "updated_at")
"""What an export without `fields` has; the documentation only says that metadata is not in it."""


class _Field(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    export_as: str | None = None


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    format: str = "json"
    limit: int | None = None
    fields: list[_Field] = []
    connection_id: str | None = None


async def start(call: Call) -> web.StreamResponse:
    """POST /jobs/users-exports: a new job, pending."""
    payload = await call.json_object()
    _check(payload)
    job = Job(f"job_{_letters(16)}", msgspec.json.encode(payload).decode(), milliseconds())
    call.services.storage.add_job(job)
    return reply(_shown(job, "pending"))


async def read(call: Call) -> web.StreamResponse:
    """GET /jobs/{id}: whether the job is complete, and then a fresh link to its file."""
    settings = call.services.storage.settings()
    job = _job(call.services.storage, call.arguments[0])
    if milliseconds() < job.created_at + settings.export_time * 1000:
        return reply(_shown(job, "pending"))
    ends = milliseconds() + int(settings.link_lifetime * 1000)
    signature = _signature(call.services.storage, job.id, str(ends))
    link = f"http://127.0.0.1:{call.services.state.port}/exports/{job.id}.json.gz"
    location = f"{link}?Expires={ends}&Signature={signature}"
    return reply({**_shown(job, "completed"), "location": location})


async def download(call: Call) -> web.StreamResponse:
    """GET the file itself: gzipped JSON lines, made while they are sent. Needs no token, and takes none."""
    storage, job_id = call.services.storage, call.arguments[0].removesuffix(".json.gz")
    _check_link(call, job_id)
    asked = msgspec.json.decode(_job(storage, job_id).body, type=_Asked)
    response = web.StreamResponse(headers={"Content-Type": "application/gzip"})
    await response.prepare(call.request)
    chunks = _compressed(_lines(storage, asked))
    with suppress(ConnectionResetError):  # the client has gone away
        while chunk := await asyncio.to_thread(next, chunks, b""):
            await response.write(chunk)
        await response.write_eof()
    return response


def _check(payload: Mapping[str, object]) -> None:
    payloads.check(payload, payloads.EXPORT)
    try:
        asked = msgspec.convert(payload, _Asked)
    except msgspec.ValidationError as error:
        reason, description = str(error).replace("`", ""), payloads.EXPORT["fields"].description
        raise refusals.invalid(reason, "fields", description) from None
    if asked.limit is not None and asked.limit < 1:
        reason = f"Value {asked.limit} is less than minimum 1"
        raise refusals.invalid(reason, "limit", payloads.EXPORT["limit"].description)
    if asked.format != "json" or asked.connection_id is not None:
        raise refusals.not_emulated("exports as CSV or of one connection")
    if any("." in field.name or "[" in field.name for field in asked.fields):
        raise refusals.not_emulated("exports of fields inside of fields")


def _job(storage: Storage, job_id: str) -> Job:
    job = storage.get_job(job_id)
    if job is None or job.created_at + KEPT < milliseconds():
        raise refusals.no_such_job()
    return job


def _shown(job: Job, status: str) -> dict[str, object]:
    asked = msgspec.json.decode(job.body, type=dict[str, object])
    return {
        "type": "users_export",
        "status": status,
        **asked,
        "created_at": profiles.moment(job.created_at),
        "id": job.id,
    }


def _check_link(call: Call, job_id: str) -> None:
    ends = call.query.get("Expires", "")
    signature = _signature(call.services.storage, job_id, ends)
    if not hmac.compare_digest(call.query.get("Signature", "").encode(), signature.encode()):
        raise refusals.link_denied("SignatureDoesNotMatch", "The signature does not match.")
    if int(ends) <= milliseconds():
        raise refusals.link_denied("AccessDenied", "Request has expired")
    if "Authorization" in call.request.headers:
        # A file store takes one way of authorization, and the token is none of its business.
        raise refusals.link_denied("InvalidArgument", "Only one auth mechanism allowed", 400)


def _signature(storage: Storage, job_id: str, ends: str) -> str:
    key = storage.document(LINK_KEY, lambda: _letters(32))
    return hmac.new(key.encode(), f"{job_id} {ends}".encode(), hashlib.sha256).hexdigest()


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))


def _lines(storage: Storage, asked: _Asked) -> Iterator[bytes]:
    """Yield the file's lines, a page at a time."""
    left = asked.limit
    for page in _pages(storage, asked):
        lines = page if left is None else page[:left]
        yield "".join(f"{line}\n" for line in lines).encode()
        if left is not None:
            left -= len(lines)
            if not left:
                return


def _pages(storage: Storage, asked: _Asked) -> Iterator[list[str]]:
    fields = [(field.name, field.export_as or field.name) for field in asked.fields]
    if fields and all(name in EXPORTED for name, _ in fields):
        yield from storage.all_lines(fields)
        return
    for users in storage.all_users():
        yield [_line(profiles.profile(user), fields or [(name, name) for name in DEFAULT]) for user in users]


def _line(user: Mapping[str, object], fields: list[tuple[str, str]]) -> str:
    """Return the fields that the user has; what a user lacks is absent from the line."""
    return msgspec.json.encode({shown: user[name] for name, shown in fields if name in user}).decode()


def _compressed(lines: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=GZIP)
    for line in lines:
        if chunk := packer.compress(line):
            yield chunk
    yield packer.flush()


ROUTES = (
    Route("POST", "/api/v2/jobs/users-exports", start, ("read:users",)),
    Route("GET", "/api/v2/jobs/*", read, ("create:users", "read:users")),
    Route("GET", "/exports/*", download),
)
