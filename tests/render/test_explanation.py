"""An explanation for people: safe whatever others wrote, whole but for many playlists; and as a document."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from musicctl.policy.explanation import Change, Decision, Explanation, Playlist, Seen
from musicctl.policy.rule import Rule
from musicctl.render.explanation import explanation_document, explanation_text
from tests.render.hostile import any_text, forbidden, unhurried

THEN = datetime(2026, 11, 23, 4, tzinfo=UTC)
KNOWN = Explanation(
    user_id="auth0|a",
    email=None,
    display_name=None,
    rule=Rule("playlist editor", 100),
    plays=1200,
    playlists=tuple(Playlist(number, f"List {number}", 60) for number in range(20)),
    tenant=Seen(("playlist editor",), None),
    mirror=None,
    mirror_as_of=THEN,
    renewed=False,
    last_change=Change("20261123-040000-abcd", "roles sync", "cron@host", "grant", "applied", THEN),
)


@unhurried
@given(any_text)
def test_what_others_wrote_is_shown_safely(text: str) -> None:
    hostile = replace(
        KNOWN,
        email=text,
        display_name=text,
        playlists=(Playlist(text, text, 1),),
        tenant=Seen((text,), None),
        pin=Decision("granted", None, text, text),
        hold=Decision("held", None, text, text),
    )
    for terminal in (None, 80):
        for line in explanation_text(hostile, terminal=terminal).splitlines():
            assert forbidden(line) == []


def test_many_playlists_are_whole_on_a_pipe_and_few_on_a_terminal() -> None:
    assert "List 19" in explanation_text(KNOWN, terminal=None)
    shown = explanation_text(KNOWN, terminal=80)
    assert "List 14" in shown
    assert "List 15" not in shown
    assert "… and 5 more; `musicctl playlists list` shows all\n" in shown


def test_what_is_known_is_said() -> None:
    shown = explanation_text(KNOWN, terminal=80)
    assert "plays         1,200, 1,100 above the bar of 100\n" in shown
    assert "mirror        no such user (as of 2026-11-23 04:00:00 UTC)\n" in shown
    assert "last change   grant applied 2026-11-23 04:00:00 UTC by roles sync of cron@host," in shown
    assert max(map(len, shown.splitlines())) <= 80
    below = explanation_text(replace(KNOWN, plays=99, mirror_as_of=None), terminal=80)
    assert "99, 1 below the bar of 100\n" in below
    assert "mirror        never filled\n" in below
    assert "plays         unknown\n" in explanation_text(replace(KNOWN, plays=None), terminal=80)


@pytest.mark.parametrize("field", ["pin", "hold", "last_change", "playlists"])
def test_every_key_is_there_when_there_is_nothing_to_say(field: str) -> None:
    bare = explanation_document(replace(KNOWN, **{field: None}))  # type: ignore[arg-type]
    assert bare[field] is None
    assert list(bare) == list(explanation_document(KNOWN))
