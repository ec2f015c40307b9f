"""The commands that `musicctl songs` and `musicctl artists` share."""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli import bearer
from musicctl.cli.commands.saved_files import export, import_file
from musicctl.cli.confirm import agree
from musicctl.cli.options import DryRun, Json, Output, Profile, Quiet, User, Yes
from musicctl.cli.output import aside, chosen, document, first_rows, listing, most_rows, terminal_width
from musicctl.cli.session import Session
from musicctl.cli.table_commands import Keys, group_of, one
from musicctl.errors import Exit
from musicctl.render.formats import Format

if TYPE_CHECKING:
    from musicctl.operations.library.saved_changes import Chosen
    from musicctl.store.streaming import Rows

ON_A_TERMINAL = 200
SHOWN = 10
"""Rows that a person sees of what is about to be removed or moved."""


class Sort(Enum):
    """What a listing is sorted by."""

    NAME = "name"
    ID = "id"


Names = Annotated[list[str], typer.Argument(metavar="NAME", help="The names, each in quotes.")]
Key = Annotated[str | None, typer.Option("--id", metavar="ID", help="The id, for a single name.")]
OnlyKeys = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="ID", help="Move this one alone; may be repeated. Without it, all."),
]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="A part of the name, in upper or lower case.")]
Source = Annotated[str, typer.Argument(metavar="FROM", help="Whose they are: a USER.")]
Target = Annotated[str, typer.Argument(metavar="TO", help="Whose they are to be: a USER.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="How many to list at most.")]
Sorted = Annotated[Sort, typer.Option("--sort", help="What to sort by.")]


def list_saved(
    table: str,
    user: User,
    token: bearer.Token = None,
    sort: Sorted = Sort.NAME,
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """List the saved {things} of USER."""
    from musicctl.operations.library import saved

    form = chosen(output, as_json)
    with Session(profile) as session:
        saved.each_of_user(
            session.database,
            table,
            bearer.user_id(session, user, token),
            by_id=sort is Sort.ID,
            limit=limit,
            use=lambda rows: listing(saved.columns(table), rows, form, empty=f"No {table}."),
        )


def add(
    table: str,
    user: User,
    names: Names,
    key: Key = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Save {things} for USER, all or none, and print the new rows."""
    from musicctl.operations.library import saved

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        session.announce_write(session.database)
        rows, run = saved.add(session.database, table, user_id, names, key=key, who=session.who)
        session.say(f"musicctl undo {run} takes it back")
        listing(saved.columns(table), rows, form, empty=f"No {table}.")


def search(
    table: str,
    text: Text,
    limit: Limit = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the {things} of all listeners with TEXT in the name, in upper or lower case."""
    from musicctl.operations.library import saved

    form = chosen(output, as_json)
    most = most_rows(limit, form, ON_A_TERMINAL)
    with Session(profile, quiet=quiet) as session:

        def show(rows: "Rows") -> None:
            columns = saved.columns(table)
            first_rows(columns, rows, form, most=most, things=table, say=session.say)

        ask_for = None if most is None else most + 1
        saved.search(session.database, table, text, limit=ask_for, use=show)


def remove(
    table: str,
    user: User,
    keys: Keys,
    dry_run: DryRun = False,
    yes: Yes = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Remove saved {things} of USER, after showing them."""
    from musicctl.operations.library import saved_changes

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        these = saved_changes.chosen(session.database, table, user_id, keys)
        _tell(session, table, user_id, these)
        if dry_run:
            _list(table, these, form)
            return these.exit
        session.announce_write(session.database)
        _review(table, these, f"Remove {_counted(table, these)} of {user_id}?", yes=yes)
        document(saved_changes.remove(session.database, table, user_id, these, who=session.who), form)
        return these.exit


def move(
    table: str,
    source: Source,
    target: Target,
    keys: OnlyKeys = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Give the saved {things} of the account FROM to the account TO, all or none, after showing them."""
    from musicctl.operations.library import accounts, saved_changes

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id, to = session.user(source), session.user(target)
        accounts.require_two(session.tenant, user_id, to)
        these = saved_changes.chosen(session.database, table, user_id, keys)
        _tell(session, table, user_id, these)
        if dry_run:
            _list(table, these, form)
            return these.exit
        if not these.rows:
            session.say(f"{user_id} has no {table}; nothing was moved")
            document({"from": user_id, "to": to, "moved": 0, "skipped": [], "run": None}, form)
            return these.exit
        session.announce_write(session.database)
        _review(table, these, f"Move {_counted(table, these)} of {user_id} to {to}?", yes=yes)
        done = saved_changes.move(session.database, table, user_id, to, keys, who=session.who)
        document(done, form)
        if done["skipped"]:
            session.say(f"{to} has {table} already that stayed with {user_id}; remove them there")
            return Exit.PARTIAL
        return these.exit


def _tell(session: Session, table: str, user_id: str, these: "Chosen") -> None:
    """Say which ids stand for none or for several rows."""
    for each in these.not_found:
        session.say(f"{user_id} has no {one(table)} {each}")
    for each, count in these.repeated.items():
        session.say(f"the id {each} stands for {count:,} rows")


def _list(table: str, these: "Chosen", form: Format) -> None:
    from musicctl.operations.library import saved

    listing(saved.columns(table), these.rows, form, empty=f"No {table}.")


def _review(table: str, these: "Chosen", question: str, *, yes: bool) -> None:
    """Show a person who is present the rows that a command is about, and ask, unless `yes`."""
    if not yes and terminal_width(to_stderr=True) is not None:
        from musicctl.operations.library import saved
        from musicctl.render.table import table as rendered

        width = terminal_width(to_stderr=True)
        aside(rendered(saved.columns(table), these.rows[:SHOWN], terminal=width))
        if len(these.rows) > SHOWN:
            aside(f"and {len(these.rows) - SHOWN:,} more\n")
    agree(question, yes=yes)


def _counted(table: str, these: "Chosen") -> str:
    count = len(these.rows)
    return f"{count:,} {table}" if count != 1 else f"1 {one(table)}"


COMMANDS: dict[str, Callable[..., int | None]] = {
    "list": list_saved,
    "add": add,
    "remove": remove,
    "search": search,
    "import": import_file,
    "export": export,
    "move": move,
}


def commands(table: str, purpose: str) -> typer.Typer:
    """Return the group of commands for one table, `songs` or `artists`."""
    return group_of(table, purpose, COMMANDS)
