"""How long a command takes before it can do its work, against the least that it could take."""

import sys
from collections.abc import Iterator

from musicctl.secret import Secret
from musicctl.store import bulk, songs
from musicctl.store.database import Database
from tests.bench.measure import Result, in_turn
from tests.bench.world import World

OURS = (sys.executable, "-m", "musicctl")
TYPER = (sys.executable, "-c", "import typer")
LISTENER = "auth0|bench"
SAVED = 20
"""Songs of the one listener who is asked for."""

BARE = """
import json, sys
import psycopg2, typer
with psycopg2.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT song_id, songname, user_id FROM songs WHERE user_id = %s", (sys.argv[2],))
    names = [column.name for column in cursor.description]
    print(json.dumps([dict(zip(names, row)) for row in cursor.fetchall()]))
"""


def version(world: World, size: int) -> Result:
    """`--version`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "version", size, "--version", target=1.3)


def help_text(world: World, size: int) -> Result:
    """`--help`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "help", size, "--help", target=2.0)


def songs_list(world: World, size: int) -> Result:
    """`songs list USER --json` on a table of `size` songs, against a bare script with the same query."""
    database = Database(Secret(world.state.database_url))
    bulk.upsert(database, "songs", songs.COLUMNS, "song_id", _rows(size))
    database.close()
    command = (*OURS, "songs", "list", LISTENER, "--json")
    reference = (sys.executable, "-c", BARE, world.state.database_url, LISTENER)
    ours, bare = in_turn(command, reference, world.environment, world.rounds)
    return Result(
        name="songs-list",
        size=size,
        ours=ours.seconds,
        reference=bare.seconds,
        target=1.3,
        memory_mb=ours.memory_mb,
    )


def _against_typer(world: World, name: str, size: int, option: str, *, target: float) -> Result:
    ours, typer = in_turn((*OURS, option), TYPER, world.environment, world.rounds)
    return Result(
        name=name,
        size=size,
        ours=ours.seconds,
        reference=typer.seconds,
        target=target,
        memory_mb=ours.memory_mb,
    )


def _rows(size: int) -> Iterator[tuple[str, str, str]]:
    for number in range(size):
        owner = LISTENER if number < SAVED else f"auth0|other{number % 997}"
        yield (f"bench{number}", f"Song {number}", owner)
