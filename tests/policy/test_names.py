"""Display names: what is allowed, and a refusal that shows the code points."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import UsageError
from musicctl.policy.display_name import LONGEST, REFUSED, display_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ringo ⭐", "Ringo ⭐"),
        ("  Ringo  ", "Ringo"),
        ("Zoe\u0308", "Zoë"),
        ("\u200bx"[1:], "x"),
        ("❤️ Ana", "❤️ Ana"),
        ("👩‍🚀", "👩‍🚀"),
        ("می‌خواهم", "می‌خواهم"),
        ("1️⃣", "1️⃣"),
        ("x" * 64, "x" * 64),
        ("AC/DC [/]live", "AC/DC [/]live"),
        ("葛\U000e0100城", "葛\U000e0100城"),
    ],
)
def test_allowed(text: str, name: str) -> None:
    assert display_name(text) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "U+001B"),
        ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
        ("a\u2028b", "U+2028 LINE SEPARATOR"),
        ("a\ue000b", "U+E000"),
        ("a\U000e0041b", "U+E0041 TAG LATIN CAPITAL LETTER A"),
        ("\u200dab", "U+200D ZERO WIDTH JOINER"),
        ("ab\u200d", "U+200D ZERO WIDTH JOINER"),
        ("a\ufe0fb", "U+FE0F VARIATION SELECTOR-16"),
        ("a\nb", "U+000A"),
        ("\u3164", "U+3164 HANGUL FILLER"),
        ("a\u2800b", "U+2800 BRAILLE PATTERN BLANK"),
        ("a\u034fb", "U+034F COMBINING GRAPHEME JOINER"),
        ("a\ufe00b", "U+FE00 VARIATION SELECTOR-1"),
        ("\U000e0100a", "U+E0100 VARIATION SELECTOR-17"),
        ("\u3164\u200da", "U+200D ZERO WIDTH JOINER"),
        ("a\ud800b", "U+D800"),
        ("", "empty"),
        (" \t ", "empty"),
        ("x" * 65, "65"),
    ],
)
def test_refused_with_the_code_points(text: str, shown: str) -> None:
    with pytest.raises(UsageError, match=r"display name") as caught:
        display_name(text)
    assert shown in str(caught.value)
    assert all(unicodedata.category(character) not in REFUSED for character in str(caught.value))


@given(st.text())
def test_what_is_allowed_is_stable_and_short(text: str) -> None:
    try:
        name = display_name(text)
    except UsageError:
        return
    assert 1 <= len(name) <= LONGEST
    assert display_name(name) == name
