"""`musicctl token`."""

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli import bearer
from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile, Quiet, User, duration
from musicctl.cli.output import chosen, document, text, verbatim, whole
from musicctl.cli.session import Session, talk
from musicctl.errors import ConfigError
from musicctl.render.formats import Format
from musicctl.settings.environment import sandbox_folder

if TYPE_CHECKING:
    from musicctl.operations.tokens import Judged
    from musicctl.settings import Settings

app = group("Listeners' tokens, as the app's API takes them.")
UNVERIFIED = "nothing was verified: anybody can write a token that says this"
Given = Annotated[
    str, typer.Argument(metavar="TOKEN", help="@FILE, or - for standard input; never the token itself.")
]
Live = Annotated[
    bool, typer.Option("--live", help="Ask the tenant whether the roles in it are still the listener's.")
]
Ttl = Annotated[
    str, typer.Option("--ttl", metavar="MINUTES", help="How long it lives: 60, or 15m, or 10h; 600 at most.")
]


@command(app, "verify")
def verify(
    token: Given,
    live: Live = False,
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Verify a token as the app's API should, and say who it is, or every reason against it."""
    from musicctl.operations import tokens

    form = chosen(output, as_json)
    with Session(profile) as session:
        if live and session.settings.claim_namespace is None:
            raise ConfigError(
                "claim_namespace is not set: nobody knows which claim has the roles",
                hint="set it in the profile, or as MUSICCTL_CLAIM_NAMESPACE in the environment, or leave out"
                " --live",
            )
        judged = bearer.judged(session, token)
        stale = tokens.stale(session.tenant, judged) if live and judged.valid else None
        if stale:
            session.say(f"{judged.sub} has other roles now, which the next login or refresh brings")
        if judged.valid or form is not Format.TABLE:
            document(_shown(judged, stale, form), form)
        if not judged.valid:
            raise tokens.refusal(judged)


@command(app, "decode")
def decode(token: Given, output: Output = None, as_json: Json = False) -> None:
    """Show the header and the claims of any token; nothing is verified."""
    from musicctl.operations import tokens

    form = chosen(output, as_json)
    found = tokens.decode(bearer.read(token))
    if whole(form, Format.TABLE):
        text(f"{UNVERIFIED}\n\n")
        document(_for_people(found), form)
    else:
        talk(quiet=False)(UNVERIFIED)
        document(found, form)


@command(app, "issue")
def issue(
    user: User,
    ttl: Ttl = "60",
    profile: Profile = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Issue a short-lived token for USER, to test the app's own API with."""
    from musicctl.operations import tokens

    form = chosen(output, as_json)
    lifetime = duration(f"{ttl}m" if re.fullmatch(r"[0-9]+", ttl) else ttl, "--ttl")
    with Session(profile, quiet=quiet) as session:
        settings = session.settings
        claims = tokens.claims_for(
            session.user(user),
            base_url=settings.auth0_domain,
            audience=settings.token_audience,
            lifetime=lifetime,
            now=time.time(),
        )
        token = _signed(settings, claims)
        session.say(f"whoever has this token is {claims['sub']} to the app for {lifetime / 60:.4g} minutes")
        if form is Format.TABLE:
            verbatim(f"{token}\n")
        else:
            document({"token": token, **claims}, form)


def _signed(settings: "Settings", claims: dict[str, object]) -> str:
    if settings.profile == "sandbox":
        from musicctl.sandbox import listener_tokens

        return listener_tokens.sign(sandbox_folder(), claims)
    from musicctl.operations import tokens

    return tokens.sign(claims, settings.token_secret, base64url=settings.token_secret_base64)


def _shown(judged: "Judged", stale: bool | None, form: Format) -> dict[str, object]:
    people = form is Format.TABLE
    ends = datetime.fromtimestamp(judged.exp, UTC) if people and judged.exp is not None else judged.exp
    return {
        "valid": judged.valid,
        "reasons": list(judged.reasons),
        "sub": judged.sub,
        "roles": None if judged.roles is None else list(judged.roles),
        "exp": ends,
        "stale": stale,
    }


def _for_people(found: dict[str, object]) -> dict[str, object]:
    """Lay header and claims out as a line for each."""
    lines: dict[str, object] = {}
    for part in ("header", "claims"):
        inside = found[part]
        lines |= {f"{part} {key}": value for key, value in inside.items()} if isinstance(inside, dict) else {}
    return lines | ({"odd": found["odd"]} if found["odd"] else {})
