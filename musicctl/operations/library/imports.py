"""A file into one of the app's tables: read and checked, compared, shown, and merged, all or nothing."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from musicctl.errors import Exit
from musicctl.operations import leftovers
from musicctl.operations.files import forms, source
from musicctl.operations.files.columns import Column, of_type, shown
from musicctl.operations.files.problems import MOST_SHOWN, Problem, Problems
from musicctl.operations.files.records import Dialect
from musicctl.operations.files.rejects import Rejects
from musicctl.operations.files.scanner import Scanner
from musicctl.operations.runs.lease import this_process
from musicctl.operations.who import Who
from musicctl.store import imports, journal, merging
from musicctl.store.database import Database
from musicctl.store.imports import BadValueError, Difference, Incoming, RefusedRow
from musicctl.store.kinds import KINDS
from musicctl.store.saved import OWNER
from musicctl.store.tables import Shape
from musicctl.store.written import IMPORT, in_journal

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
    if request.bad_file is not None:
        problems.mend = "mend the file, and import it again"
    digest = hashlib.sha256()
    if not request.dry_run:
        leftovers.clear(database, who.actor)
    with source.chunks(request.name, tell) as read, Rejects.opened(dialect) as rejects:
        scanner = Scanner(_digested(read, digest), dialect, problems, rejects.take)

        def stage(incoming: Incoming) -> Preview:
            with _refusing(scanner, problems):
                _stage(incoming, scanner, rejects, dialect, problems, skip=request.bad_file is not None)
                if problems.count and request.bad_file is None:
                    raise problems.refusal()
                return _preview(incoming, scanner.rows - rejects.rows)

        def ask(preview: Preview) -> None:
            if preview.changes and not request.dry_run:
                review(preview)

        def settle(incoming: Incoming, preview: Preview) -> tuple[dict[str, object], list[RefusedRow]]:
            document, refused = _settle(incoming, preview, request, who, digest.hexdigest())
            if refused and request.bad_file is None:
                _note(problems, scanner, refused)
                raise problems.refusal()
            if (problems.count or refused) and not request.dry_run:
                rejects.save(str(request.bad_file), [each.values for each in refused])
            return document, refused

        me = this_process(who.actor) if request.asks else None
        document, refused = imports.reviewed(database, KINDS[request.table], stage, ask, settle, apart=me)
        _note(problems, scanner, refused)
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
    incoming: Incoming,
    scanner: Scanner,
    rejects: Rejects,
    dialect: Dialect,
    problems: Problems,
    *,
    skip: bool,
) -> None:
    """Stage the good rows, each id once, and note what is wrong with the others."""
    names = scanner.header(_columns(incoming.shape))
    rejects.names = names
    refused = incoming.fill(names, scanner.pieces(), dialect.copy, skip=skip)
    _note(problems, scanner, refused)
    for each in refused:
        rejects.take_refused(each.values)
    if incoming.has_key:
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
    incoming.set_repeated_aside(rejects.take_refused)


def _preview(incoming: Incoming, rows: int) -> Preview:
    first = incoming.is_first()
    found = Difference(rows, 0) if first else incoming.difference()
    return Preview(new=found.new, changed=found.changed, same=_same(rows, found), first=first)


def _settle(
    incoming: Incoming, preview: Preview, request: Request, who: Who, digest: str
) -> tuple[dict[str, object], list[RefusedRow]]:
    """Merge what was staged, unless it changes nothing or is only to be shown; return what is left out."""
    found, rows = Difference(preview.new, preview.changed), preview.rows
    refused: list[RefusedRow] = []
    run = None
    if preview.changes and not request.dry_run:
        found, refused, written = merging.merge(incoming, found)
        run = journal.record(
            incoming.cursor,
            who.run(f"{request.table} import"),
            _whole(request.table, found, digest) if written is None else in_journal(request.table, written),
        )
    return {
        "file": request.name,
        "rows": rows - len(refused),
        "new": found.new,
        "changed": found.changed,
        "same": _same(rows - len(refused), found),
        "run": run,
    }, refused


def _whole(table: str, found: Difference, digest: str) -> list[tuple[journal.Intent, object, object]]:
    """Return a long import as one change: its counts, and which file it was."""
    nobody: str = None  # type: ignore[assignment]  # it is about too many
    said = journal.RawJson(json.dumps({"new": found.new, "changed": found.changed, "sha256": digest}))
    return [((0, nobody, table, None, IMPORT, None), None, said)]


def _note(problems: Problems, scanner: Scanner, refused: Sequence[RefusedRow]) -> None:
    """Count the rows that Postgres refused among the bad lines."""
    found = [Problem(scanner.line_of_row(why.row), why.column, why.reason) for why, _ in refused]
    problems.add_later(found, len(found))


def _digested(chunks: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


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
