"""A listener's profile in the tenant: who it is and the display name, which the listener may change too."""

import time
from typing import TYPE_CHECKING

from musicctl.errors import MusicctlError, NotFoundError
from musicctl.operations.lookup import find

if TYPE_CHECKING:
    from musicctl.operations.who import Who
    from musicctl.policy.report import Report
    from musicctl.store.database import Database
    from musicctl.tenant.client import Tenant
    from musicctl.tenant.users import TenantUser


def show(tenant: "Tenant", user_id: str) -> dict[str, object]:
    """Return `user_id`, `email` and `display_name`."""
    return _document(find(tenant, user_id))


def set_name(
    database: "Database",
    tenant: "Tenant",
    user_id: str,
    name: str,
    *,
    settle: float,
    freshness: float,
    who: "Who",
) -> tuple[dict[str, object], str | None]:
    """Set the display name and nothing else of the profile, as a run of the journal.

    Returns the profile as `show` does, and the run, None when the name was that already. A write whose reply
    is lost is looked at again after `settle` seconds; a read may be `freshness` seconds old when it leaves.
    """
    # Who is only shown a profile is not to wait for what writes one.
    from musicctl.operations.names.writing import NameChange, NameWriting, run
    from musicctl.operations.runs.context import Pace
    from musicctl.policy.display_name import display_name
    from musicctl.store import mirror

    wanted, began = display_name(name), time.monotonic()
    mirror.claim(database, tenant.base_url)
    user = find(tenant, user_id)
    if user.display_name == wanted:
        mirror.set_display_name(database, user_id, wanted)
        return _document(user), None
    pace = Pace(threads=1, settle=settle, freshness=freshness, progress=lambda _done: None, began=began)
    new = who.run("profile set-name")
    changes = [NameChange(user_id, wanted)]
    report = run(database, tenant, changes, NameWriting(), new=new, lease=None, pace=pace)
    _require_written(report, tenant, user_id)
    return _document(user) | {"display_name": wanted}, report.run


def _require_written(report: "Report", tenant: "Tenant", user_id: str) -> None:
    from musicctl.policy.report import Outcome

    if report.gone:
        raise NotFoundError(
            f"{tenant} has no user {user_id} any more",
            hint="the account was deleted a moment ago; musicctl users list shows who there is",
        )
    for problem in report.problems:
        if problem.state is Outcome.UNKNOWN:
            raise MusicctlError(
                f"it is not known whether the display name was changed: {problem.detail}",
                hint="musicctl profile show tells what it is",
            )
        raise MusicctlError(
            f"the display name was not changed: {problem.detail}", hint="run the command again"
        )


def _document(user: "TenantUser") -> dict[str, object]:
    return {"user_id": user.user_id, "email": user.email, "display_name": user.display_name}
