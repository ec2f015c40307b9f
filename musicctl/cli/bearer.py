"""`--token` in place of USER: a command answers for whom the token was issued to, and for nobody else."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeAlias, TypeVar

import typer

from musicctl import disk
from musicctl.cli.command import CONTEXT, Command
from musicctl.cli.session import Session
from musicctl.errors import MusicctlError, UsageError
from musicctl.redaction import hide
from musicctl.settings import Settings
from musicctl.settings.environment import cache_folder

if TYPE_CHECKING:
    from musicctl.operations.tokens import Judged, Trust

P = ParamSpec("P")
R = TypeVar("R")
OPTION = "--token"
NOBODY = ""
"""Stands for USER on a command line that has a token in its place: no id and no address is empty."""

LONGEST = 4 << 20
"""Bytes that are read of a token; there are far fewer in any that is good."""

Token: TypeAlias = Annotated[
    str | None,
    typer.Option(OPTION, metavar="@FILE|-", help="In place of USER: whom this token was issued to."),
]


class BearerCommand(Command):
    """A command whose first argument, USER, is left out where `--token` is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words, with a stand-in for the USER that is left out."""
        options = args[: args.index("--")] if "--" in args else args
        given = sum(word == OPTION or word.startswith(f"{OPTION}=") for word in options)
        if given > 1:
            raise UsageError(f"{OPTION} is there {given} times", hint="a command answers for one token")
        return super().parse_args(ctx, [NOBODY, *args] if given else args)


def command(app: typer.Typer, name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function as the command `name` of `app`, which takes USER or a token."""
    return app.command(name, cls=BearerCommand, context_settings=CONTEXT)


def user_id(session: Session, user: str, token: str | None) -> str:
    """Return the user id that USER stands for, or to whom a token was issued, once it is verified.

    Raises RefusedError with every reason against the token.
    """
    if token is None:
        return session.user(user)
    from musicctl.operations import tokens

    return tokens.listener(judged(session, token))


def refuse_user(word: str, meant: str, token: str | None) -> None:
    """Raise UsageError where a USER was given beside a token, and so stands for what comes after USER."""
    if token is not None and ("|" in word or "@" in word):
        raise UsageError(
            f"{word!r} looks like a USER, and {OPTION} stands in its place",
            hint=f"leave USER out and give {meant}, or leave {OPTION} out",
        )


def judged(session: Session, given: str) -> "Judged":
    """Verify the token that `@FILE` or `-` leads to by the settings of the profile."""
    from musicctl.operations import tokens

    text = read(given)
    return tokens.verify(text, trust(session.settings), now=time.time())


def read(given: str) -> str:
    """Return the token that `@FILE` or `-` leads to; raises UsageError for anything else, unrepeated."""
    if given == "-" or given.startswith("@"):
        token = _from_standard_input() if given == "-" else _from_file(Path(given[1:]))
        hide(token)
        return token
    raise UsageError(
        "a token is not taken from the command line: there the shell's history and other accounts see it",
        hint="put it into a file and give @FILE, or give - to read it from standard input",
    )


def trust(chosen: Settings) -> "Trust":
    """Return whose tokens a profile takes; raises ConfigError when its settings do not say."""
    from musicctl.operations import tokens

    audience, namespace = chosen.token_audience, chosen.claim_namespace
    if chosen.token_algorithm == "RS256":  # noqa: S105 -- no password
        return tokens.by_tenant(
            chosen.auth0_domain, audience=audience, namespace=namespace, cache=cache_folder()
        )
    return tokens.by_secret(
        chosen.auth0_domain,
        chosen.token_secret,
        base64url=chosen.token_secret_base64,
        audience=audience,
        namespace=namespace,
    )


def _from_standard_input() -> str:
    if sys.stdin is None:
        raise UsageError("there is no standard input to read a token from", hint="give @FILE")
    try:
        return sys.stdin.read(LONGEST).strip()
    except UnicodeDecodeError:
        return "\ufffd"  # which no token has


def _from_file(path: Path) -> str:
    try:
        return disk.read(path, LONGEST, pipes=True).decode(errors="replace").strip()
    except OSError as error:
        raise MusicctlError(
            f"the token in {path} cannot be read: {error.strerror}",
            hint="name a file that holds the token and nothing else, as @FILE",
        ) from None
    except ValueError:
        raise UsageError(
            "no file is called so", hint="name a file that holds the token and nothing else, as @FILE"
        ) from None
