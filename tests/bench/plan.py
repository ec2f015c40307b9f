"""What a plan and a first sync of a tenant of `size` users cost, against bare scripts over the same data."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import psycopg2

from musicctl.sandbox.listeners import made_up
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from musicctl.secret import Secret
from musicctl.store import mirror
from musicctl.store.database import Database
from tests.bench import finished_export
from tests.bench.measure import Cost, Result, cost, in_turn
from tests.bench.startup import OURS
from tests.bench.world import World

ROUNDS = 3
"""Of what takes seconds; fewer when fewer are asked for."""

SEED = 1
MEMORY_MB = 150.0
ALLOWANCE = 0.2
"""Seconds added to the bare SQL: 1.5 times both is 1.5 times the SQL and the 0.3 s that a start may take."""

BARE_PLAN = """
import sys
import psycopg2
with psycopg2.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute('''
        SELECT user_id, plays, roles
        FROM (SELECT user_id, sum(total_plays) AS plays FROM playlists GROUP BY user_id) AS plays
        JOIN {table} AS users USING (user_id)
        WHERE (plays >= 100) <> (roles @> ARRAY['playlist editor'])''')
    print(len(cursor.fetchall()))
"""
BARE_REFRESH = """
import gzip, io, itertools, sys
import msgspec, psycopg2
class User(msgspec.Struct):
    user_id: str
    email: str | None = None
    app_metadata: dict | None = None
    user_metadata: dict | None = None
def line(user):
    roles = (user.app_metadata or {}).get("roles") or []
    quoted = ",".join('"' + role + '"' for role in ([roles] if isinstance(roles, str) else roles))
    name = (user.user_metadata or {}).get("displayName") or chr(92) + "N"
    return f"{user.user_id}\\t{user.email}\\t{name}\\t{{{quoted}}}\\n"
with (
    gzip.open(sys.argv[2]) as file,
    psycopg2.connect(sys.argv[1]) as connection,
    connection.cursor() as cursor,
):
    lines = map(line, map(msgspec.json.Decoder(User).decode, file))
    copying = "COPY bench_users (user_id, email, display_name, roles) FROM STDIN"
    cursor.execute("TRUNCATE bench_users")
    while some := "".join(itertools.islice(lines, 10_000)):
        cursor.copy_expert(copying, io.StringIO(some))
"""
BARE_SYNC = """
import concurrent.futures, sys, urllib.parse
import httpx, psycopg2
url, domain, client_id, client_secret, audience = sys.argv[1:]
client = httpx.Client(base_url=domain, trust_env=False)
asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
token = client.post("/oauth/token", json={**asked, "audience": audience}).json()["access_token"]
client.headers["Authorization"] = "Bearer " + token
def grant(user_id):
    path = "/api/v2/users/" + urllib.parse.quote(user_id, safe="")
    roles = (client.get(path).raise_for_status().json().get("app_metadata") or {}).get("roles") or []
    client.patch(path, json={"app_metadata": {"roles": [*roles, "playlist editor"]}}).raise_for_status()
with psycopg2.connect(url) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT user_id FROM playlists GROUP BY user_id HAVING sum(total_plays) >= 100")
    earned = [user_id for (user_id,) in cursor]
with concurrent.futures.ThreadPoolExecutor(8) as threads:
    for _ in threads.map(grant, earned):
        pass
"""


def refresh(world: World, size: int) -> Result:
    """`roles plan --refresh` against unzip, decode, COPY and join, both from an export that is finished."""
    with _prepared(world, size) as (path, environment), _table_like_ours(world):
        script = BARE_REFRESH + BARE_PLAN.format(table="bench_users")
        reference = (sys.executable, "-c", script, world.state.database_url, str(path))
        ours, bare = in_turn(
            (*OURS, "roles", "plan", "--refresh", "--json", "--quiet"), reference, environment, _rounds(world)
        )
    return Result(
        name="plan-refresh",
        size=size,
        ours=ours.seconds,
        reference=bare.seconds,
        target=3.0,
        memory_mb=ours.memory_mb,
        memory_limit_mb=MEMORY_MB,
    )


def fresh(world: World, size: int) -> Result:
    """`roles plan` over a mirror that is young, against the join alone and the ALLOWANCE."""
    with _prepared(world, size) as (_, environment):
        cost((*OURS, "mirror", "refresh", "--quiet"), environment)
        script = BARE_PLAN.format(table="musicctl.tenant_users")
        reference = (sys.executable, "-c", script, world.state.database_url)
        ours, bare = in_turn((*OURS, "roles", "plan", "--json"), reference, environment, _rounds(world))
    return Result(
        name="plan-fresh",
        size=size,
        ours=ours.seconds,
        reference=bare.seconds + ALLOWANCE,
        target=1.5,
        memory_mb=ours.memory_mb,
        memory_limit_mb=MEMORY_MB,
        note=f"the reference has {ALLOWANCE} s on top",
    )


def first_sync(world: World, size: int) -> Result:
    """`roles sync` where nobody holds the role yet, against a bare loop of GET and PATCH in 8 threads.

    It leaves the role with everyone at the bar, so it comes last.
    """
    _load(world, size)
    state, environment = world.state, world.profile(max_grant="100%")
    login = (state.auth0_client_id, state.auth0_client_secret, state.auth0_audience)
    script = (sys.executable, "-c", BARE_SYNC, state.database_url, state.auth0_domain, *login)
    _take_all_roles(world)
    bare = cost(script, environment)
    _take_all_roles(world)
    ours, first = _synced(environment)
    _, second = _synced(environment)
    _, third = _synced(environment, "--refresh")
    return Result(
        name="sync-first",
        size=size,
        ours=ours.seconds,
        reference=bare.seconds,
        target=None,
        memory_mb=ours.memory_mb,
        memory_limit_mb=MEMORY_MB,
        note=f"{first}; again: {second}; with --refresh: {third}",
    )


def _rounds(world: World) -> int:
    return min(world.rounds, ROUNDS)


def _load(world: World, size: int) -> None:
    """Have `size` made-up listeners in both stores; another benchmark may have emptied either."""
    last = [each for each in islice(made_up(size, SEED), max(size - 50, 0), None) if each.playlists][-1]
    with Storage.open(world.folder / STATE_FILE) as storage:
        in_tenant = storage.get_user(last.user_id) is not None
    with closing(psycopg2.connect(world.state.database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM playlists WHERE playlist_id = %s", (last.playlists[0].id,))
        in_database = cursor.rowcount == 1
    if not (in_tenant and in_database):
        command = (*OURS, "sandbox", "load", "--users", str(size), "--seed", str(SEED), "--quiet")
        cost(command, world.environment)


@contextmanager
def _prepared(world: World, size: int) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the file of a finished export, and the environment in which ours is told of it by a tenant."""
    _load(world, size)
    with tempfile.NamedTemporaryFile(suffix=".gz") as file, closing(_database(world)) as database:
        path = Path(file.name)
        finished_export.write(world.folder, path)
        with finished_export.served(path) as url:
            mirror.adopt_domain(database, url)
            yield path, world.profile(url)
        mirror.adopt_domain(database, world.state.auth0_domain)


@contextmanager
def _table_like_ours(world: World) -> Iterator[None]:
    _run(world, "CREATE TABLE bench_users (LIKE musicctl.tenant_users INCLUDING ALL)")
    yield
    _run(world, "DROP TABLE bench_users")


def _take_all_roles(world: World) -> None:
    with Storage.open(world.folder / STATE_FILE) as storage:
        storage.write("UPDATE users SET app_metadata = NULL")
    with closing(_database(world)) as database:
        mirror.forget(database)


def _synced(environment: dict[str, str], *options: str) -> tuple[Cost, str]:
    """Run a sync and return what it took, and in words what it did and sent."""
    with tempfile.TemporaryFile() as output:
        took = cost((*OURS, "roles", "sync", "--yes", "--json", "--quiet", *options), environment, output)
        output.seek(0)
        report = json.load(output)
    changes, requests, polls = sum(report["applied"].values()), report["requests"], report["polls"]
    return took, f"{changes:,} changes, {requests:,} requests, {polls:,} polls"


def _database(world: World) -> Database:
    return Database(Secret(world.state.database_url))


def _run(world: World, sql: str) -> None:
    with closing(psycopg2.connect(world.state.database_url)) as connection, connection:
        connection.cursor().execute(sql)
