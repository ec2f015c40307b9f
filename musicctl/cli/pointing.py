"""Commands that a hint names, made to work on the profile that was named: with its -P."""

import re

COMMAND = re.compile(r"\bmusicctl((?: [a-z][a-z-]*){1,3})")


def with_profile(text: str, profile: str | None) -> str:
    """Return a text with `-P profile` in each command of ours in it that takes one."""
    if profile is None or "musicctl " not in text or " -P " in text:
        return text

    def pointed(match: re.Match[str]) -> str:
        command = _command(match[1].split())
        return match[0] if command is None else match[0].replace(command, f"{command} {option}", 1)

    import shlex

    option = f"-P {shlex.quote(profile)}"
    return COMMAND.sub(pointed, text)


def _command(words: list[str]) -> str | None:
    """Return the words of the command that these begin with, if it takes a profile."""
    from musicctl.cli.manuals import MANUALS
    from musicctl.cli.manuals.manual import PROFILE

    for length in range(len(words), 0, -1):
        manual = MANUALS.get(" ".join(words[:length]))
        if manual is not None:
            return " ".join(words[:length]) if manual.exits >= PROFILE else None
    return None
