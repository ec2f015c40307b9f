"""Takes secrets out of what others wrote, however they stand in it, before it is shown, journalled or logged.

Every secret that is revealed is hidden from then on. A text is read as it is and with what is escaped in it
(percent, JSON, backslashes, entities), in small letters and without blanks, line ends, NULs, characters
that have no width, `+` and `-`; any eight characters in a row that a secret has are taken out of it, so that
one that was cut goes too, and so are those of its base64 and base32, of it backwards, and twelve of its
hexadecimal digits. Not found is what is packed, encrypted or hashed, nor base64 or digits of UTF-16. Where a
text ends, or was shortened by dots, four are enough. A secret of four to seven characters is found whole;
one of three or less is a word like others, and is taken out only where it stands alone between quotes
or after `=` or `:`.

What people need is left, since a secret may be made of words. A name that is no secret (the user, the
database, the role, a user id that was typed) stays wherever it does not stand as a password would, even if
it is the password too: it is known, and no reader learns from it. Of a secret of several words one usual
word alone stays, and in a text of ours (`ours`), in which what others wrote is clean already, some of its
words; a secret that is one word as a whole is taken out of a text of ours only where it stands as a value:
between quotes, after `=` or `:`, or after the word password. What a command prints on stdout
as data is never touched.
"""

import re
import threading
from collections.abc import Iterator
from itertools import groupby

STARS = "***"
RUN, HEX_RUN, SHORT, SHORTEST_END = 8, 12, 4, 4
LONGEST = 64 * 1024
"""Characters that are read of one secret, half of them at its end; nobody has a longer one."""

MOST_CUTS = 8

LEVELS = 3
"""How often escapes are taken for such: a URL in JSON in a URL."""

ESCAPES = re.compile(
    r"%([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|\\([0-7]{3})|((?:\\u[0-9A-Fa-f]{4})+)"
    r"|\\U([0-9A-Fa-f]{8})|&#[xX]([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});|&(amp|quot|apos|lt|gt);|\\(.)|(['\"])\10",
    re.DOTALL,
)
NAMED = {"amp": "&", "quot": '"', "apos": "'", "lt": "<", "gt": ">"}
CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
DOTS = re.compile(r"\.\.\.|\u2026")
LEFT_OUT = b" \t\r\n\v\f\b\0+-"
UNSEEN = frozenset("\u00ad\u034f\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Characters without a width, which hide nothing from who copies the rest."""

PLAIN = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_", b"abcdefghijklmnopqrstuvwxyz/")
"""Bytes as they are compared: small, and of the two alphabets of base64 the one."""
USUAL = """
access admin administrator already application artist artists audience authentication authorization
bearer client column command connection constraint credentials database denied does editor error
exist exists expired failed function global grant header host insufficient invalid limit listener
listeners localhost management metadata missing musicctl must name names null object parameter
password payload permission playlist playlists plays postgres postgresql private public refused
relation request required role roles schema scope scopes secret server setting song songs statement
superuser table tenant timeout token tokens transaction unauthorized user username users validation
value violates with
"""
"""What Postgres and Auth0 say all the time, and what the app is about."""
WORDS = frozenset(USUAL.split())

AS_A_VALUE = re.compile(r"(?:[\"'`=:]|\b(?:password|passwd|secret|token)\W{1,3})$", re.IGNORECASE)
AS_A_PASSWORD = re.compile(r"(?:password|passwd|secret|token)\W{1,3}$|://[^\s/:]*:$", re.IGNORECASE)
LOOKED_BACK = 80
NOTHING_BUT_WORDS = re.compile(r"[^\W\d_]+(?:[ ._-][^\W\d_]+)*")
PEM = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{1,40}-----")


class _Hidden:
    """The secrets of this process, and every run of theirs that must not be seen."""

    def __init__(self) -> None:
        self.secrets: dict[str, None] = {}
        self.names: set[str] = set()
        self.words: set[str] = set()
        self.runs: dict[int, set[bytes]] = {}
        self.ends: tuple[set[bytes], set[bytes]] = (set(), set())
        self.short: re.Pattern[str] | None = None
        self._read = 0
        self.lock = threading.Lock()

    def learn(self) -> None:
        """Take in what was added since; the lock is ours."""
        for secret in list(self.secrets)[self._read :]:
            self._read += 1
            self.words.update(_words(secret))
            if len(secret) < SHORT:
                continue
            for form, run in _forms(secret):
                self._add(form, min(run, len(form)))
        words = [re.escape(secret) for secret in self.secrets if len(secret) < SHORT]
        self.short = re.compile(rf"(?<=[\"'`=:])(?:{'|'.join(words)})(?![\w])") if words else None

    def _add(self, form: bytes, run: int) -> None:
        if len(form) < SHORT:
            return
        found = self.runs.setdefault(run, set())
        found.update(form[at : at + run] for at in range(len(form) - run + 1))
        for size in range(SHORTEST_END, run):
            self.ends[0].add(form[-size:])
            self.ends[1].add(form[:size])


_hidden = _Hidden()


def hide(secret: str) -> None:
    """Have a secret taken out of every text from now on."""
    if secret and secret not in _hidden.secrets:
        kept = secret if len(secret) <= LONGEST else f"{secret[: LONGEST // 2]}\n{secret[-LONGEST // 2 :]}"
        with _hidden.lock:
            _hidden.secrets[kept] = None


def leave(*names: str) -> None:
    """Have names that are no secret left where they stand whole, from now on."""
    with _hidden.lock:
        _hidden.names.update(name for name in names if name)


def redacted(text: str, *, ours: bool = False) -> str:
    """Return a text with three stars for each part that a secret has too; `ours` is one in our own words."""
    if not _hidden.secrets or not text:
        return text
    with _hidden.lock:
        _hidden.learn()
        bare = [False] * len(text)
        for start, end in _found(text):
            bare[start:end] = [True] * (end - start)
        if not any(bare):
            return text
        return "".join(_starred(text, bare, list(_named(text)), ours))


def all_redacted(value: object) -> object:
    """Return plain data with every text in it redacted, as texts of ours."""
    if isinstance(value, str):
        return redacted(value, ours=True)
    if isinstance(value, dict):
        return {key: all_redacted(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [all_redacted(each) for each in value]
    return value


def _starred(text: str, bare: list[bool], names: list[tuple[int, int]], ours: bool) -> Iterator[str]:
    start = 0
    for is_bare, each in groupby(bare):
        end = start + len(list(each))
        is_name = any(first <= start and end <= last for first, last in names)
        needed = not is_bare or is_name or _is_needed(text, start, end, ours)
        yield text[start:end] if needed else STARS
        start = end


def _named(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands that is no secret, other than as a password would."""
    for name in _hidden.names:
        for found in re.finditer(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text, re.IGNORECASE):
            if not AS_A_PASSWORD.search(text[max(0, found.start() - LOOKED_BACK) : found.start()]):
                yield found.span()


def _is_needed(text: str, start: int, end: int, ours: bool) -> bool:
    """Tell whether a part of a text that a secret has too is but words, which say nothing of the secret."""
    first, last = start, end
    while first > 0 and text[first - 1].isalpha():
        first -= 1
    while last < len(text) and text[last].isalpha():
        last += 1
    words = _words(text[first:last])
    if not NOTHING_BUT_WORDS.fullmatch(text, first, last) or (len(words) > 1 and not ours):
        return False
    if not all(word in WORDS or (ours and word in _hidden.words) for word in words):
        return False
    part = _normal(_encoded(text[start:end]))
    if any(part == _normal(_encoded(secret)) for secret in _hidden.secrets):
        return ours and len(words) == 1 and not AS_A_VALUE.search(text[max(0, start - LOOKED_BACK) : start])
    return True


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Yield where secrets stand in a text, from one character to before another."""
    for secret in _hidden.secrets:
        at = text.find(secret) if len(secret) >= SHORT else -1
        while at >= 0:
            yield at, at + len(secret)
            at = text.find(secret, at + 1)
    if _hidden.short is not None:
        yield from (each.span() for each in _hidden.short.finditer(text))
    view = [
        (byte, at, at + 1) for at, each in enumerate(text) if each not in UNSEEN for byte in _encoded(each)
    ]
    cuts = [each.span() for each in DOTS.finditer(text)][:MOST_CUTS]
    for _ in range(LEVELS + 1):
        plain = [(PLAIN[byte], start, end) for byte, start, end in view if byte not in LEFT_OUT]
        yield from _runs(plain, cuts, len(text))
        fresh = _unescaped(view)
        if len(fresh) == len(view):
            return
        view = fresh


def _runs(
    view: list[tuple[int, int, int]], cuts: list[tuple[int, int]], length: int
) -> Iterator[tuple[int, int]]:
    whole = bytes(byte for byte, _, _ in view)
    for size, known in _hidden.runs.items():
        for at in range(len(whole) - size + 1):
            if whole[at : at + size] in known:
                yield view[at][1], view[at + size - 1][2]
    starts = [0, *(end for _, end in cuts)]
    stops = [*(start for start, _ in cuts), length]
    for start, stop in zip(starts, stops, strict=True):
        part = [each for each in view if start <= each[1] and each[2] <= stop]
        text = bytes(byte for byte, _, _ in part)
        for size in range(min(HEX_RUN, len(part)), SHORTEST_END - 1, -1):
            if text[:size] in _hidden.ends[0]:
                yield part[0][1], part[size - 1][2]
            if text[-size:] in _hidden.ends[1]:
                yield part[-size][1], part[-1][2]


def _unescaped(view: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Take every escape for what it stands for; each byte still knows where it came from."""
    text = bytes(byte for byte, _, _ in view).decode("latin-1")
    found, rest = [], 0
    for match in ESCAPES.finditer(text):
        found += view[rest : match.start()]
        start, end = view[match.start()][1], view[match.end() - 1][2]
        found += [(byte, start, end) for byte in _meant(match)]
        rest = match.end()
    return found + view[rest:]


def _meant(match: re.Match[str]) -> bytes:
    percent, byte, octal, units, long, hexadecimal, decimal, name, other, quote = match.groups()
    if percent or byte:
        return bytes([int(percent or byte, 16)])
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if units:
        pairs = bytes.fromhex(units.replace("\\u", ""))
        return pairs.decode("utf-16-be", "replace").encode("utf-8", "replace")
    if long or hexadecimal or decimal:
        number = int(decimal) if decimal else int(long or hexadecimal, 16)
        return _encoded(chr(number)) if number <= 0x10FFFF else b"?"
    if name:
        return NAMED[name].encode()
    return (quote or CONTROLS.get(other, other)).encode("latin-1")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _forms(secret: str) -> Iterator[tuple[bytes, int]]:
    """Yield what a secret may look like, as it is compared, and how much of it in a row is too much."""
    import base64
    import json
    from urllib.parse import quote, quote_plus

    secret = PEM.sub("", secret)
    ways = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret, safe=""),
        json.dumps(secret)[1:-1],
        secret.strip(),
    }
    whole = secret.encode("utf-8", "surrogatepass")
    yield _normal(whole), RUN
    yield _normal(whole)[::-1], RUN
    for way in ways:
        raw = way.encode("utf-8", "surrogatepass")
        yield _normal(raw.hex().encode()), HEX_RUN
        for before in range(5):
            packed = base64.b32encode(b"\0" * before + raw)
            yield _normal(packed[(8 * before + 4) // 5 : 8 * (before + len(raw)) // 5]), RUN
        for before in range(3):
            packed = base64.b64encode(b"\0" * before + raw)
            # What the bytes before and after share a character with is not the secret's alone.
            yield _normal(packed[(8 * before + 5) // 6 : 8 * (before + len(raw)) // 6]), RUN


def _normal(text: bytes) -> bytes:
    return text.translate(PLAIN, LEFT_OUT)
