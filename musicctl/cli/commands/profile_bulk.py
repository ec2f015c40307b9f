"""The commands of `musicctl profile` that set many display names in one run."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli.commands.undo import context_of
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, Refresh, Wait, Yes, duration
from musicctl.cli.output import aside, chosen, document, listing, terminal_width, text
from musicctl.cli.session import Session
from musicctl.errors import Exit, NotFoundError, UsageError
from musicctl.render.formats import Format
from musicctl.settings.environment import person_present

if TYPE_CHECKING:
    from musicctl.policy.bulk_names import NamesPreview, NamesReport

MANY = 1_000
"""Names above which a yes to a question will not do."""

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="CSV with the columns user and name, also as .gz; - is standard input."
    ),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Give so many a name at most, the first by user id."),
]


def set_names(
    file: File,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Set the display names that FILE asks for, after showing them, and nothing else of the profiles.

    Every line names a user, by id or email address, and a name. A line that cannot be right keeps all of them
    from being done.
    """
    from musicctl.operations.names import set_names as setting

    form, patience, began = chosen(output, as_json), duration(wait, "--wait"), time.monotonic()
    with Session(profile, quiet=quiet) as session:
        context = context_of(session, began)
        namings = setting.read(context, file)
        if dry_run:
            return _show(setting.preview(context, namings), form)
        if namings and not yes:
            _review(session, lambda: setting.preview(context, namings))
        _announce(session, len(namings))
        done = setting.perform(context, namings, wait=patience)
        _print(session, done, form)
        return _ended(done, file)


def fill_names(
    limit: Limit = None,
    refresh: Refresh = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = "0s",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Give the display name "user" to everyone who has none.

    Who has none is looked for in the mirror; whoever has a name when it is written keeps it.
    """
    from musicctl.operations.names import fill_names as filling

    form, patience, began = chosen(output, as_json), duration(wait, "--wait"), time.monotonic()
    with Session(profile, quiet=quiet) as session:
        context = context_of(session, began, refresh=refresh)
        found = filling.plan(context, limit=limit)
        count = len(found.preview.changes)
        session.say(f"{_users(found.count)} of the mirror without a name" + _part(count, found.count))
        if dry_run:
            return _show(found.preview, form)
        if count > MANY and not yes:
            raise UsageError(
                f"{_users(count)} would get a name; more than {MANY:,} need --yes",
                hint="--dry-run shows them, --limit N gives a part of them a name",
            )
        if count and not yes:
            _review(session, lambda: found.preview)
        _announce(session, count)
        done = filling.perform(context, found.preview, wait=patience)
        _print(session, done, form)
        return done.exit


def _users(count: int) -> str:
    return "1 user" if count == 1 else f"{count:,} users"


def _part(count: int, total: int) -> str:
    return f"; the first {count:,} are next" if count < total else ""


def _show(preview: "NamesPreview", form: Format) -> int:
    """Print what would be done, and return how it would end."""
    from musicctl.render import bulk_names

    if form is Format.TABLE:
        text(bulk_names.preview_text(preview, terminal=terminal_width()))
    elif form is Format.JSON:
        document(bulk_names.preview_document(preview), form)
    else:
        listing(bulk_names.COLUMNS, bulk_names.preview_rows(preview), form, empty="")
    return preview.exit


def _review(session: Session, preview: Callable[[], "NamesPreview"]) -> None:
    """Show a person who is present what would be done and ask; raises UsageError where nobody is."""
    from musicctl.render import bulk_names

    place = session.settings.auth0_domain
    if not person_present():
        agree(f"Set these display names in {place}?", yes=False)
    session.announce_write(session.database, session.tenant)
    seen = preview()
    aside(bulk_names.preview_text(seen, terminal=terminal_width(to_stderr=True)))
    if seen.most == 0:
        return
    these = "this display name" if seen.most == 1 else f"these {seen.most:,} display names"
    agree(f"Set {these if seen.sure else f'up to {seen.most:,} display names'} in {place}?", yes=False)


def _announce(session: Session, count: int) -> None:
    from musicctl.operations.roles.sync import estimate

    if count:
        session.announce_write(session.database, session.tenant)
        session.say(f"setting names: {estimate(session.database, count, session.per_second)}")


def _print(session: Session, done: "NamesReport", form: Format) -> None:
    from musicctl.render import bulk_names

    if form is Format.TABLE:
        text(session.pointed(bulk_names.names_text(done, terminal=terminal_width())))
    elif done.lines is None or form in (Format.JSON, Format.IDS):
        document(bulk_names.names_document(done), form)
    else:
        listing(bulk_names.LINE, bulk_names.line_rows(done.lines), form, empty="")


def _ended(done: "NamesReport", file: str) -> int:
    if done.exit is Exit.NOT_FOUND:
        raise NotFoundError(
            f"the tenant has none of the users whom {file} names",
            hint="the report on stdout says whom; musicctl users list shows who there is",
        )
    return done.exit
