"""Opens the two stores from plain settings; nothing is connected before it is first used."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from musicctl.errors import ConfigError
from musicctl.secret import Secret

if TYPE_CHECKING:
    from musicctl.store.database import Database
    from musicctl.tenant.client import Tenant
    from musicctl.tenant.users import TenantUser


def database(
    url: Secret,
    libpqs: Mapping[str, str] | None = None,
    *,
    on_clear: Callable[[str], None] | None = None,
    on_hidden: Callable[[str], None] | None = None,
) -> "Database":
    """Return the database that `url` names; raises ConfigError when the URL is malformed.

    `libpqs` is what libpq's environment has for what the URL leaves out, where that may count.
    `on_clear` is told of each connection that leaves this machine unencrypted: where to. `on_hidden` is told
    of each read of which row-level security may have hidden rows: what it was for.
    """
    from musicctl.store.database import Database

    return Database(url, libpqs, on_clear, on_hidden)


def tenant(
    base_url: str,
    *,
    client_id: str,
    audience: str,
    client_secret: Secret | None,
    private_key: Secret | None,
    cache: Path | None = None,
    share: float = 1.0,
    per_second: float | None = None,
    on_wait: Callable[[float, str], None] | None = None,
    on_reply: Callable[[str, int, float], None] | None = None,
    on_export: Callable[[Iterator["TenantUser"]], Iterator["TenantUser"]] | None = None,
    on_hang: Callable[[str], None] | None = None,
) -> "Tenant":
    """Return the tenant at `base_url`; raises ConfigError when there is nothing to log in with.

    The access token is kept in the folder `cache`. Of the tenant's rate limit, `share` is used up at most,
    from 0 to 1, and no more than `per_second` requests a second; `on_wait` is told of long waits, by the
    thread that waits: the seconds, and why. `on_reply` is told of each reply, by the thread that sent the
    request: which, the status, and the seconds. `on_export` is given the users of each export, and passes
    them on; `on_hang` is told, line by line, who waits for what where nothing happens any more.
    """
    from musicctl.tenant.client import Tenant
    from musicctl.tenant.pacer import Rate
    from musicctl.tenant.token import Credentials

    if client_secret is None and private_key is None:
        raise ConfigError(
            "neither auth0_client_secret nor auth0_private_key is set",
            hint="musicctl config show says what is set and where",
        )
    credentials = Credentials(
        client_id=client_id, audience=audience, client_secret=client_secret, private_key=private_key
    )
    return Tenant(
        base_url,
        credentials,
        cache=cache,
        rate=Rate(share, per_second),
        on_wait=on_wait,
        on_reply=on_reply,
        on_export=on_export,
        on_hang=on_hang,
    )
