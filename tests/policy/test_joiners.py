"""A joiner stays where it changes what is seen, and nowhere else: two names that look the same are one."""

import pytest

from musicctl.errors import UsageError
from musicctl.policy.names import display_name
from musicctl.render.text import safe


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",  # Persian
        "क्\u200dष",  # Devanagari, a half letter
        "क्\u200cष",
        "শ\u200d্য",  # Bengali, before the virama
        "ශ්\u200dරී",  # Sinhala
        "അവന്\u200d",  # Malayalam, at the end
        "👨\u200d👩\u200d👧",
        "👩🏽\u200d💻",
        "🏳️\u200d🌈",
        "❤️\u200d🔥",
        "🏃🏽\u200d♀️\u200d➡️",
    ],
)
def test_where_a_joiner_is_needed(text: str) -> None:
    assert safe(text) == text
    assert display_name(text) == text


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize("text", ["ad{}min", "名{}前", "1{}2", "a{}क", "😀{}😀", "a{}👩", "{}ab", "ab{}", "د{}ا", "می{0}{0}خ", "क{}ष", "👩{}a"])  # fmt: skip  # noqa: E501
def test_where_it_only_tells_two_names_apart_unseen(text: str, joiner: str) -> None:
    named = text.format(joiner)
    assert joiner not in safe(named)
    assert f"\\u{ord(joiner):04x}" in safe(named)
    with pytest.raises(UsageError, match=f"U\\+{ord(joiner):04X}"):
        display_name(named)
