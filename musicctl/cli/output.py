"""Prints results on stdout, in the format chosen: renderings come from render, the words from operations."""

import io
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

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


def show_plan(plan: "Plan", form: Format) -> None:
    """Print a plan: its document in JSON, its changes in the other machine formats."""
    from musicctl.render.plan import change_document, plan_document

    if form is Format.JSON:
        machine([records.document(plan_document(plan))])
    elif form is Format.TABLE:
        plan_for_people(plan, to_stderr=False)
    else:
        columns = ("user_id", "plays", "verdict", "roles_before", "roles_after")
        rows = (tuple(change_document(change).values()) for change in plan.changes)
        machine(records.listing(columns, rows, form, terminal=sys.stdout.isatty()))


def plan_for_people(plan: "Plan", *, to_stderr: bool = True) -> None:
    """Print a plan for people; on stderr where stdout is for the report that follows."""
    from musicctl.render.plan import plan_text

    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(plan_text(plan, terminal=terminal_width(to_stderr=to_stderr)))
    stream.flush()


def show_report(report: "Report", form: Format) -> None:
    """Print the report of a run."""
    from musicctl.render.report import report_document, report_text

    if form is Format.TABLE:
        text(report_text(report))
    else:
        document(report_document(report), form)


def terminal_width(*, to_stderr: bool = False) -> int | None:
    """Return how many columns the terminal has, or None when the output goes elsewhere."""
    stream = sys.stderr if to_stderr else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


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
