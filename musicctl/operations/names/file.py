"""A file of names: CSV with the columns user and name, read and checked whole before anything is done."""

from collections.abc import Iterable, Iterator

from musicctl.errors import UsageError
from musicctl.operations.files import source
from musicctl.operations.files.columns import Column, shown
from musicctl.operations.files.csv_records import CSV
from musicctl.operations.files.problems import Problem, Problems
from musicctl.operations.files.scanner import Scanner
from musicctl.operations.lookup import trimmed
from musicctl.policy.bulk_names import Naming
from musicctl.policy.display_name import display_name
from musicctl.tenant.user_ids import checked

COLUMNS = (Column("user", required=True), Column("name", required=True))


def read(name: str) -> tuple[Naming, ...]:
    """Return what the file asks for, each user once; raises MusicctlError that names the bad lines."""
    problems = problems_of(name)
    with source.chunks(name, lambda _read: None) as chunks:
        scanner = Scanner(chunks, CSV, problems, lambda _raw: None)
        names = scanner.header(COLUMNS)
        found = tuple(_once(_sound(_lines(scanner, names), problems), problems))
    if problems.count:
        raise problems.refusal()
    return found


def problems_of(name: str) -> Problems:
    """Return what takes up the bad lines of a file of names."""
    return Problems(name, undone="nothing was written", mend="mend these lines, or leave them out")


def _lines(scanner: Scanner, names: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line that has both values, and the values by their column."""
    row = 0
    for piece in scanner.pieces():
        at = 0
        while record := CSV.record(piece, at, names):
            row, at = row + 1, record.end
            values = [(value or b"").decode() for value in record.values]
            yield scanner.line_of_row(row), dict(zip(names, values, strict=True))


def _sound(lines: Iterable[tuple[int, dict[str, str]]], problems: Problems) -> Iterator[Naming]:
    for line, values in lines:
        column = "user"
        try:
            user = _user(trimmed(values["user"]))
            column = "name"
            yield Naming(line=line, user=user, name=display_name(values["name"]))
        except UsageError as error:
            problems.add(Problem(line, column, error.what))


def _user(text: str) -> str:
    """Return what can be a user id or an email address; raises UsageError."""
    if "|" in text:
        return checked(text)
    if "@" not in text:
        raise UsageError(
            f"{shown(text.encode())} is neither a user id nor an email address",
            hint="a user id looks like auth0|5f7c8ec7c33c6c004bbafe82",
        )
    return text


def _once(namings: Iterable[Naming], problems: Problems) -> Iterator[Naming]:
    """Yield each user once; the lines that name one again are bad."""
    first: dict[str, int] = {}
    for naming in namings:
        line = first.setdefault(naming.user, naming.line)
        if line == naming.line:
            yield naming
        else:
            what = f"{shown(naming.user.encode())} is on line {line} already"
            problems.add(Problem(naming.line, "user", what))
