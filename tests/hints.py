"""What stderr suggests must work: every command in it is one of ours, with options that it takes.

Each test that runs the program checks this on all that the program says, by `tests.program`.
"""

import json
import re
from functools import cache
from typing import Any

from musicctl.cli.root import command

SUGGESTED = re.compile(r"(?<![\w/.-])musicctl((?: [^\s;,`?()\]\"]+)+)")
NOT_OURS = {
    "is",
    "config.toml",
    "or",
    "has",
    "must",
    "cannot",
    "and",
    "only",
    "reads",
    "made",
    "that",
    "needs",
}
"""Words that follow the name of the program where it is spoken of."""


def check(told: str) -> None:
    """Assert that what a command told on stderr suggests nothing that does not exist."""
    for line in map(_hint, told.splitlines()):
        for match in SUGGESTED.finditer(line):
            wrong = _wrong(tuple(match[1].split()))
            assert wrong is None, f"{wrong} in: {line}"


def _hint(line: str) -> str:
    """Return the line, or what a JSON error suggests."""
    if line.startswith('{"error"'):
        try:
            return str(json.loads(line)["error"].get("hint", ""))
        except (ValueError, KeyError):
            return ""
    return line.partition("hint: ")[2]


@cache
def _wrong(words: tuple[str, ...]) -> str | None:
    """Say what is wrong with a suggested command line, or return None."""
    found: Any = command()
    rest = list(words)
    while rest and hasattr(found, "list_commands"):
        inner = found.get_command(None, rest[0].rstrip(".:'"))
        if inner is None:
            break
        found = inner
        rest.pop(0)
    if hasattr(found, "list_commands") and rest and not rest[0].startswith("-"):
        return None if rest[0] in NOT_OURS else f"no command {' '.join(words)}"
    known = {option for parameter in found.params for option in parameter.opts + parameter.secondary_opts}
    for word in rest:
        option = word.rstrip(".:'").partition("=")[0]
        if option.startswith("-") and len(option) > 1 and option not in known | {"--help", "--"}:
            return f"{' '.join(words)}: no option {option}"
    return None
