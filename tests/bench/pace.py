"""How fast changes reach a tenant: under the limits of a plan, beside a second client, and without limits.

The reference of a limited run is the time that the plan's bucket permits: what exceeds its burst, at its
rate. Each is run with either meaning of `x-ratelimit-reset`, and the slower one counts.
"""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import get_args

import httpx
import psycopg2

from musicctl.sandbox.local_tenant import fault_words, faults
from musicctl.sandbox.local_tenant.records import NewUser
from musicctl.sandbox.local_tenant.settings import Plan, Reset, TenantSettings
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.secret import Secret
from musicctl.store import mirror
from musicctl.store.database import Database
from tests.bench.measure import Cost, Result, cost
from tests.bench.startup import OURS
from tests.bench.world import World

RESETS: tuple[Reset, ...] = get_args(Reset)
MOST_REFUSED = 0.01
LATENCY = 0.05
PLAIN_LOOP = """
import json, sys, urllib.request
from auth0.management.client import Auth0
domain, client_id, secret, audience, count = sys.argv[1:]
asked = json.dumps({'grant_type': 'client_credentials', 'client_id': client_id, 'client_secret': secret,
                    'audience': audience})
reply = urllib.request.urlopen(urllib.request.Request(
    f'{domain}/oauth/token', asked.encode(), {'Content-Type': 'application/json'}))
sdk = Auth0(base_url=f'{domain}/api/v2', token=json.load(reply)['access_token'])
for number in range(int(count)):
    user = sdk.users.get(f'auth0|p{number}')
    roles = (user.app_metadata or {}).get('roles') or []
    sdk.users.update(f'auth0|p{number}', app_metadata={'roles': [*roles, 'playlist editor']})
"""


def enterprise(world: World, size: int) -> Result:
    """`size` changes under 16 requests a second with a burst of 50, all of which may be used."""
    return _under_both(world, "enterprise", size, (2 * size - 50) / 16)


def essentials(world: World, size: int) -> Result:
    """`size` changes under 200 writes a minute with a burst of 20, beside 500 reads a minute."""
    return _under_both(world, "essentials", size, (size - 20) * 60 / 200)


def free(world: World, size: int) -> Result:
    """`size` changes under two requests a second, and no more of them at once than one change needs."""
    return _under_both(world, "free", size, (2 * size - 2) / 2)


def shared(world: World, size: int) -> Result:
    """`size` changes with 80 %, while a second client sends the 3.2 requests a second that are left to it."""
    results = []
    for reset in RESETS:
        with _listeners(world, size, "enterprise", reset) as tenant:
            with _second_client(world) as other:
                ours = _sync(world, rate="80%")
            result = _against(tenant, "pace-shared", size, ours, (2 * size - 40) / (16 * 0.8))
        refused = sum(status == 429 for status in other)
        note = f"{reset}: {result.note}; the second client sent {len(other)}, {refused} answered 429"
        results.append(replace(result, note=note))
    return _slower(results)


def unlimited(world: World, size: int) -> Result:
    """`size` changes at 50 ms latency without limits, against the plain loop over the SDK as it comes."""
    state = world.state
    client = (state.auth0_client_id, state.auth0_client_secret, state.auth0_audience)
    loop = (state.auth0_domain, *client, str(size))
    with _listeners(world, size, "none") as tenant:
        fault_words.switch_on(tenant, f"latency={LATENCY}", endpoint="/users/*")
        ours = _sync(world, rate="100%")
    with _listeners(world, size, "none") as tenant:
        fault_words.switch_on(tenant, f"latency={LATENCY}", endpoint="/users/*")
        reference = cost((sys.executable, "-c", PLAIN_LOOP, *loop), world.environment)
    return Result(
        name="pace-unlimited",
        size=size,
        ours=ours.seconds,
        reference=reference.seconds,
        target=0.25,
        memory_mb=ours.memory_mb,
    )


def _sync(world: World, *, rate: str) -> Cost:
    """Run a sync over a mirror that is filled already, and return what it took."""
    profile = world.profile(rate=rate, max_grant="100%", settle="1s")
    return cost((*OURS, "roles", "sync", "--yes", "--quiet"), profile)


def _under_both(world: World, plan: Plan, size: int, permitted: float) -> Result:
    """Run a sync under a plan's limits, all of which may be used, with either meaning of the reset."""
    results = []
    for reset in RESETS:
        with _listeners(world, size, plan, reset) as tenant:
            result = _against(tenant, f"pace-{plan}", size, _sync(world, rate="100%"), permitted)
        results.append(replace(result, note=f"{reset}: {result.note}"))
    return _slower(results)


def _slower(results: Sequence[Result]) -> Result:
    """Return the slower result, with what is known of each."""
    return replace(
        max(results, key=lambda result: result.ours),
        note="; ".join(f"{result.note}, {result.ours:.1f} s" for result in results),
        wrong=any(result.wrong for result in results),
    )


def _against(tenant: Storage, name: str, size: int, ours: Cost, permitted: float) -> Result:
    requests = [request for request in tenant.requests() if "/users/" in request.path]
    refused = sum(request.status == 429 for request in requests) / max(1, len(requests))
    return Result(
        name=name,
        size=size,
        ours=ours.seconds,
        reference=max(permitted, 0.001),
        target=1 / 0.9,
        memory_mb=ours.memory_mb,
        wrong=refused >= MOST_REFUSED,
        note=f"{len(requests):,} requests, {100 * refused:.2f} % answered 429",
    )


@contextmanager
def _listeners(world: World, size: int, plan: Plan, reset: Reset = "next") -> Iterator[Storage]:
    """Fill both stores with `size` listeners who are to gain the role, under the limits of a plan."""
    with (
        Storage.open(world.folder / STATE_FILE) as tenant,
        closing(psycopg2.connect(world.state.database_url)) as connection,
    ):
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE playlists, musicctl.tenant_users, musicctl.runs, musicctl.changes, musicctl.plans"
            )
            cursor.execute(
                "INSERT INTO playlists SELECT 'p' || n, 'auth0|p' || n, 'Mix', 100"
                " FROM generate_series(0, %s) AS n",
                (size - 1,),
            )
        tenant.clear()
        tenant.add_missing_users(NewUser(f"auth0|p{number}", None) for number in range(size))
        _fill_mirror(world, size)
        httpx.get(
            f"{world.state.auth0_domain}/.well-known/jwks.json"
        )  # the server sees that there is no plan
        tenant.change_settings(TenantSettings(plan=plan, reset=reset))
        try:
            yield tenant
        finally:
            faults.clear(tenant)


def _fill_mirror(world: World, size: int) -> None:
    """Do what a refresh would do, without a request: the bucket stays full."""
    with closing(Database(Secret(world.state.database_url))) as database:
        mirror.claim(database, world.state.auth0_domain)
        users = [(f"auth0|p{number}", None, None, (), None) for number in range(size)]
        mirror.refill(database, users, as_of=mirror.now(database))


@contextmanager
def _second_client(world: World) -> Iterator[list[int]]:
    """Send 20 % of the permitted rate from another application, and collect the statuses."""
    token, stop, statuses = world.token(), threading.Event(), list[int]()

    def send() -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
            while not stop.wait(1 / 3.2):
                statuses.append(client.get(f"{world.state.auth0_domain}/api/v2/users/auth0%7Cp0").status_code)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield statuses
    finally:
        stop.set()
        sender.join()
