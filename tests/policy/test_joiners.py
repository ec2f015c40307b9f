"""A joiner stays where it changes what is seen, and nowhere else: two names that look the same are one."""

import pytest

from musicctl.errors import UsageError
from musicctl.policy.display_name import display_name
from musicctl.render.text import safe


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",  # Persian
        "کار\u200cها",  # and after a letter that joins nothing, as it is typed
        "علی\u200cرضا",
        "مَه\u200cدُخت",
        "ه\u200d.ش",
        "𞤀𞤣\u200c𞤤𞤢𞤥",  # Adlam
        "क्\u200dष",  # Devanagari, a half letter
        "क्\u200cष",
        "শ\u200d্য",  # Bengali, before the virama
        "র\u200d্যাচেল",
        "ड़्\u200dया",  # with a dot between the letter and its virama
        "ರಾಜ್\u200cಕುಮಾರ್",  # Kannada
        "ශ්\u200dරී",  # Sinhala
        "අමරසිංහ ප්\u200dරියන්ත",
        "അനില്\u200d കുമാര്\u200d",  # Malayalam, at the end of each word
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


TOLD_APART = [
    *("ad{}min", "ад{}мин", "Νί{}κη", "名{}前", "1{}2", "{}ab", "ab{}", "a{} b", "a {}b"),
    *("a{}क", "क{}ष", "क{}a", "a\u094d{}b", "名\u094d{}前", "名{}\u094d", "क\u094d\u094d{}ष", "क्{0}{0}ष"),
    *(
        "می{0}{0}خ",
        "{}علی",
        "علی{}",
        "علی{} رضا",
        "علی {}رضا",
        "علی{}a",
        "a{}علی",
        "علی{}۲",
        "علی{}ᠠ",
        "د{}",
        "د{}a",
    ),
    *("😀{}😀", "a{}👩", "👩{}a", "👩{0}{0}👧", "👩{}", "กฺ{}ก"),
]


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize("text", TOLD_APART)
def test_where_it_only_tells_two_names_apart_unseen(text: str, joiner: str) -> None:
    named = text.format(joiner)
    assert joiner not in safe(named)
    assert f"\\u{ord(joiner):04x}" in safe(named)
    with pytest.raises(UsageError, match=f"U\\+{ord(joiner):04X}"):
        display_name(named)


@pytest.mark.parametrize(
    "text", ["د\u200dا", "کار\u200dها", "क्\u200c名", "क्\u200c", "बस्\u200c स", "👩\u200c👧"]
)
def test_where_the_other_joiner_has_its_place(text: str) -> None:
    assert text not in safe(text)
    with pytest.raises(UsageError, match=r"U\+200"):
        display_name(text)
