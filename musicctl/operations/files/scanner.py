"""Reads one file from front to end: what is good goes on in pieces that COPY takes, what is bad is noted.

Whole stretches of good records are recognized by one regular expression and go on as they are; only a record
that it does not know is taken apart.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence

from musicctl.operations.files.columns import Column, shown
from musicctl.operations.files.problems import Places, Problem, Problems
from musicctl.operations.files.records import Dialect, Record, end_of_line

CHUNK = 1 << 18
LONGEST = 8 << 20
"""Bytes of a record beyond which it is refused, so that none is held in memory."""

BOM = b"\xef\xbb\xbf"
BLANK = (b"\n", b"\r\n")


class Scanner:
    """The reading of one file; `bad` is given the bytes of each bad record."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        dialect: Dialect,
        problems: Problems,
        bad: Callable[[bytes], None],
        *,
        longest: int = LONGEST,
    ) -> None:
        self.rows = 0
        self._longest = longest
        self._chunks = chunks
        self._dialect = dialect
        self._problems = problems
        self._bad = bad
        self._columns: Sequence[Column] = ()
        self._names: tuple[str, ...] = ()
        self._good: re.Pattern[bytes] | None = None
        self._buffer = b""
        self._at = 0
        self._decoded = 0
        self._final = False
        self._endless = False
        self._line = 1
        self._sent_lines = 0
        self._row_places = Places()
        self._line_places = Places()

    def header(self, columns: Sequence[Column]) -> list[str]:
        """Return the names of the columns in the order of the file; they must be these.

        Raises MusicctlError, as nothing can be made of a file without them.
        """
        while len(self._buffer) < len(BOM) and not self._final:
            self._more()
        self._buffer = self._buffer.removeprefix(BOM)
        names = [column.name for column in columns]
        if self._dialect.has_header:
            names = self._named(names)
        by_name = {column.name: column for column in columns}
        self._columns, self._names = [by_name[name] for name in names], tuple(names)
        if (good := self._dialect.good(self._columns)) is not None:
            self._good = re.compile(b"(?:" + good + b")*")
        return names

    def pieces(self) -> Iterator[bytes]:
        """Yield the good records as COPY takes them, while the file is read."""
        while True:
            while self._at < len(self._buffer):
                if good := self._stretch():
                    yield good
                if self._at < len(self._buffer):
                    piece = self._single()
                    if piece is None:
                        break
                    yield from [piece] if piece else []
            if self._final:
                return
            self._more()

    def line_of_row(self, row: int) -> int:
        """Return the line on which a record began that was handed on as the one numbered `row`, from 1."""
        return self._row_places.line(row)

    def line_of_sent(self, line: int) -> int:
        """Return the line of the file that was handed on as the line numbered `line`, from 1."""
        return self._line_places.line(line)

    def _more(self) -> None:
        """Read on; the last line is given its end when it lacks one."""
        chunk = next(self._chunks, b"")
        left = b"" if self._endless else self._buffer[self._at :]
        self._final = not chunk
        if self._final and left and not left.endswith(b"\n"):
            chunk = b"\n"
        self._buffer, self._at, self._decoded = left + chunk, 0, 0
        if self._endless:
            self._pass_over()

    def _pass_over(self) -> None:
        """Drop what is left of a record that is too long to be held."""
        end = end_of_line(self._buffer, 0)
        self._at = end or len(self._buffer)
        self._endless = not end
        self._line += bool(end)
        self._bad(self._buffer[: self._at])

    def _stretch(self) -> bytes:
        """Return the good records that come next, each on a line of its own."""
        if self._good is None:
            return b""
        if self._at >= self._decoded:
            self._decoded = _lines_in_utf8(self._buffer, self._at)
        found = self._good.match(self._buffer, self._at, self._decoded)
        good = found[0] if found else b""
        count = good.count(b"\n")
        self._at += len(good)
        if count:
            self._note(count, count)
        self._line += count
        return good.replace(b"\r\n", b"\n")

    def _single(self) -> bytes | None:
        """Return the next record as COPY takes it: empty for a bad one, None while its end is to come."""
        record = self._dialect.record(self._buffer, self._at, self._names)
        if record is None and not self._final and len(self._buffer) - self._at <= self._longest:
            return None
        if record is None:
            self._give_up()
            return b""
        raw = self._buffer[self._at : record.end]
        sent = b"" if raw in BLANK else self._judged(record, raw)
        self._line += raw.count(b"\n")
        self._at = record.end
        return sent

    def _judged(self, record: Record, raw: bytes) -> bytes:
        problem = self._problem(record)
        if problem is None:
            sent = self._dialect.line(record.values)
            self._note(1, sent.count(b"\n"))
            return sent
        self._problems.add(problem)
        self._bad(raw)
        return b""

    def _give_up(self) -> None:
        """Note a record whose end is not in sight, and go on with the next line."""
        reason = (
            "has a quote that is never closed" if self._final else f"is longer than {self._longest:,} bytes"
        )
        self._problems.add(Problem(self._line, "", reason))
        end = end_of_line(self._buffer, self._at)
        self._endless = not end
        stop = end or len(self._buffer)
        self._bad(self._buffer[self._at : stop])
        self._at = stop
        self._line += bool(end)

    def _problem(self, record: Record) -> Problem | None:
        if record.reason:
            named = () if record.place is None else self._names[record.place : record.place + 1]
            return Problem(self._line, "".join(named), record.reason)
        missing = self._names[len(record.values) :]
        if missing:
            return Problem(self._line, missing[0], "is missing from this line")
        if len(record.values) > len(self._names):
            return Problem(self._line, "", f"has {len(record.values)} fields, not {len(self._names)}")
        for column, value in zip(self._columns, record.values, strict=True):
            if reason := column.wrong(value):
                return Problem(self._line, column.name, reason)
        return None

    def _named(self, wanted: list[str]) -> list[str]:
        while (record := self._dialect.record(self._buffer, self._at, ())) is None:
            if self._final or len(self._buffer) > self._longest:
                self._refuse(wanted, "", "is no header" if self._buffer.strip() else "the file is empty")
            self._more()
        if record.reason:
            self._refuse(wanted, "", record.reason)
        names = [(value or b"").strip() for value in record.values]
        for name in wanted:
            if names.count(name.encode()) != 1:
                twice = "is there twice" if name.encode() in names else "is missing from the header"
                self._refuse(wanted, name, twice)
        for other in names:
            if other.decode(errors="replace") not in wanted:
                self._refuse(wanted, "", f"has a column that is not known: {shown(other)}")
        self._line += self._buffer[: record.end].count(b"\n")
        self._at = record.end
        return [name.decode() for name in names]

    def _refuse(self, wanted: list[str], column: str, reason: str) -> None:
        self._problems.add(Problem(1, column, reason))
        self._problems.mend = f"the first line is to name the columns: {', '.join(wanted)}"
        raise self._problems.refusal()

    def _note(self, rows: int, lines: int) -> None:
        self._row_places.note(self.rows + 1, self._line)
        self._line_places.note(self._sent_lines + 1, self._line)
        self.rows += rows
        self._sent_lines += lines


def _lines_in_utf8(buffer: bytes, at: int) -> int:
    """Return where the first line begins that is not UTF-8, or else the end."""
    try:
        codecs.utf_8_decode(memoryview(buffer)[at:], "strict", False)
    except UnicodeDecodeError as error:
        return max(at, buffer.rfind(b"\n", at, at + error.start) + 1)
    return len(buffer)
