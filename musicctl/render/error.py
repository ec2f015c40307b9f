"""An error as a line of JSON for machines, or as what happened and what to do next for people."""

from collections.abc import Sequence

from musicctl.render.text import safe, wrapped


def error_line(code: str, exit_code: int, message: str, hint: str, details: dict[str, object]) -> str:
    """Return the error as one line of JSON, in ASCII: a terminal's encoding cannot spoil it."""
    import json

    from musicctl.render.encoding import field

    fixed = {"code": code, "exit": exit_code, "message": message, "hint": hint}
    return json.dumps({"error": fixed | details | fixed}, default=field)


def traceback_text(error: BaseException) -> str:
    """Return the traceback of a bug, line by line; the message in it may quote what others wrote."""
    import traceback

    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return "".join(f"{safe(line)}\n" for line in lines)


def error_text(message: str, hint: str, *, terminal: int | None, lines: Sequence[str] = ()) -> str:
    """Return the error for people, broken between words to the columns of the terminal, if it is one.

    `lines` are what the message is about. What others wrote cannot reach the terminal raw.
    """
    said = [wrapped(f"musicctl: {safe(message)}{':' if lines else ''}", terminal)]
    said += [wrapped(f"  {safe(line)}", terminal, indent="    ") for line in lines]
    if hint:
        said.append(wrapped(f"  hint: {safe(hint)}", terminal, indent="    "))
    return "\n".join(said)
