"""Export jobs: started, read until they are complete, and downloaded by a signed link for a minute."""

import asyncio
import hashlib
import hmac
import re
import secrets
import string
from contextlib import suppress
from typing import Literal, TypeAlias

import msgspec
from aiohttp import web

from musicctl.sandbox.local_tenant import exports, faults, profiles, refusals, truncation
from musicctl.sandbox.local_tenant.calls import Call, Route, reply
from musicctl.sandbox.local_tenant.exports import Asked
from musicctl.sandbox.local_tenant.payloads import EXPORT
from musicctl.sandbox.local_tenant.records import Job
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds

LINK_KEY = "link-key"
CONNECTION = "connection-id"
CONNECTION_ID = re.compile(r"con_[A-Za-z0-9]{16}")
KEPT = 24 * 60 * 60 * 1000
"""Milliseconds after which a job and its file are gone."""

Status: TypeAlias = Literal["pending", "completed", "failed"]


def status(call: Call, job: Job) -> Status:
    """Tell how far a job is: complete after the time that is set for it, or as a fault says."""
    if faults.JOB_STUCK in call.struck:
        return "pending"
    if faults.JOB_FAILED in call.struck:
        return "failed"
    ends = job.created_at + call.services.storage.settings().export_time * 1000
    return "pending" if milliseconds() < ends else "completed"


async def start(call: Call) -> web.StreamResponse:
    """POST /jobs/users-exports: a new job, pending."""
    payload = await call.json_object()
    _check_connection(call.services.storage, exports.asked(payload))
    job = Job(f"job_{_letters(16)}", msgspec.json.encode(payload).decode(), milliseconds())
    call.services.storage.add_job(job)
    return reply(_shown(job, "pending"))


async def read(call: Call) -> web.StreamResponse:
    """GET /jobs/{id}: whether the job is complete, and then a fresh link to its file."""
    storage = call.services.storage
    job = _job(storage, call.arguments[0])
    found = status(call, job)
    further = {"pending": _progress, "completed": _location}.get(found)
    return reply({**_shown(job, found), **(further(call, job) if further else {})})


async def read_errors(call: Call) -> web.StreamResponse:
    """GET /jobs/{id}/errors: nothing, unless the job has failed."""
    storage = call.services.storage
    job = _job(storage, call.arguments[0])
    if status(call, job) != "failed":
        return web.Response(status=204)
    return reply({**_shown(job, "failed"), "status_details": "The job could not be completed."})


async def download(call: Call) -> web.StreamResponse:
    """GET the file itself, made while it is sent. Needs no token, and takes none."""
    storage = call.services.storage
    job_id = call.arguments[0].partition(".")[0]
    _check_link(call, job_id)
    wanted = _asked(_job(storage, job_id))
    response = web.StreamResponse(headers={"Content-Type": "application/gzip"})
    await response.prepare(call.request)
    chunks = truncation.cut_short(exports.file(storage, wanted), call.struck)
    with suppress(ConnectionResetError):  # the client has gone away
        while chunk := await asyncio.to_thread(next, chunks, b""):
            await response.write(chunk)
        await response.write_eof()
    return response


def connection_id(storage: Storage) -> str:
    """Return the id of the tenant's one connection, made at first use; it outlives a reset."""
    return storage.document(CONNECTION, lambda: f"con_{_letters(16)}")


def _check_connection(storage: Storage, wanted: Asked) -> None:
    if wanted.connection_id is None:
        return
    if not CONNECTION_ID.fullmatch(wanted.connection_id):
        reason = f"String does not match pattern ^{CONNECTION_ID.pattern}$"
        raise refusals.invalid(reason, "connection_id", EXPORT["connection_id"].description)
    if wanted.connection_id != connection_id(storage):
        raise refusals.no_such_connection()


def _job(storage: Storage, job_id: str) -> Job:
    job = storage.get_job(job_id)
    if job is None or job.created_at + KEPT < milliseconds():
        raise refusals.no_such_job()
    return job


def _asked(job: Job) -> Asked:
    return msgspec.json.decode(job.body, type=Asked)


def _shown(job: Job, found: Status) -> dict[str, object]:
    asked = msgspec.json.decode(job.body, type=dict[str, object])
    connection = {"connection": profiles.DATABASE} if "connection_id" in asked else {}
    made = {"created_at": profiles.moment(job.created_at), "id": job.id}
    return {"type": "users_export", "status": found, **asked, **connection, **made}


def _progress(call: Call, job: Job) -> dict[str, object]:
    """Return how much of a pending job's time has gone by and how much is left; nothing when it is late."""
    takes = call.services.storage.settings().export_time * 1000
    gone = max(milliseconds() - job.created_at, 0)
    if gone >= takes:
        return {}
    return {"percentage_done": int(100 * gone / takes), "time_left_seconds": int((takes - gone) / 1000)}


def _location(call: Call, job: Job) -> dict[str, object]:
    storage = call.services.storage
    ends = str(milliseconds() + int(storage.settings().link_lifetime * 1000))
    link = f"http://127.0.0.1:{call.services.state.port}/exports/{job.id}.{_asked(job).format}.gz"
    return {"location": f"{link}?Expires={ends}&Signature={_signature(storage, job.id, ends)}"}


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


ROUTES = (
    Route("POST", "/api/v2/jobs/users-exports", start, ("read:users",)),
    Route("GET", "/api/v2/jobs/*", read, ("create:users", "read:users")),
    Route("GET", "/api/v2/jobs/*/errors", read_errors, ("create:users", "read:users")),
    Route("GET", "/exports/*", download),
)
