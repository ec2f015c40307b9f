"""One listener across all three stores."""

from musicctl.operations.lookup import find
from musicctl.operations.question import Question
from musicctl.policy.roles import read_roles, unreadable
from musicctl.policy.rule import Pin
from musicctl.store import listeners, pins, plays, traces
from musicctl.store.database import Database
from musicctl.tenant.client import Tenant


def show(database: Database, tenant: Tenant, user_id: str, question: Question) -> dict[str, object]:
    """Return who a listener is, what was saved, and the standing against the bar, all as of now.

    `playlists` and `songs` are counts; `roles` is None, and `unreadable` says why, when they are no list of
    strings; `last_change` is what was last sent to the tenant about the role, or None. Raises NotFoundError
    when the tenant has no such user.
    """
    user = find(tenant, user_id)
    roles = read_roles(user.app_metadata)
    pin = pins.of_user(database, question.rule.role, user_id)
    known = plays.of_users(database, question.plays_query, [user_id]).get(user_id)
    saved = listeners.saved(database, user_id)
    shown: dict[str, object] = {
        "user_id": user_id,
        "email": user.email,
        "display_name": user.display_name,
        "roles": None if roles is None else list(roles),
        "fav_genre": saved.fav_genre,
        "plays": known,
        "playlists": saved.playlists,
        "songs": saved.songs,
        "standing": question.rule.standing(known, roles, None if pin is None else Pin(pin.state)),
        "last_change": _last_change(database, question.rule.role, user_id),
    }
    why = unreadable(user.app_metadata)
    return shown if why is None else shown | {"unreadable": why}


def _last_change(database: Database, role: str, user_id: str) -> dict[str, object] | None:
    found = traces.last_change(database, role, user_id)
    return None if found is None else {name: getattr(found, name) for name in found.__slots__}
