"""`musicctl query`."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from musicctl import disk
from musicctl.cli.command import alone, command
from musicctl.cli.options import Json, Output, Profile, Quiet, duration
from musicctl.cli.output import chosen, first_rows, most_rows
from musicctl.cli.reading import reading
from musicctl.cli.session import Session
from musicctl.errors import MusicctlError, UsageError
from musicctl.render.formats import Format, Row

app = alone()
ON_A_TERMINAL = 200
LARGEST = 4 << 20
"""Bytes that are read of a query; Postgres itself would take a gigabyte."""

Sql = Annotated[
    str | None, typer.Argument(metavar="SQL", help="One SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW.")
]
File = Annotated[
    str | None,
    typer.Option("-f", "--file", metavar="FILE", help="Read the SQL from a file; - is standard input."),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A value for %(NAME)s in the SQL; may be repeated."),
]
Timeout = Annotated[
    str, typer.Option("--timeout", metavar="DURATION", help="How long the server may take: 30s, 5m.")
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        help=f"How many rows to print; a terminal shows {ON_A_TERMINAL} unless told.",
    ),
]


@command(app, "query")
def query(
    sql: Sql = None,
    file: File = None,
    param: Param = None,
    timeout: Timeout = "30s",
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Answer a SELECT over the app's tables, the mirror and the view musicctl.listeners.

    Only reads: Postgres refuses everything else. The view has user_id, email, display_name, roles, fav_genre,
    plays, playlists and songs of each listener.
    """
    from musicctl.operations import query as queries

    form = chosen(output, as_json)
    asked, seconds = _text(sql, file), duration(timeout, "--timeout")
    values = queries.parameters(param or [])
    with Session(profile, quiet=quiet) as session, reading(session) as database:

        def show(columns: tuple[str, ...], rows: Iterator[Row]) -> None:
            keys = _apart(columns) if form in {Format.JSON, Format.JSONL} else columns
            most = most_rows(limit, form, ON_A_TERMINAL)
            first_rows(keys, rows, form, most=most, things="rows", say=session.say)

        queries.ask(database, asked, values, seconds=seconds, use=show, say=session.say)


def _text(sql: str | None, file: str | None) -> str:
    if (sql is None) == (file is None):
        raise UsageError("a query is either an argument or -f FILE", hint="musicctl query 'SELECT ...'")
    if file is None:
        return str(sql)
    try:
        if file != "-":
            return disk.read(Path(file), LARGEST, pipes=True).decode("utf-8-sig")
        written = sys.stdin.read(LARGEST + 1)
    except UnicodeDecodeError:
        raise UsageError(f"{file} is no text in UTF-8", hint="convert it with iconv") from None
    except OSError as error:
        raise MusicctlError(
            f"could not read {file}: {error.strerror}", hint="name a file of SQL; - is standard input"
        ) from None
    if len(written) > LARGEST:
        raise MusicctlError(
            f"could not read standard input: it is larger than {LARGEST:,} characters",
            hint="send one query",
        )
    return written


def _apart(columns: Sequence[str]) -> list[str]:
    """Return the names with a number where one comes again: an object has each key once."""
    found: dict[str, None] = {}
    for column in columns:
        name, number = column, 2
        while name in found:
            name, number = f"{column}_{number}", number + 1
        found[name] = None
    return list(found)
