"""Reasons: one line of text that says something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import UsageError
from musicctl.policy.reasons import LONGEST, reason


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=LONGEST))
def test_text_is_taken_as_it_is_but_for_blanks_around_it(text: str) -> None:
    if text.strip():
        assert reason(f"  {text} ") == text.strip()


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "a\nb", "a\x1b[2Jb", "a\x9bb", "a\u2028b", "a\ud800", "x" * 1001]
)
def test_what_is_no_reason(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        reason(text)
    assert "\x1b" not in caught.value.what
