"""Songs in and out against `psql \\copy`, and one listener's songs out of millions against a bare script."""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg2

from musicctl.sandbox.postgres import binaries
from tests.bench.measure import Command, Cost, Result, cost, in_turn
from tests.bench.startup import OURS
from tests.bench.world import World

IMPORTS, EXPORTS = 3, 9
"""How often a copy of many rows is run at most: an import takes long and varies little."""

MEMORY_MB = 100.0
LISTENER = "auth0|bench"
SAVED = 20
"""Songs of the one listener who is asked for."""

# An empty table of songs like the app's comes before it on the search path, and one more for the reference.
TABLES = """
    CREATE SCHEMA bench;
    CREATE TABLE bench.songs (LIKE public.songs INCLUDING ALL);
    CREATE TABLE bench.reference (LIKE public.songs INCLUDING ALL);
    ALTER ROLE musicctl SET search_path = bench, public"""
GONE = "ALTER ROLE musicctl RESET search_path; DROP SCHEMA bench CASCADE"
FILL = f"""
    INSERT INTO bench.songs SELECT 'song' || n, 'Song ' || n,
        CASE WHEN n <= {SAVED} THEN '{LISTENER}' ELSE 'auth0|other' || mod(n, 9973) END
    FROM generate_series(1, %s) AS n"""

BARE = """
import json, sys
import psycopg2, typer
with psycopg2.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute(
        "SELECT song_id, songname, user_id FROM songs WHERE user_id = %s ORDER BY songname, song_id",
        (sys.argv[2],),
    )
    names = [column.name for column in cursor.description]
    print(json.dumps([dict(zip(names, row)) for row in cursor.fetchall()]))
"""


def songs_import(world: World, size: int) -> Result:
    """`songs import` of `size` new rows into an empty table, against \\copy of the same file."""
    with _tables(world), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "songs.csv"
        _write(file, size)

        def empty() -> None:
            _run(world, "TRUNCATE bench.songs, bench.reference")

        reference = _psql(world, f"\\copy bench.reference from '{file}' with (format csv, header)")
        return _copied(
            replace(world, rounds=min(world.rounds, IMPORTS)),
            "songs-import",
            size,
            (*OURS, "songs", "import", str(file), "-q"),
            reference,
            empty,
            2.0,
        )


def songs_export(world: World, size: int) -> Result:
    """`songs export` of `size` rows to a CSV file, against \\copy of the same table."""
    with _tables(world), tempfile.TemporaryDirectory() as folder:
        _run(world, FILL, size)
        ours = (*OURS, "songs", "export", "-q", "--to", f"{folder}/ours.csv")
        reference = _psql(world, f"\\copy bench.songs to '{folder}/reference.csv' with (format csv, header)")
        rounds = min(world.rounds, EXPORTS)
        return _copied(
            replace(world, rounds=rounds), "songs-export", size, ours, reference, lambda: None, 1.5
        )


def songs_list(world: World, size: int) -> Result:
    """`songs list USER --json` on a table of `size` songs, against a bare script with the same query."""
    with _tables(world):
        _run(world, FILL, size)
        _run(world, "ANALYZE bench.songs")
        reference = (sys.executable, "-c", BARE, world.state.database_url, LISTENER)
        ours, bare = in_turn(
            (*OURS, "songs", "list", LISTENER, "--json"), reference, world.environment, world.rounds
        )
    return _result("songs-list", size, ours, bare, 1.3)


def _copied(
    world: World,
    name: str,
    size: int,
    ours: Command,
    reference: Command,
    before: Callable[[], None],
    target: float,
) -> Result:
    pairs = []
    for _ in range(world.rounds):
        before()
        pairs.append((cost(ours, world.environment), cost(reference, world.environment)))
    mine, others = (_median([pair[side] for pair in pairs]) for side in (0, 1))
    return _result(name, size, mine, others, target, MEMORY_MB)


def _result(
    name: str, size: int, ours: Cost, reference: Cost, target: float, memory: float | None = None
) -> Result:
    return Result(
        name=name,
        size=size,
        ours=ours.seconds,
        reference=reference.seconds,
        target=target,
        memory_mb=ours.memory_mb,
        memory_limit_mb=memory,
    )


def _median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(each.seconds for each in costs), max(each.memory_mb for each in costs))


def _psql(world: World, command: str) -> Command:
    program = binaries.find().psql
    return (os.fspath(program), "-X", "-q", "-d", world.state.database_url, "-c", command)


@contextmanager
def _tables(world: World) -> Iterator[None]:
    """Give the sandbox empty tables of songs for a while, so that nobody else's songs are touched."""
    _run(world, TABLES)
    try:
        yield
    finally:
        _run(world, GONE)


def _run(world: World, sql: str, *values: object) -> None:
    with closing(psycopg2.connect(world.state.database_url)) as connection, connection:
        connection.cursor().execute(sql, values or None)


def _write(file: Path, size: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("song_id,songname,user_id\n")
        out.writelines(f'song{n},"Song, ""{n}""",auth0|other{n % 9973}\n' for n in range(size))
