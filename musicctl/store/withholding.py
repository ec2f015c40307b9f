"""What keeps a write back at the last moment: a lease that was lost, a hold, or a pin in between."""

from dataclasses import dataclass
from enum import Enum

from musicctl.store import holds
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.lease import Fence

AS_JUDGED = """(new.role IS NULL OR new.pin = coalesce((
    SELECT pinned.state FROM musicctl.pins AS pinned
    WHERE pinned.role = new.role AND pinned.user_id = change.user_id
      AND (pinned.until IS NULL OR pinned.until > clock_timestamp())), ''))"""
"""SQL: the user of a `change` has the pin that its `new` row says. Always true without a role."""


@dataclass(frozen=True, slots=True)
class Judged:
    """By which pin of a role a user was judged: its state, None where there was none."""

    role: str
    pin: str | None


class Withheld(Enum):
    """Why a write may not be sent."""

    ON_HOLD = "on hold"
    LOST = "lost"
    PINNED = "pinned"


def why(database: Database, fence: Fence | None) -> Withheld:
    """Say why a write was refused: a hold, a lease that is not ours any more, or else another pin."""

    def work(cursor: Cursor) -> Withheld:
        if fence is None:
            return Withheld.PINNED
        if holds.active(cursor, fence.name) is not None:
            return Withheld.ON_HOLD
        cursor.execute(f"SELECT {fence.holds(cursor)}".replace("%%", "%"))
        return Withheld.PINNED if one_row(cursor)[0] else Withheld.LOST

    return database.run(work, doing="read the lease", read_only=True)
