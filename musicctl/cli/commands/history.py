"""`musicctl history`."""

from collections.abc import Iterable
from typing import Annotated

import typer

from musicctl.cli import shared_options as chosen_columns
from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet, Wait, duration
from musicctl.cli.output import (
    chosen,
    document,
    first_rows,
    listing,
    machine,
    most_rows,
    terminal_width,
    text,
    whole,
)
from musicctl.cli.session import Session
from musicctl.errors import Exit
from musicctl.render.formats import Format, Row

app = group("What was changed, when, by whom, and what became of it.")
ON_A_TERMINAL = 20
RUN_HELP = "The id of a run, the unique beginning of one, or `last`, the last that changed something."
RunId = Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)]
AboutUser = Annotated[
    str | None, typer.Option("--user", metavar="USER", help="Only runs that meant to change USER.")
]
OfCommand = Annotated[
    str | None,
    typer.Option("--command", metavar="NAME", help="Only runs of a command: sync, or 'roles sync'."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DATE",
        help="Only from then on: ISO 8601, the form that is printed, 10:00, friday, 7d; local time.",
    ),
]
Before = Annotated[str | None, typer.Option("--before", metavar="DATE", help="Only from before then.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=1, help=f"How many to list; a terminal shows {ON_A_TERMINAL} unless told."
    ),
]


NoOps = Annotated[bool, typer.Option("--all", help="Also the runs that found nothing to do.")]


@command(app, "list")
def list_runs(
    user: AboutUser = None,
    of_command: OfCommand = None,
    since: Since = None,
    before: Before = None,
    no_ops: NoOps = False,
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """List the runs that changed something, or meant to, the newest first."""
    from musicctl.operations.runs import history

    form = chosen(output, as_json)
    most = most_rows(limit, form, ON_A_TERMINAL)
    with Session(profile) as session:
        wanted = history.Filter(
            user_id=None if user is None else session.user(user),
            command=of_command,
            since=since,
            before=before,
            limit=None if most is None else most + 1,
            no_ops=no_ops,
        )
        history.list_runs(
            session.database,
            wanted,
            lambda rows: first_rows(history.COLUMNS, rows, form, most=most, things="runs", say=session.say),
        )


@command(app, "show")
def show(run: RunId, profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show one run and what became of each of its changes."""
    from musicctl.operations.runs import history

    form = chosen(output, as_json)
    with Session(profile) as session:
        found = history.find(session.database, run)
        shown, total = history.document(found), sum(found.counts.values())
        history.changes(
            session.database,
            found,
            lambda rows: _print_run(shown, history.CHANGE_COLUMNS, rows, form, total=total),
        )


@command(app, "recover")
def recover(
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Find out what became of changes that a run sent before it was cut off, and record it."""
    from musicctl.operations.runs import history

    form, patience = chosen(output, as_json), duration(wait, "--wait")
    with Session(profile, quiet=quiet) as session:
        session.warn_of_superuser()
        found = history.recover(
            session.database,
            session.tenant,
            actor=session.who.actor,
            settle=session.settings.settle,
            threads=session.settings.threads,
            say=session.say,
            wait=patience,
        )
        document(found, form)
        return Exit.PARTIAL if found["unknown"] or found["left"] else Exit.OK


def _print_run(
    shown: dict[str, object], columns: tuple[str, ...], changes: Iterable[Row], form: Format, *, total: int
) -> None:
    """Print a run while its changes are read; chosen columns and formats of rows have the changes alone."""
    from musicctl.render.history import run_document, run_text

    if whole(form, Format.JSON):
        machine(run_document(shown, columns, changes))
    elif whole(form, Format.TABLE):
        width, remedy = terminal_width(), chosen_columns.remedy()
        for part in run_text(shown, columns, changes, total=total, terminal=width, remedy=remedy):
            text(part)
    else:
        listing(columns, changes, form, empty="No changes.")
