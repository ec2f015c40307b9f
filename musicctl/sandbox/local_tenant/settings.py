"""How the tenant is set up: what an administrator could change in Auth0's dashboard, kept in storage."""

from typing import Literal, TypeAlias

import msgspec

Plan: TypeAlias = Literal["free", "essentials", "enterprise", "none"]
Refill: TypeAlias = Literal["documented", "millisecond", "second"]
Reset: TypeAlias = Literal["next", "full"]

SCOPES = (
    "read:users create:users update:users delete:users update:users_app_metadata"
    " read:actions create:actions update:actions delete:actions read:rules"
)


class TenantSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The scopes granted to the sandbox's client, separated by blanks, and some times in seconds.

    A link to an export's file ends `link_lifetime` after the job was read, 60 at Auth0; an export job takes
    `export_time` from pending to completed, and an Action `build_time` from pending to built. All Actions
    of a login together may take `action_time`, 20 at Auth0. A write is seen by the user search after
    `index_delay`, and a search is given up after `query_timeout`, 2 at Auth0.

    `plan` says which rate limits there are, and `refill` how often tokens are added to their buckets. The
    header `x-ratelimit-reset` tells of the `next` token, as documented, or when the bucket will be `full`, as
    replies of real tenants have it.
    """

    scopes: str = SCOPES
    token_lifetime: int = 86400
    link_lifetime: float = 60.0
    export_time: float = 0.0
    build_time: float = 0.5
    action_time: float = 20.0
    index_delay: float = 0.0
    query_timeout: float = 2.0
    plan: Plan = "none"
    refill: Refill = "documented"
    reset: Reset = "next"
