"""The tokens of a login: their own claims, and those that Actions may add."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from musicctl.sandbox.local_tenant.calls import Services
from musicctl.sandbox.local_tenant.post_login import Outcome

Claims: TypeAlias = dict[str, object]

ID_TOKEN_LIFETIME = 36_000
"""Seconds, as Auth0 has it by default."""

PROFILE = ("name", "nickname", "given_name", "family_name", "picture", "updated_at")
SCOPES = {"profile": PROFILE, "email": ("email", "email_verified")}
"""The claims that a scope adds to an ID token, of those that a profile has."""

NAMES = """
    acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf cty
    dest entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act
    mky nbf nonce object_id org_id org_name orig origid permissions roles rph s_hash sid sip_callid
    sip_cseq_num sip_date sip_from_tag sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256
"""
RESTRICTED = frozenset(NAMES.split())
"""Claims that no Action sets: https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims"""

AUTH0S_OWN = re.compile(r"https?://([^/]*\.)?(auth0\.com|webtask\.(io|run))(/|$)|urn:auth0", re.IGNORECASE)
"""Namespaces that no Action uses."""


def reply(
    services: Services,
    profile: Mapping[str, object],
    outcome: Outcome,
    *,
    audience: str,
    scopes: Sequence[str],
) -> Claims:
    """Return the token endpoint's reply to a login of the user with this profile."""
    lifetime = services.storage.settings().token_lifetime
    now = int(time.time())
    common = {"iss": services.signer.issuer, "sub": profile["user_id"], "iat": now}
    client = services.state.auth0_client_id
    for_api = {**common, "aud": audience, "exp": now + lifetime, "azp": client, "gty": "password"}
    for_client = {**common, "aud": client, "exp": now + ID_TOKEN_LIFETIME, **_about(profile, scopes)}
    found: Claims = {}
    if scopes:
        for_api["scope"] = found["scope"] = " ".join(scopes)
    if "openid" in scopes:
        for_api["aud"] = [audience, f"{services.signer.issuer}userinfo"]
        found["id_token"] = services.signer.sign(_joined(for_client, outcome.id_token))
    access = services.signer.sign(_joined(for_api, outcome.access_token))
    return {"access_token": access, **found, "expires_in": lifetime, "token_type": "Bearer"}


def _joined(own: Mapping[str, object], custom: Mapping[str, object]) -> Claims:
    """Add the custom claims that may be; the others are dropped in silence, as Auth0 drops them."""
    kept = {name: value for name, value in custom.items() if not _is_restricted(name)}
    return {**kept, **own}


def _is_restricted(name: str) -> bool:
    return name in RESTRICTED or AUTH0S_OWN.match(name) is not None


def _about(profile: Mapping[str, object], scopes: Sequence[str]) -> Claims:
    names = [name for scope in scopes for name in SCOPES.get(scope, ())]
    return {name: profile[name] for name in names if name in profile}
