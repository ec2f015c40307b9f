"""Files of exports that end too early."""

import zlib
from collections.abc import Iterator

from musicctl.sandbox.local_tenant.exports import GZIP
from musicctl.sandbox.local_tenant.faults import TRUNCATE_EXPORT, Struck


def cut_short(chunks: Iterator[bytes], struck: Struck) -> Iterator[bytes]:
    """Yield a gzipped file in parts, none of them empty: whole unless a fault says how to truncate it.

    `gzip` cuts the gzip in its middle; `half-line` cuts the last line in its middle and leaves a whole gzip.
    """
    how = struck.get(TRUNCATE_EXPORT)
    if how is None:
        return chunks
    return _with_half_a_line(chunks) if how == "half-line" else _half(chunks)


def _half(chunks: Iterator[bytes]) -> Iterator[bytes]:
    whole = b"".join(chunks)
    yield whole[: len(whole) // 2]


def _with_half_a_line(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unpacker, packer = zlib.decompressobj(GZIP), zlib.compressobj(level=1, wbits=GZIP)
    line = b""
    for chunk in chunks:
        text = line + unpacker.decompress(chunk)
        begins = text.rfind(b"\n", 0, -1) + 1
        line = text[begins:]
        if packed := packer.compress(text[:begins]):
            yield packed
    yield packer.compress(line[: len(line) // 2]) + packer.flush()
