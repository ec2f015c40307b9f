"""Everything at once, for a while: 429, 5xx, cut and late writes, other clients and admins, eight threads.

What is asked afterwards is what the tenant's own log of effects says against the journal: no write without an
intent, none twice, no outcome that is not so, and no role of anybody else's lost that could be seen a second
before. `MUSICCTL_SOAK_CHANGES` makes it long: 3,000 changes take about half an hour.
"""

import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from musicctl.sandbox.local_tenant import fault_words, faults, outside
from musicctl.sandbox.local_tenant.records import Effect
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from tests.faults.processes import EDITOR, run, settings
from tests.program import Sandbox

CHANGES = int(os.environ.get("MUSICCTL_SOAK_CHANGES", "100"))
"""How many changes the tenant must have seen of us before it is enough."""

USERS = 150
RATE = 0.05
LATE = 0.3
SETTLE = 1.0
SEEN = 1.0
"""Seconds from which on another admin's edit may not be overwritten."""

NEVER_MORE = 240.0
"""Seconds in which one sync of at most USERS changes ends, whatever strikes it; most take 20 to 40."""

GUARDS_OFF = dict.fromkeys(("max_revoke", "max_grant", "min_source", "min_tenant"), "100%")


@dataclass
class Findings:
    """What the tenant's log has against the journal."""

    without_intent: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    lost: list[tuple[str, list[str], list[str]]] = field(default_factory=list)


@pytest.mark.long
@pytest.mark.timeout(600 + CHANGES * 3)
def test_a_soak_ends_and_leaves_a_true_journal(sandbox: Sandbox, sandbox_folder: Path) -> None:
    chance = random.Random(11)
    users = [f"auth0|s{number:03}" for number in range(USERS)]
    for user_id in users:
        sandbox.add_user(user_id, app_metadata={"roles": ["other"]}, plays=chance.choice([0, 150]))
    environment = settings(sandbox, threads="8", settle=f"{SETTLE}s", **GUARDS_OFF)
    sandbox.tenant.change_settings(type(sandbox.tenant.settings())(plan="enterprise"))
    seconds = []
    try:
        with trouble(sandbox, sandbox_folder, users):
            while applied(sandbox) < CHANGES:
                some = chance.sample(users, USERS // 2)
                turn_round(sandbox, some)
                seconds.append(one_sync(environment))
    finally:
        faults.clear(sandbox.tenant)
        sandbox.tenant.change_settings(type(sandbox.tenant.settings())())
    time.sleep(LATE)
    assert run(environment, "history", "recover", "--json")[0] == 0
    found = compared(sandbox, users)
    assert found == Findings()
    assert max(seconds) < NEVER_MORE
    assert run(environment, "roles", "sync", "--refresh", "--json")[0] == 0
    wrong = [
        user_id
        for user_id in users
        if (EDITOR in sandbox.roles(user_id)) is not (plays(sandbox, user_id) >= 100)
    ]
    assert wrong == []
    counts = Counter(state for (state,) in sandbox.query("SELECT state FROM musicctl.changes"))
    print(f"{len(seconds)} runs, {max(seconds):.0f} s at most, {dict(counts)}")


def turn_round(sandbox: Sandbox, users: list[str]) -> None:
    """Carry users over the bar, or back."""
    sandbox.query(
        "UPDATE playlists SET total_plays = CASE WHEN total_plays >= 100 THEN 99 ELSE 100 END"
        " WHERE user_id = ANY(%s)",
        users,
    )


def plays(sandbox: Sandbox, user_id: str) -> int:
    [(found,)] = sandbox.query("SELECT sum(total_plays) FROM playlists WHERE user_id = %s", user_id)
    return int(found)


def applied(sandbox: Sandbox) -> int:
    [(count,)] = sandbox.query("SELECT count(*) FROM musicctl.changes WHERE state = 'applied'")
    return int(count)


def one_sync(environment: dict[str, str]) -> float:
    """Run a sync, which may leave some users for the next one, and return its seconds."""
    began = time.monotonic()
    code, out, err = run(environment, "roles", "sync", "--refresh", "--json")
    assert code in (0, 5), err
    report = json.loads(out)
    assert report["unsent"] == 0, report
    return time.monotonic() - began


@contextmanager
def trouble(sandbox: Sandbox, folder: Path, users: list[str]) -> Iterator[None]:
    """Switch on what the file is about, for the block."""
    for place, status in (("/users/*", 429), ("/api/v2/users/*", 503)):
        fault_words.switch_on(sandbox.tenant, f"status={status}", endpoint=place, rate=RATE, seed=status)
    for word in ("cut-before", "cut-after"):
        fault_words.switch_on(sandbox.tenant, word, endpoint="/users/*", rate=RATE / 2, seed=5)
    fault_words.switch_on(sandbox.tenant, f"late={LATE}", endpoint="PATCH /users/*", rate=RATE, seed=6)
    stop = threading.Event()
    others = [
        threading.Thread(target=another_admin, args=(folder, users, stop)),
        threading.Thread(target=another_client, args=(sandbox, stop)),
    ]
    for thread in others:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in others:
            thread.join()


def another_admin(folder: Path, users: list[str], stop: threading.Event) -> None:
    """Give and take roles of all kinds, ours too, several times a second."""
    chance = random.Random(3)
    with Storage.open(folder / STATE_FILE) as storage:
        while not stop.wait(chance.uniform(0.05, 0.4)):
            role = EDITOR if chance.random() < 0.1 else chance.choice(["vip", "staff", "beta"])
            outside.edit_roles(storage, chance.choice(users), chance.choice("+-") + role)


def another_client(sandbox: Sandbox, stop: threading.Event) -> None:
    """Use the same limits in bursts, with what is a request to the tenant even when it is refused."""
    chance = random.Random(4)
    while not stop.wait(chance.uniform(1, 6)):
        for _ in range(chance.randrange(5, 40)):
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", sandbox.state.port, timeout=5)
                connection.request(
                    "GET", "/api/v2/users/auth0%7Cnobody", headers={"Authorization": "Bearer x"}
                )
                connection.getresponse().read()
                connection.close()


def compared(sandbox: Sandbox, users: list[str]) -> Findings:
    """Hold the journal against what took effect."""
    effects = sandbox.writes()
    ours = {each.correlation_id or "" for each in effects if each.correlation_id != outside.NAME}
    rows = sandbox.query("SELECT run || '/' || seq, state, user_id, after FROM musicctl.changes")
    others = same_by_others(effects)
    return Findings(
        without_intent=sorted(ours - {name for name, *_ in rows}),
        doubled=list(doubled(effects)),
        wrong=sorted(
            (name, state)
            for name, state, user_id, after in rows
            if state != "unknown"
            and (state == "applied") is not (name in ours)
            # Our write was lost, and somebody else wrote the very same: no profile tells whose it is.
            and not (state == "applied" and (user_id, tuple(after)) in others)
        ),
        lost=list(lost(effects)),
    )


def same_by_others(effects: list[Effect]) -> set[tuple[str, tuple[str, ...]]]:
    """Return what another admin made of whom."""
    return {
        (each.user_id or "", tuple(json.loads(each.body)["app_metadata"]["roles"]))
        for each in effects
        if each.correlation_id == outside.NAME
    }


def doubled(effects: list[Effect]) -> Iterator[str]:
    """Yield our writes that were sent again although what they had done was there.

    One change may well be written twice: applied, taken back by another admin before its lost reply was
    looked at, and wanted as before.
    """
    has: dict[str, bool] = {}
    written = set()
    for effect in effects:
        user_id, name = effect.user_id or "", effect.correlation_id or ""
        holds = EDITOR in json.loads(effect.body)["app_metadata"]["roles"]
        if name != outside.NAME and name in written and has[user_id] is holds:
            yield name
        written.add(name)
        has[user_id] = holds


def lost(effects: list[Effect]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield our writes that hold no picture of the other roles that was true within the second before."""
    pictures: dict[str, list[tuple[int, frozenset[str]]]] = defaultdict(lambda: [(0, frozenset(["other"]))])
    for effect in effects:
        roles = json.loads(effect.body)["app_metadata"]["roles"]
        others = frozenset(role for role in roles if role != EDITOR)
        history = pictures[effect.user_id or ""]
        if effect.correlation_id != outside.NAME and others not in recent(history, effect.at):
            yield (effect.correlation_id or "", sorted(others), sorted(history[-1][1]))
        history.append((effect.at, others))


def recent(history: list[tuple[int, frozenset[str]]], at: int) -> set[frozenset[str]]:
    """Return the pictures that were true from a second before `at` on, and before that by a write's delay."""
    since = at - round(1000 * (SEEN + LATE)) - 50
    last_before = max((place for place, (moment, _) in enumerate(history) if moment <= since), default=0)
    return {picture for _, picture in history[last_before:]}
