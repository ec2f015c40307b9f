"""Prints results on stdout, in the format chosen: renderings come from render, the words from operations."""

import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from musicctl.errors import UsageError
from musicctl.render import records
from musicctl.render.records import Format, Row
from musicctl.settings.environment import output_format

if TYPE_CHECKING:
    from musicctl.policy.plan import Plan
    from musicctl.policy.report import Report


def chosen(output: Format | None, as_json: bool) -> Format:
    """Return the format of this command: --json, --output, MUSICCTL_OUTPUT, else a table.

    Raises UsageError when --json and another --output contradict each other.
    """
    if as_json and output not in (None, Format.JSON):
        raise UsageError(f"--json contradicts --output {output.value}")
    if as_json:
        return Format.JSON
    if output is not None:
        return output
    return _from_environment()


def text(printed: str) -> None:
    """Print text for people as it stands."""
    sys.stdout.write(printed)


def machine(pieces: Iterable[str]) -> None:
    """Print what machines read: in UTF-8 whatever the locale, since an escape would change a value."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.writelines(pieces)


def listing(columns: Sequence[str], rows: Iterable[Row], form: Format, *, empty: str) -> None:
    """Print rows; people without any see the sentence `empty`."""
    if form is not Format.TABLE:
        machine(records.listing(columns, rows, form, terminal=sys.stdout.isatty()))
        return
    from musicctl.render.table import table

    found = list(rows)
    text(table(columns, found, terminal=terminal_width()) if found else f"{empty}\n")


def document(shown: Mapping[str, object], form: Format) -> None:
    """Print one record: an object in JSON, a row in the other machine formats."""
    if form is Format.JSON:
        machine([records.document(shown)])
    elif form is Format.TABLE:
        from musicctl.render.table import fields

        text(fields(shown, terminal=terminal_width()))
    else:
        record = [list(shown.values())]
        machine(records.listing(list(shown), record, form, terminal=sys.stdout.isatty()))


def show_plan(plan: "Plan", form: Format, *, limit: int | None = None) -> None:
    """Print a plan: its document in JSON, its changes in the other machine formats.

    With a `limit` people see so many changes of each kind, and machines so many in all.
    """
    from musicctl.render.plan import change_document, plan_document

    if form is Format.JSON:
        machine([records.document(plan_document(plan, limit=limit))])
    elif form is Format.TABLE:
        plan_for_people(plan, to_stderr=False, limit=limit)
    else:
        columns = ("user_id", "plays", "verdict", "roles_before", "roles_after")
        rows = (tuple(change_document(change).values()) for change in plan.changes[:limit])
        machine(records.listing(columns, rows, form, terminal=sys.stdout.isatty()))


def plan_for_people(plan: "Plan", *, to_stderr: bool = True, limit: int | None = None) -> None:
    """Print a plan for people; on stderr where stdout is for the report that follows."""
    from musicctl.render.plan import plan_text

    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(plan_text(plan, terminal=terminal_width(to_stderr=to_stderr), limit=limit))
    stream.flush()


def show_report(report: "Report", form: Format, more: Mapping[str, object] | None = None) -> None:
    """Print the report of a run; machines find the keys of `more` in it too."""
    from musicctl.render.report import report_document, report_text
    from musicctl.render.text import wrapped

    if form is Format.TABLE:
        lines = report_text(report).splitlines()
        text("".join(f"{wrapped(line, terminal_width())}\n" for line in lines))
    else:
        document(report_document(report) | dict(more or {}), form)


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
        known = ", ".join(form.value for form in Format)
        raise UsageError(
            f"MUSICCTL_OUTPUT is {named!r}, which is no format", hint=f"one of {known}"
        ) from None
