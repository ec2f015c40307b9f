"""One text as Unicode may spell it: `ë` is one code point, or two, and looks the same."""

import unicodedata


def spellings(text: str) -> list[str]:
    """Return a text as it was typed, composed and decomposed, each once."""
    return list(dict.fromkeys([text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)]))
