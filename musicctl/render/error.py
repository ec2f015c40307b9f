"""An error as a line of JSON for machines, or as what happened and what to do next for people."""

from musicctl.render.text import safe


def error_line(code: str, exit_code: int, message: str, hint: str, details: dict[str, object]) -> str:
    """Return the error as one line of JSON, in ASCII: a terminal's encoding cannot spoil it."""
    import json

    from musicctl.render.encoding import field

    fixed = {"code": code, "exit": exit_code, "message": message, "hint": hint}
    return json.dumps({"error": fixed | details | fixed}, default=field)


def error_text(_code: str, _exit_code: int, message: str, hint: str, _details: dict[str, object]) -> str:
    """Return the error for people; what others wrote cannot reach the terminal raw."""
    lines = [f"musicctl: {safe(message)}"]
    if hint:
        lines.append(f"  hint: {safe(hint)}")
    return "\n".join(lines)
