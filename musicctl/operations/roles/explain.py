"""Gathers why a user holds the role or does not, from all that know something about it."""

from datetime import datetime

from musicctl.operations.lookup import find
from musicctl.operations.question import Question
from musicctl.operations.roles.holds import ROLES
from musicctl.policy.explanation import Change, Decision, Explanation, Playlist, Seen
from musicctl.policy.roles import read_roles, unreadable
from musicctl.store import holds, mirror, missing, pins, playlists, plays, traces
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant


def explain(database: Database, tenant: Tenant, user_id: str, question: Question) -> Explanation:
    """Return what both stores, the mirror, the pins and the journal say of one user now; writes nothing.

    Raises NotFoundError when the tenant has no such user.
    """
    rule = question.rule
    state = mirror.claim(database, tenant.base_url)
    user = find(tenant, user_id)
    age = state.age_seconds
    return Explanation(
        user_id=user_id,
        email=user.email,
        display_name=user.display_name,
        rule=rule,
        plays=plays.of_users(database, question.plays_query, [user_id]).get(user_id),
        playlists=_playlists(database, user_id) if question.plays_query is None else None,
        tenant=Seen(read_roles(user.app_metadata), unreadable(user.app_metadata)),
        mirror=_mirrored(database, user_id),
        mirror_as_of=state.as_of,
        renewed=age is None or age > question.max_age,
        asked_again=_asked_again(database, user_id),
        pin=_pin(database, rule.role, user_id),
        hold=_hold(database),
        last_change=_last_change(database, rule.role, user_id),
    )


def _asked_again(database: Database, user_id: str) -> datetime | None:
    """Return when a sync may ask for a user again whom the tenant did not have, None when it may now."""
    found = missing.asked_at(database, user_id)
    if found is None or found[1] <= mirror.now(database):
        return None
    return found[1].astimezone()


def _playlists(database: Database, user_id: str) -> tuple[Playlist, ...]:
    rows = playlists.breakdown(database, user_id)
    return tuple(Playlist(playlist_id, name, total) for playlist_id, name, total in rows)


def _mirrored(database: Database, user_id: str) -> Seen | None:
    found = traces.mirrored(database, user_id)
    return None if found is None else Seen(found.roles, found.unreadable)


def _pin(database: Database, role: str, user_id: str) -> Decision | None:
    found = pins.of_user(database, role, user_id)
    return None if found is None else Decision(found.state, found.until, found.reason, found.actor)


def _hold(database: Database) -> Decision | None:
    found = holds.active(database, ROLES)
    return None if found is None else Decision("held", found.until, found.reason, found.actor)


def _last_change(database: Database, role: str, user_id: str) -> Change | None:
    found = traces.last_change(database, role, user_id)
    if found is None:
        return None
    return Change(found.run, found.command, found.actor, found.verdict, found.state, found.at)
