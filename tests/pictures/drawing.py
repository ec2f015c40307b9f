"""A terminal's text as an SVG that needs nothing from elsewhere: no font, no script, no link."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from musicctl.render.text import width

COLUMN, LINE, MARGIN = 8.4, 20, 16
"""Pixels: a column is 0.6 of the font's 14, as monospaced fonts are."""

FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
GROUND, INK, TYPED = "#0d1117", "#e6edf3", "#7ee787"
PROMPT, CONTINUED = "$ ", "> "
CELL = re.compile(r"\S+(?: \S+)*")
"""Words with single spaces between them: further spaces would be lost, so each cell has its own place."""


def drawn(lines: Sequence[str], *, columns: int) -> str:
    """Return the picture of these lines; those that begin with either prompt are shown as typed."""
    across, down = round(2 * MARGIN + columns * COLUMN), 2 * MARGIN + LINE * len(lines)
    told = escape(next(line for line in lines if line.startswith(PROMPT)), quote=True)
    cells = "".join(cell for at, line in enumerate(lines) for cell in _cells(line, at))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" width="{across}" role="img"'
        f' aria-label="{told}">\n'
        f'<rect width="{across}" height="{down}" rx="8" fill="{GROUND}"/>\n'
        f'<g font-family="{FONT}" font-size="14" fill="{INK}">\n{cells}</g>\n</svg>\n'
    )


def _cells(line: str, at: int) -> Iterator[str]:
    """Yield each cell of a line at its column, as long as it has columns, whatever the font makes of it."""
    colour = f' fill="{TYPED}"' if line.startswith((PROMPT, CONTINUED)) else ""
    for cell in CELL.finditer(line):
        left = MARGIN + width(line[: cell.start()]) * COLUMN
        yield (
            f'<text x="{left:.1f}" y="{MARGIN + LINE * at + 15}"'
            f' textLength="{width(cell[0]) * COLUMN:.1f}"{colour}>{escape(cell[0], quote=False)}</text>\n'
        )
