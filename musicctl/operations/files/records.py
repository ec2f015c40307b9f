"""One record of a file, as each format writes it; formats differ in nothing else."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from musicctl.operations.files.columns import Column

Value: TypeAlias = bytes | None


class Record(NamedTuple):
    """A record's values and where it ends; for a bad one `reason`, and the place of the value it is about."""

    values: list[Value]
    end: int
    reason: str = ""
    place: int | None = None


Names: TypeAlias = Sequence[str]


class Dialect(NamedTuple):
    """How a format is read.

    `record` returns the record that begins at a place of the bytes, or None when its end is not in them; the
    names are those of the columns, empty for a header. `good` is the regular expression of most records that
    are right, on one line each, which may be handed on as they are; `line` makes such a line of values, and
    `row` a line of a file in this format.
    """

    copy: str
    has_header: bool
    record: Callable[[bytes, int, Names], Record | None]
    good: Callable[[Sequence[Column]], bytes | None]
    line: Callable[[Sequence[Value]], bytes]
    row: Callable[[Names, Sequence[Value]], bytes]


def end_of_line(buffer: bytes, at: int) -> int:
    """Return where the next line begins, or 0 when no line ends in the bytes."""
    return buffer.find(b"\n", at) + 1
