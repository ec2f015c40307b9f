"""Prints results on stdout, in the format chosen: renderings come from render, the words from operations."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, TextIO

from musicctl.cli import shared_options as chosen_columns
from musicctl.errors import UsageError
from musicctl.render import records
from musicctl.render.formats import Format, Row
from musicctl.settings.environment import output_format

if TYPE_CHECKING:
    from musicctl.policy.judgement import Judgement
    from musicctl.policy.plan import Plan
    from musicctl.policy.report import Report


def chosen(output: Format | None, as_json: bool) -> Format:
    """Return the format of this command: --json, --output, MUSICCTL_OUTPUT, else a table.

    Raises UsageError when --json and another --output contradict each other, or --excel and no CSV.
    """
    if as_json and output not in (None, Format.JSON):
        raise UsageError(f"--json contradicts --output {output.value}", hint="keep one of them")
    form = Format.JSON if as_json else output or _from_environment()
    if chosen_columns.for_a_spreadsheet():
        require_csv(form.value)
    return form


def require_csv(form: str) -> None:
    """Raise UsageError when what --excel asks for is to be made in another format than CSV."""
    if form != Format.CSV.value:
        raise UsageError(f"--excel is for CSV, not for {form}", hint="leave --excel out, or ask for -o csv")


def whole(form: Format, *of: Format) -> bool:
    """Tell whether all is printed in one of these formats, and not only the columns that were chosen."""
    return form in of and chosen_columns.all_columns()


def text(printed: str) -> None:
    """Print text for people as it stands."""
    sys.stdout.write(printed)


def verbatim(printed: str) -> None:
    """Print what is there to be used as it stands, a path or SQL; a terminal gets safe lines of it."""
    from musicctl.render.text import safe_lines

    text(safe_lines(printed) if sys.stdout.isatty() else printed)


def aside(printed: str) -> None:
    """Print text for people on stderr, since stdout is for the data that follow."""
    with suppress(OSError):  # where nobody can be told any more, the command goes on
        sys.stderr.write(printed)
        sys.stderr.flush()


def machine(pieces: Iterable[str]) -> None:
    """Print what machines read: in UTF-8 whatever the locale, since an escape would change a value."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.writelines(pieces)


def listing(columns: Sequence[str], rows: Iterable[Row], form: Format, *, empty: str) -> None:
    """Print the columns chosen of rows; people without any see the sentence `empty`."""
    columns, rows = chosen_columns.of_rows(columns, rows)
    if form is not Format.TABLE:
        machine(_lines(columns, rows, form))
        return
    from musicctl.render.table import lines

    coming = iter(rows)
    first = next(coming, None)
    if first is None:
        text(f"{empty}\n")
        return
    found = chain([first], coming)
    for line in lines(columns, found, terminal=terminal_width(), remedy=chosen_columns.remedy()):
        text(line)


def first_rows(
    columns: Sequence[str],
    rows: Iterator[Row],
    form: Format,
    *,
    most: int | None,
    things: str,
    say: Callable[[str], None],
) -> None:
    """Print the columns chosen of the first `most` rows, and `say` so where there are more `things`."""
    listing(columns, islice(rows, most), form, empty=f"No {things}.")
    if most is not None and next(rows, None) is not None:
        say(f"there are more than these {most:,} {things}; --limit and -o csv print more")


def most_rows(limit: int | None, form: Format, on_a_terminal: int) -> int | None:
    """Return how many rows to print: as --limit says, else all, but of a table on a terminal so many."""
    return on_a_terminal if limit is None and form is Format.TABLE and sys.stdout.isatty() else limit


def _lines(columns: Sequence[str], rows: Iterable[Row], form: Format) -> Iterable[str]:
    if chosen_columns.for_a_spreadsheet():
        from musicctl.render.spreadsheet import csv_for_spreadsheets

        return csv_for_spreadsheets(columns, rows, terminal=sys.stdout.isatty())
    return records.listing(columns, rows, form, terminal=sys.stdout.isatty())


def document(shown: Mapping[str, object], form: Format) -> None:
    """Print the columns chosen of one record: an object in JSON, a row in the other machine formats."""
    shown = chosen_columns.of_record(shown)
    if form is Format.JSON:
        machine([records.document(shown)])
    elif form is Format.TABLE:
        from musicctl.render.table import fields

        text(fields(shown, terminal=terminal_width()))
    else:
        machine(_lines(list(shown), [list(shown.values())], form))


def show_plan(plan: "Plan", form: Format, *, limit: int | None = None) -> None:
    """Print a plan: its document in JSON; its changes in the other formats, or when columns are chosen.

    With a `limit` people see so many changes of each kind, and machines so many in all.
    """
    from musicctl.render.plan import change_document, plan_document

    if whole(form, Format.JSON):
        machine([records.document(plan_document(plan, limit=limit))])
    elif whole(form, Format.TABLE):
        plan_for_people(plan, to_stderr=False, limit=limit)
    else:
        columns = ("user_id", "plays", "verdict", "roles_before", "roles_after")
        rows = (tuple(change_document(change).values()) for change in plan.changes[:limit])
        listing(columns, rows, form, empty="No changes.")


def plan_for_people(plan: "Plan", *, to_stderr: bool = True, limit: int | None = None) -> None:
    """Print a plan for people; on stderr where stdout is for the report that follows."""
    from musicctl.render.plan import plan_text

    printed = aside if to_stderr else text
    printed(plan_text(plan, terminal=terminal_width(to_stderr=to_stderr), limit=limit))


def show_report(
    report: "Report",
    form: Format,
    point: Callable[[str], str],
    more: Mapping[str, object] | None = None,
) -> None:
    """Print the report of a run; machines find the keys of `more` in it too.

    `point` puts the profile into the commands that it names.
    """
    from musicctl.render.report import report_document, report_text
    from musicctl.render.text import wrapped

    if form is Format.TABLE:
        lines = point(report_text(report)).splitlines()
        text("".join(f"{wrapped(line, terminal_width())}\n" for line in lines))
    else:
        document(report_document(report) | dict(more or {}), form)


def show_judgements(users: "Sequence[Judgement]", form: Format) -> None:
    """Tell people of each user named what is done and why; machines find it in the report."""
    from musicctl.render.judgement import judgements_text

    if form is Format.TABLE:
        text(judgements_text(users, terminal=terminal_width()))


def terminal_width(*, to_stderr: bool = False) -> int | None:
    """Return how many columns the terminal has, or None when the output goes elsewhere."""
    stream = sys.stderr if to_stderr else sys.stdout
    if not stream.isatty():
        return None
    import shutil

    # Of its own accord it looks at stdout only, which may be a pipe.
    return shutil.get_terminal_size(fallback=(_columns(stream), 24)).columns or 80


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return 80


def _from_environment() -> Format:
    named = output_format()
    if named is None:
        return Format.TABLE
    try:
        return Format(named)
    except ValueError:
        from difflib import get_close_matches

        known = [form.value for form in Format]
        near = get_close_matches(named.lower(), known, n=1)
        raise UsageError(
            f"MUSICCTL_OUTPUT is {named!r}, which is no format",
            hint=(f"did you mean {near[0]}? " if near else "") + f"one of {', '.join(known)}",
        ) from None
