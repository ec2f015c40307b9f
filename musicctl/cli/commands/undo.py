"""`musicctl undo`."""

import shlex
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli.command import alone, command
from musicctl.cli.commands.history import RunId
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Wait, Yes, duration
from musicctl.cli.output import aside, chosen, document, terminal_width, text
from musicctl.cli.progress import progress
from musicctl.cli.session import Session
from musicctl.errors import Exit, RefusedError
from musicctl.render.formats import Format
from musicctl.settings.environment import person_present

if TYPE_CHECKING:
    from musicctl.operations.runs.context import Context
    from musicctl.policy.undo import Preview, Undone
    from musicctl.store.history import Run

app = alone()
Pin = Annotated[
    str | None,
    typer.Option("--pin", metavar="DATE", help="Pin until DATE those whom the next sync would change again."),
]


@command(app, "undo")
def undo(
    run: RunId,
    pin: Pin = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Take a run back: what is still as it left it becomes what it was before."""
    from musicctl.operations.undo import undo as undos

    form, patience, began = chosen(output, as_json), duration(wait, "--wait"), time.monotonic()
    with Session(profile, quiet=quiet) as session:
        found = undos.find(session.database, run)
        until = undos.until(session.database, found, pin)
        context = context_of(session, began, wait=patience)
        if dry_run:
            preview = undos.preview(context, found)
            _print_preview(session, preview, form)
            return _ended(preview.exit, found)
        _review(session, context, found, yes=yes)
        undone = undos.perform(context, found, until)
        _print_undone(undone, form)
        _offer(session, undone)
        return _ended(undone.exit, found)


def context_of(session: Session, began: float, *, refresh: bool = False, wait: float = 0.0) -> "Context":
    """Return what a run of this session is done with, which waits so long for another one to end.

    Its seconds count from `began`.
    """
    from musicctl.operations.runs.context import Context

    return Context(
        database=session.database,
        tenant=lambda: session.tenant,
        question=session.question(refresh=refresh),
        who=session.who,
        threads=session.settings.threads,
        settle=session.settings.settle,
        freshness=session.settings.freshness,
        began=began,
        wait=wait,
        say=session.say,
        progress=partial(progress, shown=not session.quiet),
    )


def _review(session: Session, context: "Context", run: "Run", *, yes: bool) -> None:
    """Say where the writes go; show a person who is present what would be done and ask, unless `yes`."""
    from musicctl.operations.undo import undo as undos

    question = f"Undo the run {run.run} of {run.command}?"
    if not yes and not person_present():
        agree(question, yes=False)
    stores = [session.database, session.tenant] if undos.in_the_tenant(run) else [session.database]
    session.announce_write(*stores)
    if not yes:
        _preview_for_people(undos.preview(context, run))
        agree(question, yes=False)


def _print_preview(session: Session, preview: "Preview", form: Format) -> None:
    from musicctl.render.undo import preview_document, preview_text

    if form is Format.TABLE:
        text(session.pointed(preview_text(preview, terminal=terminal_width())))
    else:
        document(preview_document(preview), form)


def _preview_for_people(preview: "Preview") -> None:
    from musicctl.render.undo import preview_text

    aside(preview_text(preview, terminal=terminal_width(to_stderr=True)))


def _print_undone(undone: "Undone", form: Format) -> None:
    from musicctl.render.undo import undone_document, undone_text

    if form is Format.TABLE:
        text(undone_text(undone))
    else:
        document(undone_document(undone), form)


def _offer(session: Session, undone: "Undone") -> None:
    """Say how many the next sync would change again, and what would keep it from that."""
    if not undone.reversals:
        return
    options = f"-P {shlex.quote(session.settings.profile)}"
    session.say(f"the next sync would change {undone.reversals:,} of them again; to keep it from that:")
    session.say(f"  musicctl roles hold --reason ... {options}   holds back every sync")
    session.say(f"  musicctl roles pin USER --state ... --reason ... {options}   keeps one as it is now")
    session.say("  musicctl undo RUN --pin DATE   would have pinned them all")


def _ended(code: Exit, run: "Run") -> int:
    if code is Exit.REFUSED:
        raise RefusedError(
            f"nothing that the run {run.run} changed could be restored",
            hint="the report on stdout says whom it was about, and why",
        )
    return code
