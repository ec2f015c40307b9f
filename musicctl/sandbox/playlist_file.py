"""A file of playlists to load: CSV, read twice, so that a bad line is found before anything is written."""

import csv
from array import array
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from musicctl import disk
from musicctl.errors import MusicctlError, UsageError

COLUMNS = ("playlist_id", "user_id", "name", "total_plays")
MOST_SHOWN = 20
LONGEST_LINE = 1 << 20
"""Characters: a longer line is refused without being held in memory."""

LONGEST_ID = 1024
"""Bytes of UTF-8 in an id; Postgres indexes up to 2,704."""

LARGEST = (1 << 63) - 1
"""What Postgres' bigint holds."""

BUCKETS = 256
NOT_UTF8 = "is not UTF-8"


class Row(NamedTuple):
    """One playlist."""

    playlist_id: str
    user_id: str
    name: str
    total_plays: int


class Problem(NamedTuple):
    """What is wrong with a line; the column is empty when it is the line as a whole."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}{', ' if self.column else ''}{self.column}: {self.reason}"


class _BadFileError(Exception):
    """Ends the reading of a file that makes no sense from here on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def check(path: Path) -> int:
    """Read the whole file and return how many playlists it has, in memory of 8 bytes each.

    Raises MusicctlError that lists the first 20 bad lines, UsageError when the file cannot be read.
    """
    seen = [array("q") for _ in range(BUCKETS)]
    problems: list[Problem] = []
    count = bad = 0
    for _, found in _parsed(path):
        if isinstance(found, Row):
            count += 1
            key = hash(found.playlist_id)
            seen[key % BUCKETS].append(key)
        else:
            bad += 1
            problems += [found] if bad <= MOST_SHOWN else []
    repeated = list(islice(_repeated(path, _twice(seen)), MOST_SHOWN))
    problems += repeated
    if problems:
        raise _refusal(path, sorted(problems)[:MOST_SHOWN], bad + len(repeated))
    return count


def rows(path: Path) -> Iterator[Row]:
    """Yield the playlists of a file that was checked; raises MusicctlError if it was spoilt since."""
    for _, found in _parsed(path):
        if not isinstance(found, Row):
            raise _refusal(path, [found], 1)
        yield found


def _refusal(path: Path, problems: list[Problem], count: int) -> MusicctlError:
    more = [f"and {count - len(problems)} more"] if count > len(problems) else []
    return MusicctlError(
        f"nothing was loaded, since {path} is bad in {count} place{'s' if count > 1 else ''}",
        hint=_hint(problems),
        details={"problems": [problem._asdict() for problem in problems]},
        lines=(*map(str, problems), *more),
    )


def _hint(problems: list[Problem]) -> str:
    """Return what mends the problems listed: the header and the encoding are named where they are wrong."""
    hints = []
    if any(problem.line == 1 for problem in problems):
        hints.append(f"the first line must name the columns {','.join(COLUMNS)}")
    if any(problem.reason == NOT_UTF8 for problem in problems):
        hints.append("save the file as UTF-8")
    return "; ".join(hints) or "mend these lines and load the file again"


def _parsed(path: Path) -> Iterator[tuple[int, Row | Problem]]:
    """Yield for each record the number of its first line, and the row or what is wrong with it."""
    try:
        # Bytes that are no UTF-8 become lone surrogates, which are found column by column.
        with TextIOWrapper(disk.opened(path), "utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _judged(_records(file))
    except _BadFileError as bad:
        yield bad.problem.line, bad.problem
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}",
            hint=f"give a CSV file with the columns {','.join(COLUMNS)}, or --users N",
        ) from None


def _judged(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Row | Problem]]:
    header = next(records, None)
    if header is None:
        raise _BadFileError(Problem(1, "", "the file is empty"))
    places = _places(header[1])
    for line, fields in records:
        if len(fields) == len(places):
            yield line, _row(line, [fields[place] for place in places])
        else:
            yield line, Problem(line, "", f"has {len(fields)} fields, not {len(places)}")


def _records(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the file's records but for empty lines, with the numbers of the lines where they begin."""
    reader = csv.reader(_lines(file), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _BadFileError(Problem(line, "", f"is no CSV: {error}")) from None
        if fields is None:
            return
        if fields:
            yield line, fields


def _lines(file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise _BadFileError(Problem(number, "", f"has more than {LONGEST_LINE:,} characters"))
        yield line


def _places(header: list[str]) -> list[int]:
    """Return where each of COLUMNS stands in the header."""
    names = [name.strip() for name in header]
    for name in COLUMNS:
        if names.count(name) != 1:
            reason = "is missing from the first line" if name not in names else "is there twice"
            raise _BadFileError(Problem(1, name, reason))
    if others := [name for name in names if name not in COLUMNS]:
        raise _BadFileError(Problem(1, "", f"has a column that is not known: {_quoted(others[0])}"))
    return [names.index(name) for name in COLUMNS]


def _row(line: int, fields: list[str]) -> Row | Problem:
    for column, text, wrong in zip(COLUMNS, fields, CHECKS, strict=True):
        if reason := _unfit(text) or wrong(text):
            return Problem(line, column, reason)
    return Row(fields[0], fields[1], fields[2], int(fields[3]))


def _unfit(text: str) -> str:
    if text.isascii():
        return "has a NUL character" if "\0" in text else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return NOT_UTF8
    return "has a NUL character" if "\0" in text else ""


def _no_key(text: str) -> str:
    if not text:
        return "is empty"
    return f"has more than {LONGEST_ID} bytes" if len(text.encode()) > LONGEST_ID else ""


def _no_user_id(text: str) -> str:
    provider, _, own = text.partition("|")
    if not (provider and own):
        return f"{_quoted(text)} is no user id like auth0|5f7c8ec7c33c6c004bbafe82"
    if not text.isprintable():
        return f"{_quoted(text)} has a character that cannot be seen"
    return _no_key(text)


def _no_plays(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        return f"{_quoted(text)} is no whole number of 0 or more"
    return "is larger than a bigint" if len(text) > 19 or int(text) > LARGEST else ""


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


CHECKS: tuple[Callable[[str], str], ...] = (_no_key, _no_user_id, lambda _: "", _no_plays)
"""What may be wrong with a text of each of COLUMNS; empty when nothing is."""


def _twice(seen: list["array[int]"]) -> set[int]:
    """Return the hashes that came more than once, looking at one bucket at a time."""
    twice: set[int] = set()
    for bucket in seen:
        once: set[int] = set()
        for key in bucket:
            (twice if key in once else once).add(key)
    return twice


def _repeated(path: Path, suspects: set[int]) -> Iterator[Problem]:
    """Yield the lines whose playlist id was on an earlier line; hashes alone prove nothing."""
    first: dict[str, int] = {}
    for line, found in _parsed(path) if suspects else ():
        if isinstance(found, Row) and hash(found.playlist_id) in suspects:
            before = first.setdefault(found.playlist_id, line)
            if before != line:
                reason = f"{_quoted(found.playlist_id)} is on line {before} already"
                yield Problem(line, "playlist_id", reason)
