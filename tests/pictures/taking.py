"""What is pictured: commands on the demo's listeners, with what changes from run to run fixed."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from tests.pictures.drawing import CONTINUED, PROMPT, drawn
from tests.terminal import Typed, screens

FOLDER = Path(__file__).parents[2] / ".pictures"
COLUMNS = 80
PICTURES: Mapping[str, tuple[str, ...]] = {
    "plan": ("roles plan",),
    "user": ("users show ada@example.com", "roles explain boris@example.com"),
    "sync": ("roles sync --yes", "roles plan --check"),
    "history": ("history show last",),
    "stats": ("stats",),
    "query": (
        'query "SELECT fav_genre, count(*), round(avg(plays)) AS plays'
        "\n  FROM musicctl.listeners WHERE 'playlist editor' = ANY(roles)"
        '\n  GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"',
    ),
    "errors": ("songs list adda@example.com", "roles plam", "users list --columns emial"),
}
"""By file, the command lines in their order: each finds what those before it left."""

FIXED = {
    r"\d{8}-\d{6}-[0-9a-f]{4}": "20261123-101500-4d2a",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "2026-11-23 10:15:00",
    r"\d{4}-\d\d-\d\d \d\d:\d\d(?!:)": "2026-11-23 10:15",
    r"\d{4}-\d\d-\d\d(?! \d)": "2026-11-23",
    r"\b\d+\.\d s\b": "0.4 s",
    r"^(actor +)\S+": r"\1oncall@ops",
    r"127\.0\.0\.1:\d+": "127.0.0.1:40123",
    r"is \d+ (s|min) old": "is 4 s old",
}


def taken(folder: Path) -> dict[str, str]:
    """Return the pictures by name, worked out in `folder`; the profile in force has the demo's listeners."""
    lines = [line for group in PICTURES.values() for line in group]
    first, *shown = screens(
        [Typed(["mirror", "refresh", "--quiet"]), *(Typed(shlex.split(line)) for line in lines)],
        folder,
        columns=COLUMNS,
    )
    assert first.code == 0, first.text
    printed = dict(zip(lines, (screen.lines for screen in shown), strict=True))
    return {
        name: drawn(
            [fixed(each) for line in group for each in as_seen(line, printed[line])][:-1], columns=COLUMNS
        )
        for name, group in PICTURES.items()
    }


def as_seen(line: str, printed: list[str]) -> list[str]:
    """Return a command line as a shell shows it while it is typed, and what it printed."""
    typed = f"{PROMPT}musicctl {line}".replace("\n", f"\n{CONTINUED}")
    return [*typed.split("\n"), *printed, ""]


def fixed(line: str) -> str:
    """Return a line with times, ids and ports that are the same in every run."""
    for pattern, same in FIXED.items():
        line = re.sub(pattern, same, line)
    return line
