"""`import` and `export`, which several command groups share."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from musicctl.cli import shared_options
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Yes
from musicctl.cli.output import chosen, document, machine, require_csv
from musicctl.cli.progress import console
from musicctl.cli.reading import reading
from musicctl.cli.session import Session
from musicctl.errors import UsageError
from musicctl.render import records
from musicctl.render.formats import Format, Row
from musicctl.settings.environment import person_present

if TYPE_CHECKING:
    from musicctl.operations.library.exports import Encode
    from musicctl.operations.library.imports import Imported, Preview
    from musicctl.store.database import Database

STANDARD_OUTPUT = "-"
MANY = 4 << 20
"""Bytes of a file up to which a bar would only flicker."""


class FileFormat(Enum):
    """The formats that rows are read in and written in."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"


File = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV, TSV or JSON lines, also as .gz; - is standard input.")
]
As = Annotated[
    FileFormat | None,
    typer.Option(
        "--format", help="How the file is written, where its name does not say.", show_default=False
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Import the good lines, and write the others to a file beside it.")
]
OneUser = Annotated[
    str | None, typer.Argument(metavar="USER", help="Whose rows; without it, all of the table.")
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="FILE", help="The file to write; its name says the format, and .gz packs."),
]


def import_file(
    table: str,
    file: File,
    form: As = None,
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Import {things} from FILE, all or none: new ones are added, those with a known id are updated.

    The columns are named in the first line, or by the keys of JSON lines, in any order. In CSV an empty field
    is NULL and "" the empty text; TSV is as Postgres' COPY writes it.
    """
    from musicctl.operations.files import rejects, source
    from musicctl.operations.library import imports

    shape = chosen(output, as_json)
    request = imports.Request(
        table=table,
        name=file,
        form=None if form is None else form.value,
        bad_file=rejects.name_for(file) if skip_bad else None,
        dry_run=dry_run,
        asks=not yes and not dry_run and person_present(),
    )
    with Session(profile, quiet=quiet) as session:
        if not dry_run:
            session.announce_write(session.database)
        with _progress(source.size(file), shown=not quiet) as (tell, pause):

            def review(preview: "Preview") -> None:
                pause()
                _review(session, table, preview, yes=yes)

            done = imports.run(session.database, request, who=session.who, review=review, tell=tell)
        _tell(session, done)
        document(_document(done, shape), shape)
        return done.exit


def export(
    table: str,
    user: OneUser = None,
    to: To = None,
    profile: Profile = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Export the saved {things} of USER, or all of them, in a form that can be imported again.

    Without --to, or to -, they go to standard output, as CSV unless -o says tsv or jsonl.
    """
    from musicctl.operations.files import target
    from musicctl.operations.library import exports

    to = None if to == STANDARD_OUTPUT else to
    form = _form(output, to)
    encode = _encoder(form)
    with Session(profile, quiet=quiet) as session, reading(session, mirror=False) as database:
        user_id = None if user is None else session.user(user)
        if to is None and sys.stdout.isatty():
            _for_people(database, table, user_id, form)
            return
        with target.writing(to) if to is not None else _stdout() as file:
            exports.run(
                database, table, user_id, form, choose=shared_options.choose, encode=encode, write=file.write
            )


def _form(output: Format | None, to: str | None) -> str:
    """Return the format of an export: what --output says, or the name of the file."""
    from musicctl.operations.files import forms

    known = [each.value for each in FileFormat]
    if output is not None and output.value not in known:
        raise UsageError(f"an export is no {output.value}", hint=f"-o is one of {', '.join(known)}")
    named = None if to is None else forms.named(to)
    if output is not None and named is not None and output.value != named:
        raise UsageError(
            f"--output {output.value} contradicts the name of {to}",
            hint="leave --output out, or give the file another extension",
        )
    return forms.of(to, None if output is None else output.value)


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    yield sys.stdout.buffer


def _encoder(form: str) -> "Encode | None":
    """Return what makes lines of rows where COPY does not."""
    if shared_options.for_a_spreadsheet():
        require_csv(form)
        from musicctl.render.spreadsheet import csv_for_spreadsheets

        return csv_for_spreadsheets
    return _json_lines if form == "jsonl" else None


def _json_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    return records.listing(names, rows, Format.JSONL)


def _for_people(database: "Database", table: str, user_id: str | None, form: str) -> None:
    """Print an export on a terminal, where what others wrote must not be raw."""
    from musicctl.operations.library import exports

    def show(names: Sequence[str], rows: Iterable[Row]) -> None:
        machine(records.listing(names, rows, Format(form), terminal=True))

    exports.shown(database, table, user_id, choose=shared_options.choose, use=show)


def _review(session: Session, table: str, preview: "Preview", *, yes: bool) -> None:
    """Say what an import would change; ask when there are rows already, unless `yes`."""
    told = f"{preview.new:,} new, {preview.changed:,} changed, {preview.same:,} as they are"
    session.say(f"{table}: {told}")
    if not preview.first:
        agree(f"Import them into {table} ({told})?", yes=yes)


def _tell(session: Session, done: "Imported") -> None:
    """Say which lines were left out, and where they are."""
    for problem in done.problems.first:
        session.say(str(problem))
    if done.problems.more:
        session.say(done.problems.more)
    if done.problems.count:
        left_out = "1 bad line is" if done.problems.count == 1 else f"{done.problems.count:,} bad lines are"
        session.say(f"{left_out} left out; see {done.document['bad_file']}")


def _document(done: "Imported", shape: Format) -> dict[str, object]:
    """Return what to print of an import; people have seen the bad lines already."""
    problems = [problem._asdict() for problem in done.problems.first]
    return done.document if shape is Format.TABLE else done.document | {"problems": problems}


@contextmanager
def _progress(size: int | None, *, shown: bool) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """Yield what is told how many bytes were read, and what takes the bar away before a question."""
    if not shown or size is None or size < MANY or not sys.stderr.isatty():
        yield lambda _read: None, lambda: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    shown_in_it = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*shown_in_it, console=console(), transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda read: bar.update(task, completed=read), bar.stop
