"""The post-login trigger: the deployed code of its Actions, run in Node in the order of their bindings."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from musicctl.sandbox.local_tenant import refusals, stored_actions
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.sandbox.local_tenant.stored_actions import Content

TRIGGER = "post-login"
SCRIPT = Path(__file__).with_name("post_login.cjs")


class Outcome(msgspec.Struct, frozen=True):
    """What the Actions asked for: claims, and keys of metadata, of which null removes one.

    `denied` is why one of them refused the login, `failed` what went wrong in one.
    """

    id_token: dict[str, object] = {}
    access_token: dict[str, object] = {}
    app_metadata: dict[str, object] = {}
    user_metadata: dict[str, object] = {}
    denied: str | None = None
    failed: str | None = None


class _Code(msgspec.Struct):
    """One Action as the script takes it."""

    name: str
    code: str
    secrets: dict[str, str]


def find_node() -> str:
    """Return where Node is; refuses the login when it is not on the PATH of this process."""
    node = shutil.which("node")
    if node is None:
        raise refusals.no_node()
    return node


async def run(node: str, storage: Storage, event: Mapping[str, object]) -> Outcome:
    """Run what is bound for this event, its `secrets` aside, and return what came of it.

    Node is ended when it takes longer than the tenant's settings allow, and when nobody waits any more.
    """
    actions = _deployed(storage)
    if not actions:
        return Outcome()
    job = msgspec.json.encode({"actions": actions, "event": event}) + b"\n"
    patience = storage.settings().action_time
    try:
        return _decoded(await _answer(node, job, patience))
    except TimeoutError:
        return Outcome(failed=f"The Actions did not complete within {patience:g} seconds.")
    except OSError:  # what is called node is no program
        raise refusals.no_node() from None


async def _answer(node: str, job: bytes, patience: float) -> bytes:
    """Return what Node writes. Its input stays open meanwhile: the end of it would be its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(node, str(SCRIPT)),
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        start_new_session=True,  # what an Action starts ends with it
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(patience):
            with suppress(ConnectionError):
                process.stdin.write(job)
                await process.stdin.drain()
            return await process.stdout.read()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdin.close()
        await process.wait()


def _decoded(said: bytes) -> Outcome:
    try:
        return msgspec.json.decode(said, type=Outcome)
    except msgspec.DecodeError:
        return Outcome(failed="Node ended without an answer.")


def _deployed(storage: Storage) -> list[_Code]:
    """Return the code of the Actions bound to the trigger, in order: of each the version that runs."""
    names = {action.id: action.name for action in stored_actions.actions(storage)}
    now, found = time.time_ns(), []
    for bound in stored_actions.bindings(storage, TRIGGER):
        versions = stored_actions.versions(storage, bound.action_id, now)
        found.append(_code(names[bound.action_id], versions[0].content))
    return found


def _code(name: str, content: Content) -> _Code:
    return _Code(name, content.code, {secret.name: secret.value for secret in content.secrets})
