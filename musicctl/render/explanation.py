"""Why a user holds the role or not, for people and as the document that machines read."""

from dataclasses import asdict

from musicctl.policy.explanation import Decision, Explanation, Seen
from musicctl.render.table import cell, fields, table
from musicctl.render.text import wrapped

ON_A_TERMINAL = 15
"""Playlists shown to a person; on a pipe all are."""


def explanation_document(known: Explanation) -> dict[str, object]:
    """Return the explanation with the keys that scripts rely on."""
    change = known.last_change
    return {
        "user_id": known.user_id,
        "email": known.email,
        "display_name": known.display_name,
        "role": known.rule.role,
        "threshold": known.rule.threshold,
        "plays": known.plays,
        "distance": known.distance,
        "playlists": None if known.playlists is None else [asdict(each) for each in known.playlists],
        "standing": known.standing,
        "tenant": _seen(known.tenant),
        "mirror": {"as_of": known.mirror_as_of, "found": known.mirror is not None} | _seen(known.mirror),
        "pin": _decision(known.pin, "state"),
        "hold": _decision(known.hold, "state"),
        "last_change": None if change is None else asdict(change),
        "next": known.next,
        "explanation": known.words,
    }


def explanation_text(known: Explanation, *, terminal: int | None) -> str:
    """Return the explanation for people; `terminal` is how many columns there are, None for a pipe."""
    distance = "" if known.distance is None else f", {_distance(known.distance)} {known.rule.threshold:,}"
    shown = {
        "user": known.user_id,
        "email": known.email,
        "display name": known.display_name,
        "plays": f"{'unknown' if known.plays is None else f'{known.plays:,}'}{distance}",
        "standing": known.standing,
        "tenant now": _roles(known.tenant),
        "mirror": _mirror(known),
        "pin": _words(known.pin),
        "last change": _last_change(known),
    }
    words = wrapped(cell(known.words), terminal, indent="")
    return fields(shown, terminal=terminal) + _playlists(known, terminal) + f"\n{words}\n"


def _seen(seen: Seen | None) -> dict[str, object]:
    if seen is None:
        return {"roles": None}
    roles = None if seen.roles is None else list(seen.roles)
    return {"roles": roles} | ({} if seen.unreadable is None else {"unreadable": seen.unreadable})


def _decision(found: Decision | None, name: str) -> dict[str, object] | None:
    if found is None:
        return None
    return {name: found.what, "until": found.until, "reason": found.reason, "actor": found.actor}


def _distance(distance: int) -> str:
    if not distance:
        return "at the bar of"
    return f"{abs(distance):,} {'below' if distance < 0 else 'above'} the bar of"


def _roles(seen: Seen) -> str:
    return str(seen.unreadable) if seen.roles is None else cell(seen.roles)


def _mirror(known: Explanation) -> str:
    if known.mirror_as_of is None:
        return "never filled"
    roles = "no such user" if known.mirror is None else _roles(known.mirror)
    return f"{roles} (as of {cell(known.mirror_as_of)})"


def _words(found: Decision | None) -> str | None:
    if found is None:
        return None
    until = "" if found.until is None else f" until {cell(found.until)}"
    return f"{found.what}{until} by {found.actor}: {found.reason}"


def _last_change(known: Explanation) -> str | None:
    change = known.last_change
    if change is None:
        return None
    return (
        f"{change.verdict} {change.state} {cell(change.at)} by {change.command} of {change.actor},"
        f" run {change.run}"
    )


def _playlists(known: Explanation, terminal: int | None) -> str:
    if not known.playlists:
        return ""
    rows = [(each.playlist_id, each.name, each.total_plays) for each in known.playlists]
    shown = rows if terminal is None else rows[:ON_A_TERMINAL]
    left_out = len(rows) - len(shown)
    more = f"… and {left_out:,} more; `musicctl playlists list` shows all\n" if left_out else ""
    return "\n" + table(("playlist_id", "name", "total_plays"), shown, terminal=terminal) + more
