"""A file into one of the app's tables: read and checked, compared, shown, and merged, all or nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from musicctl.errors import Exit
from musicctl.operations.files import forms, source
from musicctl.operations.files.columns import Column, of_type, shown
from musicctl.operations.files.problems import MOST_SHOWN, Problem, Problems
from musicctl.operations.files.records import Dialect
from musicctl.operations.files.rejects import Rejects
from musicctl.operations.files.scanner import Scanner
from musicctl.operations.who import Who
from musicctl.store import imports, journal
from musicctl.store.database import Database
from musicctl.store.imports import BadValueError, Difference, Incoming
from musicctl.store.kinds import KINDS
from musicctl.store.saved import OWNER
from musicctl.store.shape import Shape

COUNTS = ("total_plays",)
"""Columns of numbers that are never below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an import would do: how many rows are new, change one that is there, or are there already.

    `first` says that the table is empty still.
    """

    new: int
    changed: int
    same: int
    first: bool

    @property
    def changes(self) -> bool:
        """Whether it would do anything."""
        return bool(self.new or self.changed)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return self.new + self.changed + self.same


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One import: the file and its format, and where bad lines go when the others are to be imported.

    `asks` says that a person may be asked in the middle, for as long as that takes.
    """

    table: str
    name: str
    form: str | None = None
    bad_file: str | None = None
    dry_run: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended: `document` for people and machines, and the bad lines that were left out."""

    document: dict[str, object]
    problems: Problems

    @property
    def exit(self) -> Exit:
        """The exit code that this means."""
        return Exit.PARTIAL if self.problems.count else Exit.OK


def run(
    database: Database,
    request: Request,
    *,
    who: Who,
    review: Callable[[Preview], None],
    tell: Callable[[int], None],
) -> Imported:
    """Import a file, as a run of the journal when it changes something.

    `review` is called before anything is written, and may refuse by raising; `tell` is told how many bytes
    of the file were read. Raises MusicctlError that names the bad lines, unless there is a file for them.
    """
    dialect = forms.dialect(forms.of(request.name, request.form))
    problems = Problems(request.name)
    with source.chunks(request.name, tell) as chunks, Rejects.opened(dialect) as rejects:
        scanner = Scanner(chunks, dialect, problems, rejects.take)

        def stage(incoming: Incoming) -> Preview:
            with _refusing(scanner, problems):
                _stage(incoming, scanner, rejects, dialect, problems)
                if problems.count and request.bad_file is None:
                    raise problems.refusal()
                if problems.count and not request.dry_run:
                    rejects.save(str(request.bad_file))
                return _preview(incoming, scanner.rows - rejects.repeated)

        def ask(preview: Preview) -> None:
            if preview.changes and not request.dry_run:
                review(preview)

        def settle(incoming: Incoming, preview: Preview) -> dict[str, object]:
            with _refusing(scanner, problems):
                return _settle(incoming, preview, request, who)

        document = imports.reviewed(database, KINDS[request.table], stage, ask, settle, apart=request.asks)
    bad = {"bad": problems.count, "bad_file": request.bad_file if problems.count else None}
    return Imported(document | bad, problems)


@contextmanager
def _refusing(scanner: Scanner, problems: Problems) -> Iterator[None]:
    """Refuse the file when Postgres does not take a value of it, and say from which line that is."""
    try:
        yield
    except BadValueError as error:
        line = scanner.line_of_sent(error.line) if error.line else scanner.line_of_row(error.row or 1)
        problems.add_later([Problem(line, error.column, error.what)], 1)
        raise problems.refusal() from None


def _stage(
    incoming: Incoming, scanner: Scanner, rejects: Rejects, dialect: Dialect, problems: Problems
) -> None:
    """Stage the good rows, each id once, and note what is wrong with the others."""
    names = scanner.header(_columns(incoming.shape))
    rejects.names = names
    incoming.fill(names, scanner.pieces(), dialect.copy)
    if incoming.shape.has_key:
        _refuse_repeated(incoming, scanner, rejects, problems)


def _refuse_repeated(incoming: Incoming, scanner: Scanner, rejects: Rejects, problems: Problems) -> None:
    repeated, count = incoming.repeated(MOST_SHOWN)
    if not count:
        return
    key = incoming.shape.kind.key
    problems.add_later(
        [
            Problem(
                scanner.line_of_row(each.row),
                key,
                f"{shown(each.key.encode())} is on line {scanner.line_of_row(each.first)} already",
            )
            for each in repeated
        ],
        count,
    )
    incoming.set_repeated_aside(rejects.take_repeated)


def _preview(incoming: Incoming, rows: int) -> Preview:
    first = incoming.is_first()
    found = Difference(rows, 0) if first else incoming.difference()
    return Preview(new=found.new, changed=found.changed, same=_same(rows, found), first=first)


def _settle(incoming: Incoming, preview: Preview, request: Request, who: Who) -> dict[str, object]:
    """Merge what was staged, unless it changes nothing or is only to be shown."""
    found, rows = Difference(preview.new, preview.changed), preview.rows
    run = None
    if preview.changes and not request.dry_run:
        found = incoming.merge()
        run = journal.record(incoming.cursor, who.run(f"{request.table} import"), [])
    return {
        "file": request.name,
        "rows": rows,
        "new": found.new,
        "changed": found.changed,
        "same": _same(rows, found),
        "run": run,
    }


def _same(rows: int, found: Difference) -> int:
    return rows - found.new - found.changed


def _columns(found: Shape) -> list[Column]:
    """Return what a file must have: those of the kind's columns that the table has."""
    found.require(() if found.known else found.kind.columns, f"import {found.kind.table}")
    return [
        of_type(
            name,
            found.columns[name].type,
            required=found.columns[name].required or (name == found.kind.key and found.has_key),
            least=0 if name in COUNTS else None,
            owner=name == OWNER,
        )
        for name in found.known
    ]
