"""Made-up listeners: the same number and seed make the same ones, on every machine and Python."""

import hashlib
import struct
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from musicctl.sandbox import words

ROLE = "playlist editor"
THRESHOLD = 100

TAIL, SCALE = 1.2, 10.93
"""Plays follow a Lomax distribution: 6.2 % of the listeners reach 100, one in a million a million."""

LACKING, LAPSED = 0.075, 0.0048
"""The drift: the share of those at the bar who lack the role, and of those below it who hold it.

Each is 7.5 % of the holders, which leaves a limit of 10 % on what one sync may take away intact.
"""

UNKNOWN, UNKNOWN_HOLDERS = 0.03, 0.004
"""The share of listeners without any playlist, and the share of those who hold the role nevertheless."""

STEPS = (0xC13FA9A902A6328F, 0x91E10DA5C79E7B1D)
"""The R2 sequence in 64 bits: it spreads two numbers evenly, so that shares hold in small crowds too."""

DRAWS = struct.Struct("<16I")
WHOLE = 1 << 32


class Named(NamedTuple):
    """A saved song or artist."""

    id: str
    name: str


class Playlist(NamedTuple):
    """A playlist and how often it was played."""

    id: str
    name: str
    plays: int


def made_up(count: int, seed: int) -> Iterator["MadeUp"]:
    """Yield `count` listeners; more of the same seed begin with the same ones."""
    start = struct.unpack("<2Q", _digest(str(seed))[:16])
    for index in range(count):
        yield MadeUp(
            f"{seed}/{index}", _spread(start[0], STEPS[0], index), _spread(start[1], STEPS[1], index)
        )


class MadeUp:
    """One made-up listener; each part is made when it is asked for, since a table needs but a few of them."""

    __slots__ = ("_digest", "_draws", "_drift", "_rank")

    def __init__(self, name: str, rank: float, drift: float) -> None:
        """Take `rank`, the share of listeners with more plays, and `drift`, which picks the odd ones."""
        self._digest = _digest(name)
        self._draws: tuple[int, ...] = DRAWS.unpack(self._digest)
        self._rank = rank
        self._drift = drift

    @property
    def user_id(self) -> str:
        """The id in the style of one of four providers."""
        share, text = self._share(0), self._digest.hex()
        if share < 0.6:
            return f"auth0|{text[8:32]}"
        if share < 0.8:
            return f"google-oauth2|1{int(text[8:32], 16) % 10**20:020}"
        if share < 0.92:
            return f"apple|{text[8:14]}.{text[14:46]}.{text[46:50]}"
        return f"spotify|spotify:user:{text[8:30]}"

    @property
    def email(self) -> str:
        """An address of nobody."""
        return f"{self._one_of(words.GIVEN_NAMES, 1)}.{self._digest.hex()[8:20]}@example.com"

    @property
    def display_name(self) -> str | None:
        """The name that four of five listeners chose, in one of many scripts."""
        return self._one_of(words.DISPLAY_NAMES, 2) if self._share(3) < 0.8 else None

    @property
    def fav_genre(self) -> str | None:
        """The favourite genre, which six of seven have."""
        return self._one_of(words.GENRES, 4) if self._share(5) < 0.85 else None

    @property
    def songs(self) -> list[Named]:
        """Two saved songs on average, at least one where there are no playlists."""
        count = bisect((0.15, 0.4, 0.7, 0.85, 0.95), self._share(6))
        return [self._named("s", at, words.SECOND_WORDS) for at in range(max(count, self._plays is None))]

    @property
    def artists(self) -> list[Named]:
        """Half an artist on average."""
        return [self._named("a", at, words.ARTISTS) for at in range(bisect((0.55, 0.88), self._share(7)))]

    @property
    def playlists(self) -> list[Playlist]:
        """One to three playlists that share the plays, most of them in the first; or none."""
        if self._plays is None:
            return []
        left, found = self._plays, []
        count = 1 + bisect((0.6, 0.9), self._share(8))
        for at in range(count):
            plays = left if at == count - 1 else left * (256 + self._byte(at)) // 512
            left -= plays
            found.append(Playlist(self._key("p", at), words.PLAYLISTS[self._byte(at + 8) % 16], plays))
        return found

    @property
    def app_metadata(self) -> dict[str, object] | None:
        """The roles, in all the shapes they come in, and for some the plan that they pay for."""
        found: dict[str, object] = {"plan": "premium"} if self._share(9) < 0.1 else {}
        shapes = self._held() if self._holds else self._not_held()
        return found | shapes or None

    @property
    def user_metadata(self) -> dict[str, object] | None:
        """The display name, and for some how the app looks."""
        found: dict[str, object] = {"theme": "dark"} if self._share(10) < 0.1 else {}
        name = self.display_name
        return found | ({} if name is None else {"displayName": name}) or None

    @property
    def _plays(self) -> int | None:
        if self._share(11) < UNKNOWN:
            return None
        return int(SCALE * (self._rank ** (-1 / TAIL) - 1))

    @property
    def _holds(self) -> bool:
        plays = self._plays
        if plays is None:
            return self._drift < UNKNOWN_HOLDERS
        return self._drift >= LACKING if plays >= THRESHOLD else self._drift < LAPSED

    def _held(self) -> dict[str, object]:
        share = self._share(12)
        if share < 0.01:
            return {"roles": ROLE}
        before = ["beta tester"] if share < 0.14 else []
        after = ["moderator"] if 0.11 <= share < 0.21 else []
        return {"roles": [*before, ROLE, *after]}

    def _not_held(self) -> dict[str, object]:
        share = self._share(12)
        shapes: tuple[object, ...] = (None, "beta tester", [], ["moderator"], ["beta tester"])
        at = bisect((0.003, 0.006, 0.01, 0.02, 0.03), share)
        return {"roles": shapes[at]} if at < len(shapes) else {}

    def _share(self, at: int) -> float:
        return self._draws[at] / WHOLE

    def _byte(self, at: int) -> int:
        return self._digest[-1 - at]

    def _one_of(self, choices: Sequence[str], at: int) -> str:
        return choices[self._draws[at] % len(choices)]

    def _key(self, kind: str, at: int) -> str:
        return f"{kind}{self._digest.hex()[8:24]}{at}"

    def _named(self, kind: str, at: int, endings: Sequence[str]) -> Named:
        first = words.FIRST_WORDS[self._byte(at) % len(words.FIRST_WORDS)]
        return Named(self._key(kind, at), f"{first} {endings[self._byte(at + 6) % len(endings)]}")


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode()).digest()


def _spread(start: int, step: int, index: int) -> float:
    """Return a number above 0 and at most 1."""
    return ((start + index * step) % (1 << 64) + 1) / (1 << 64)
