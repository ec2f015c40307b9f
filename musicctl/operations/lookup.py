"""Who a USER argument is: a user id as it stands, or the one account with that email address."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from musicctl.errors import NotFoundError, UnknownUserError, UsageError
from musicctl.tenant.user_ids import checked

if TYPE_CHECKING:
    from musicctl.tenant.client import Tenant
    from musicctl.tenant.users import TenantUser


AROUND = re.compile(r"^[\s\ufeff]+|[\s\ufeff]+$")
"""What a spreadsheet, an editor or a copied line leaves around an id: blanks, and a byte order mark."""


def trimmed(text: str) -> str:
    """Return what a person meant by `text`, without what only stands around it."""
    return AROUND.sub("", text)


def user_id(text: str, tenant: "Callable[[], Tenant]", *, tell: "Callable[[str], None] | None" = None) -> str:
    """Return the user id that `text` stands for; the tenant is asked only for an email address.

    `tell` is told when that address is not verified.

    Raises UsageError when it is neither, and NotFoundError, with the candidates, when no account or several
    have the address. It is looked up as typed, then lower-cased, as Auth0 stores most.
    """
    text = trimmed(text)
    if "|" in text:
        return checked(text)
    if "@" not in text:
        raise UsageError(
            f"{text!r} is neither a user id nor an email address",
            hint="a user id looks like auth0|5f7c8ec7c33c6c004bbafe82; put it in quotes",
        )
    found = tenant().users_by_email(text)
    if not found and text != text.lower():
        found = tenant().users_by_email(text.lower())
    if not found:
        raise UnknownUserError(
            f"no user of {tenant()} has the email address {text}",
            users=(text,),
            hint="musicctl users list --email TEXT looks for a part of it",
        )
    if len(found) > 1:
        candidates = sorted(user.user_id for user in found)
        raise NotFoundError(
            f"{len(found)} users have the email address {text}: {', '.join(candidates)}",
            hint="name one of them by its id",
            details={"candidates": candidates},
        )
    if tell is not None and found[0].email_verified is not True:
        tell(
            f"warning: the address {text} of {found[0].user_id} is not verified:"
            " whoever signed up with it need not be whom it belongs to"
        )
    return found[0].user_id


def find(tenant: "Tenant", user_id: str) -> "TenantUser":
    """Return the user as the tenant has it now; raises NotFoundError."""
    user = tenant.user(user_id)
    if user is None:
        raise UnknownUserError(
            f"{tenant} has no user {user_id}",
            users=(user_id,),
            hint="an email address works in place of an id",
        )
    return user
