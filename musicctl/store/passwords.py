"""Hides the passwords that libpq finds by itself, for what a server makes of them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from musicctl import disk
from musicctl.redaction import hide

LARGEST = 1 << 20
"""Bytes of a password file that are looked at."""

LINE = re.compile(r"(?:(?:\\.|[^:\\])*:){4}((?:\\.|[^:\\])*)")
"""host:port:database:user:password, in which a backslash takes what follows it as it is."""


def hide_libpqs(keywords: Mapping[str, str], libpqs: Mapping[str, str] | None) -> None:
    """Hide what libpq may send for these keywords; `libpqs` is its environment, where that counts.

    Every line of the password file counts, since which one libpq takes is its own affair.
    """
    around = {} if libpqs is None else libpqs
    for found in (around.get("password"), keywords.get("sslpassword")):
        hide(found or "")
    path = keywords.get("passfile") or around.get("passfile") or ("" if libpqs is None else "~/.pgpass")
    for password in _passwords(path):
        hide(password)


def _passwords(path: str) -> Iterator[str]:
    content = b""
    with suppress(OSError, RuntimeError, ValueError):  # then libpq has nothing either
        content = disk.read(Path(path).expanduser(), LARGEST) if path else b""
    for line in content.decode(errors="replace").splitlines():
        if found := LINE.match(line):
            yield re.sub(r"\\(.)", r"\1", found[1])
