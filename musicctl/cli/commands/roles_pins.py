"""The commands of `musicctl roles` for what staff decide above the plays: pins, and the hold of all syncs."""

from enum import Enum
from typing import Annotated

import typer

from musicctl.cli.options import Json, Output, Profile, Quiet, Reason, Role, Until, User
from musicctl.cli.output import chosen, document, listing
from musicctl.cli.session import Session


class State(Enum):
    """What a pin says."""

    GRANTED = "granted"
    REVOKED = "revoked"


PinState = Annotated[State, typer.Option("--state", help="Whether USER is to hold the role.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until a run under way has stopped.")]
All = Annotated[bool, typer.Option("--all", help="Also list those that have expired.")]


def pin(
    user: User,
    state: PinState,
    reason: Reason,
    until: Until = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Decide whether USER holds the role, whatever the plays."""
    from musicctl.operations.roles import pins

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user, granting=state is State.GRANTED)
        session.announce_write(session.database)
        shown, before = pins.pin(
            session.database,
            session.settings.role,
            user_id,
            state=state.value,
            until=until,
            reason=reason,
            actor=session.who.actor,
        )
        session.say("it was not pinned before" if before is None else f"it was pinned before: {before}")
        document(shown, form)


def unpin(
    user: User,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take the pin of USER away: the plays decide again."""
    from musicctl.operations.roles import pins

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        user_id = session.user(user)
        session.announce_write(session.database)
        document(pins.unpin(session.database, session.settings.role, user_id), form)


def list_pins(
    everything: All = False,
    role: Role = None,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """List the pins in force."""
    from musicctl.operations.roles import pins

    form = chosen(output, as_json)
    with Session(profile) as session:
        rows = pins.list_pins(session.database, role or session.settings.role, ended=everything)
        listing(pins.COLUMNS, rows, form, empty="No pins.")


def hold(
    reason: Reason,
    until: Until = None,
    no_wait: NoWait = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let nothing write roles until a date, or a release; a run under way is stopped."""
    from musicctl.operations.roles import holds

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        session.announce_write(session.database)
        shown, before = holds.hold(session.database, reason=reason, until=until, actor=session.who.actor)
        session.say("it was not held before" if before is None else f"it was {before}")
        document(shown | {"stopped": _stop_writer(session, wait=not no_wait)}, form)


def _stop_writer(session: Session, *, wait: bool) -> dict[str, object] | None:
    """Say who is writing, and wait until that run has stopped; return who it was, or None."""
    from musicctl.operations.roles import holds
    from musicctl.operations.runs.lease import described

    actor = session.who.actor
    found = holds.writing(session.database, actor)
    if found is None:
        return None
    if wait:
        session.say(f"roles are being written: {described(found)}; waiting until it stops, a minute at most")
        holds.stopped(session.database, actor, found)
        session.say("it has stopped")
    else:
        session.say(f"roles are being written: {described(found)}; it stops before its next write")
    return holds.writer(found)


def release(
    profile: Profile = None, output: Output = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """End the hold: roles are written again."""
    from musicctl.operations.roles import holds

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session:
        session.announce_write(session.database)
        released = holds.release(session.database)
        if released["reason"] is None:
            session.say("it was not held")
        document(released, form)


def tell_lapsed(session: Session) -> None:
    """Tell people of pins that the next sync will no longer see."""
    from musicctl.operations.roles import pins

    told = pins.lapsed(session.database, session.settings.role)
    if told is not None:
        session.say(told)
