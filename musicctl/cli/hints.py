"""What somebody may have meant whose command line names no command or no option of ours."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from musicctl.cli.manuals import MANUALS
from musicctl.errors import UsageError

MOST = 3
OTHER_WORDS = {
    "ls": ("list",),
    "get": ("show", "list"),
    "create": ("add", "set"),
    "new": ("add",),
    "rm": ("remove", "erase"),
    "del": ("remove", "erase"),
    "delete": ("remove", "erase"),
    "find": ("search", "list"),
    "start": ("up",),
    "stop": ("down",),
    "revert": ("undo",),
    "rollback": ("undo",),
    "log": ("history",),
    "sql": ("query",),
}
"""What other programs call what we have, too."""


def no_command(path: str, known: Sequence[str], word: str, behind: Sequence[str]) -> UsageError:
    """Return the error for a word that is none of the `known` commands of the group at `path`."""
    found = _meant(path, known, word, behind)
    names = [f"musicctl {each}" for each in found[:MOST]]
    if names:
        hint = f"did you mean {' or '.join(names)}?"
    else:
        hint = f"there are: {', '.join(known)}" if len(known) < 10 else f"{path} --help lists them"
    return UsageError(f"there is no command {path} {word}", hint=hint)


def _meant(path: str, known: Sequence[str], word: str, behind: Sequence[str]) -> list[str]:
    """Return the commands that come nearest, each with all its words."""
    swapped = f"{behind[0]} {word}" if behind else ""
    if swapped in MANUALS:
        return [swapped]
    near = [each for each in OTHER_WORDS.get(word, ()) if each in known]
    near = near or get_close_matches(word, known, n=MOST)
    elsewhere = [each for each in MANUALS if each.endswith(f" {word}")]
    within = path.removeprefix("musicctl").strip()
    return elsewhere[:MOST] or [f"{within} {each}".strip() for each in near]


def hint(error: Any) -> str:
    """Return what to do about a command line that Typer refuses."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "musicctl"
    option = str(getattr(error, "option_name", ""))
    if re.match(r"-\d", option):
        return f"-- stands before a value that begins with a dash: -- {option}"
    if option and hasattr(getattr(context, "command", None), "list_commands"):
        return f"an option stands behind the command that it is for; {path} --help"
    return f"{path} --help"
