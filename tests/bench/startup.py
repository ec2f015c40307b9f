"""How long a command takes before it can do its work, against the least that it could take."""

import sys

from musicctl.sandbox.local_tenant.records import NewUser
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage
from tests.bench.measure import Result, cost, in_turn
from tests.bench.world import World

OURS = (sys.executable, "-m", "musicctl")
TYPER = (sys.executable, "-c", "import typer")
LISTENER = NewUser("auth0|bench", "bench@example.com", None, '{"displayName": "Bench"}')
BARE_READ = """
import json, sys
from auth0.management import Auth0
domain, token, user_id = sys.argv[1:]
user = Auth0(base_url=f"{domain}/api/v2", token=token).users.get(user_id)
name = (user.user_metadata or {}).get("displayName")
print(json.dumps({"user_id": user.user_id, "email": user.email, "display_name": name}))
"""


def version(world: World, size: int) -> Result:
    """`--version`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "version", size, "--version", target=1.3)


def help_text(world: World, size: int) -> Result:
    """`--help`, against an import of Typer alone; the size means nothing here."""
    return _against_typer(world, "help", size, "--help", target=2.0)


def profile_show(world: World, size: int) -> Result:
    """`profile show USER`, against a bare script with the SDK; both have a token. The size means nothing."""
    with Storage.open(world.folder / STATE_FILE) as tenant:
        tenant.add_missing_users([LISTENER])
    command = (*OURS, "profile", "show", LISTENER.user_id, "--json")
    cost(command, world.environment)  # from now on there is a token in the cache
    script = (sys.executable, "-c", BARE_READ, world.state.auth0_domain, world.token(), LISTENER.user_id)
    ours, bare = in_turn(command, script, world.environment, world.rounds)
    return Result(
        name="profile-show",
        size=size,
        ours=ours.seconds,
        reference=bare.seconds,
        target=1.3,
        memory_mb=ours.memory_mb,
    )


def _against_typer(world: World, name: str, size: int, option: str, *, target: float) -> Result:
    ours, typer = in_turn((*OURS, option), TYPER, world.environment, world.rounds)
    return Result(
        name=name,
        size=size,
        ours=ours.seconds,
        reference=typer.seconds,
        target=target,
        memory_mb=ours.memory_mb,
    )
