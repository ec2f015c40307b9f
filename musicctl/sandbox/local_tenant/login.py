"""Logging in by password: who it is, what the post-login Actions make of it, and the user afterwards."""

from collections.abc import Mapping

from musicctl.sandbox.local_tenant import (
    indexing,
    login_event,
    login_tokens,
    passwords,
    post_login,
    profiles,
    refusals,
    users,
)
from musicctl.sandbox.local_tenant.calls import Call
from musicctl.sandbox.local_tenant.post_login import Outcome
from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.refusals import Refusal
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds

REALM_GRANT = "http://auth0.com/oauth/grant-type/password-realm"
GRANTS = ("password", REALM_GRANT)


async def log_in(call: Call, asked: Mapping[str, object]) -> dict[str, object]:
    """Return the token endpoint's reply to a listener's name and password; the client is known already.

    Without Node nobody logs in. Auth0 documents what it says of an Action that fails or denies the login; the
    status, 403, is that of its other denials.
    """
    name, password = _text(asked, "username"), _text(asked, "password")
    _check_realm(asked)
    audience, scopes = _audience(call, asked), str(asked.get("scope", "")).split()
    node, storage = post_login.find_node(), call.services.storage
    user = _user(storage, name, password)
    event = login_event.event(call, asked, user, audience=audience, scopes=scopes)
    outcome = await post_login.run(node, storage, event)
    after = _afterwards(call, user.user_id, outcome)
    return login_tokens.reply(
        call.services, profiles.profile(after), outcome, audience=audience, scopes=scopes
    )


def _text(asked: Mapping[str, object], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise refusals.bad_token_request("invalid_request", f"Missing required parameter: {name}")
    return value


def _check_realm(asked: Mapping[str, object]) -> None:
    if asked["grant_type"] == REALM_GRANT and _text(asked, "realm") != profiles.DATABASE:
        raise refusals.bad_token_request("invalid_request", "the connection was not found")


def _audience(call: Call, asked: Mapping[str, object]) -> str:
    """Return whom the token is for: any API of the app's, by default the one that is called as the client is.

    Auth0 knows the APIs by name, and refuses others.
    """
    state = call.services.state
    audience = str(asked.get("audience", state.auth0_client_id))
    if audience == state.auth0_audience:
        raise refusals.not_emulated("listeners' tokens for the Management API")
    return audience


def _user(storage: Storage, name: str, password: str) -> StoredUser:
    """Return the user with this id or email address; unlike at Auth0, also one of another connection."""
    user = storage.get_user(name) or _with_address(storage, name)
    if user is None or not passwords.fits(storage, user.user_id, password):
        raise refusals.wrong_password()
    if profiles.profile(user).get("blocked"):
        raise refusals.user_is_blocked()
    return user


def _with_address(storage: Storage, email: str) -> StoredUser | None:
    """Return the database's account with this address, else the oldest."""
    found = storage.users_by_email(email, any_case=True)
    ours = [user for user in found if profiles.is_database(user.user_id)]
    return next(iter(ours + found), None)


def _afterwards(call: Call, user_id: str, outcome: Outcome) -> StoredUser:
    """Write what the Actions set, also when they deny the login, and then the login itself; return the user.

    The user is read anew: others may have changed or removed it while the Actions ran.
    """
    if outcome.failed is not None:
        raise refusals.denied(403, outcome.failed)
    storage = call.services.storage
    with storage.writing():
        user = storage.get_user(user_id)
        if user is None:
            raise refusals.wrong_password()
        indexing.remember(storage, user_id)
        user = _with_metadata(call, user, outcome)
        user = user if outcome.denied is not None else _logged_in(user, call.request.remote)
        storage.put_user(user)
    if outcome.denied is not None:
        raise refusals.denied(403, outcome.denied)
    return user


def _with_metadata(call: Call, user: StoredUser, outcome: Outcome) -> StoredUser:
    asked = {"app_metadata": outcome.app_metadata, "user_metadata": outcome.user_metadata}
    patch = {kind: values for kind, values in asked.items() if values}  # an empty one would remove all
    if not patch:
        return user
    try:
        users.check_metadata(patch)
    except Refusal as refusal:
        raise refusals.denied_by(refusal) from None
    after = users.with_payload(user, patch)._replace(updated_at=max(milliseconds(), user.updated_at + 1))
    users.record(call, after, patch)
    return after


def _logged_in(user: StoredUser, address: str | None) -> StoredUser:
    now = max(milliseconds(), user.updated_at + 1)
    count = login_event.logins(user) + 1
    login = {"last_login": profiles.moment(now), "last_ip": address, "logins_count": count}
    return profiles.with_root(user, login)._replace(updated_at=now)
