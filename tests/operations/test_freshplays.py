"""Plays are read in batches in the order of the plan, and again when they are too old to judge anyone by."""

from collections.abc import Mapping, Sequence

import pytest

from musicctl.operations.runs import fresh_plays
from musicctl.operations.runs.fresh_plays import AT_ONCE, Facts, FreshPlays


class Source:
    """Plays that grow with each reading."""

    def __init__(self) -> None:
        self.batches: list[Sequence[str]] = []

    def read(self, user_ids: Sequence[str]) -> Mapping[str, Facts]:
        self.batches.append(user_ids)
        return {user_id: (len(self.batches), None) for user_id in user_ids if user_id != "unknown"}


def test_one_reading_serves_those_who_come_next() -> None:
    user_ids = [f"auth0|{number}" for number in range(AT_ONCE + 10)]
    source = Source()
    fresh = FreshPlays(user_ids, source.read)
    assert {fresh.of(user_id) for user_id in user_ids[:AT_ONCE]} == {(1, None)}
    assert fresh.of(user_ids[AT_ONCE]) == (2, None)
    assert [len(batch) for batch in source.batches] == [AT_ONCE, 10]


def test_a_user_without_a_number_is_asked_for_once() -> None:
    source = Source()
    fresh = FreshPlays(["unknown", "auth0|a"], source.read)
    assert [fresh.of("unknown"), fresh.of("unknown"), fresh.of("auth0|a")] == [
        (None, None),
        (None, None),
        (1, None),
    ]
    assert len(source.batches) == 1


def test_old_plays_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_plays, "OLDEST", -1.0)
    fresh = FreshPlays(["auth0|a"], Source().read)
    assert [fresh.of("auth0|a"), fresh.of("auth0|a")] == [(1, None), (2, None)]
