"""What a command line asks of its errors, also where it cannot be parsed: their form, and the profile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from musicctl.settings.environment import output_format

JSON = {"json", "jsonl"}
"""The formats whose readers want an error as JSON too."""

# Short options without a value may stand before one that has it: -qojson.
WITH_VALUE = re.compile(r"-[a-zA-Z]*?([oP])(.*)|--(output|profile)(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whether errors are to be JSON, and the profile that was named."""

    json: bool
    profile: str | None

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Spoken":
        """Return what the options before a `--` say, and else MUSICCTL_OUTPUT."""
        words = list(arguments)
        options = words[: words.index("--")] if "--" in words else words
        form = "json" if "--json" in options else _value(options, "o") or output_format()
        return cls(form in JSON, _value(options, "P"))


def _value(options: list[str], letter: str) -> str | None:
    """Return the last value of -o or -P, or of its long name."""
    found = None
    for at, word in enumerate(options):
        match = WITH_VALUE.fullmatch(word)
        if match and letter in {match[1], "o" if match[3] == "output" else "P" if match[3] else None}:
            given = match[2] or match[4]
            found = given or next(iter(options[at + 1 : at + 2]), None)
    return found
