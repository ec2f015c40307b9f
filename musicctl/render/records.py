"""A listing in every format, as pieces of text: machine formats are complete and come row by row."""

from collections.abc import Iterable, Iterator, Sequence

from musicctl.render.formats import Format, Row


def listing(
    columns: Sequence[str], rows: Iterable[Row], form: Format, *, terminal: bool = False
) -> Iterator[str]:
    """Yield the rows in a machine format, in order, with nothing left out; each piece ends a line.

    CSV knows no escapes, so that what others wrote is in it as it stands; on a terminal alone it is made
    safe, and then no longer exact.
    """
    from musicctl.render import writers

    if terminal and form is Format.CSV:
        return writers.csv_for_terminal(columns, rows)
    return writers.WRITERS[form.value](columns, rows)


def document(value: object) -> str:
    """Return one value, such as a plan, as a JSON document: a line for each key and each record in it."""
    from musicctl.render import encoding

    return encoding.document(value)
