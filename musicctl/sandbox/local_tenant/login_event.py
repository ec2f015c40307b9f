"""The event of a login: what post-login Actions are told of it.

https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object
"""

from collections.abc import Mapping, Sequence

from musicctl.sandbox.local_tenant import jobs, profiles
from musicctl.sandbox.local_tenant.calls import Call
from musicctl.sandbox.local_tenant.records import StoredUser
from musicctl.sandbox.local_tenant.storage import Storage, milliseconds

SECRETS = frozenset({"password", "client_secret", "client_assertion"})
"""Parameters of the request that no Action sees."""

UNSEEN = frozenset({"blocked", "last_ip", "last_login", "logins_count"})
"""Attributes of a profile that are not among what an Action sees of it."""


def event(
    call: Call, asked: Mapping[str, object], user: StoredUser, *, audience: str, scopes: Sequence[str]
) -> dict[str, object]:
    """Return the event of a login with these parameters; the secrets of each Action come in by itself."""
    return {
        "authentication": {"methods": [{"name": "pwd", "timestamp": profiles.moment(milliseconds())}]},
        "authorization": {"roles": []},
        "client": {"client_id": call.services.state.auth0_client_id, "name": "sandbox", "metadata": {}},
        "connection": _connection(call.services.storage, user),
        "request": _request(call, asked),
        "resource_server": {"identifier": audience},
        "stats": {"logins_count": logins(user) + 1},
        "tenant": {"id": "sandbox"},
        "transaction": {"protocol": "oauth2-password", "requested_scopes": scopes, "locale": "en"},
        "user": _seen(user),
    }


def logins(user: StoredUser) -> int:
    """Return how often the user has logged in."""
    count = profiles.profile(user).get("logins_count")
    return count if isinstance(count, int) else 0


def _connection(storage: Storage, user: StoredUser) -> dict[str, object]:
    if profiles.is_database(user.user_id):
        return {"id": jobs.connection_id(storage), "name": profiles.DATABASE, "strategy": "auth0"}
    provider = user.user_id.partition("|")[0]
    return {"name": provider, "strategy": provider}


def _request(call: Call, asked: Mapping[str, object]) -> dict[str, object]:
    headers = call.request.headers
    return {
        "ip": call.request.remote,
        "method": call.request.method,
        "hostname": headers.get("Host", ""),
        "user_agent": headers.get("User-Agent", ""),
        "geoip": {},
        "query": {},
        "body": {name: value for name, value in asked.items() if name not in SECRETS},
    }


def _seen(user: StoredUser) -> dict[str, object]:
    """Return a profile as Actions see it: its metadata is never absent."""
    empty: dict[str, object] = {"app_metadata": {}, "user_metadata": {}}
    shown = {name: value for name, value in profiles.profile(user).items() if name not in UNSEEN}
    return {**empty, **shown}
