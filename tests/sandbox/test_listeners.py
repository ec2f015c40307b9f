"""The made-up listeners: repeatable, and with the shares that the rest of the sandbox relies on."""

import hashlib
from collections import Counter
from typing import Any

import pytest

from musicctl.sandbox.demo_listeners import CastMember, demo_cast
from musicctl.sandbox.listeners import ROLE, THRESHOLD, MadeUp, made_up

Listener = MadeUp | CastMember


def facts(listener: Listener) -> tuple[Any, ...]:
    """All that there is to know about a listener."""
    return (
        listener.user_id,
        listener.email,
        listener.display_name,
        listener.fav_genre,
        listener.songs,
        listener.artists,
        listener.playlists,
        listener.app_metadata,
        listener.user_metadata,
    )


def plays(listener: Listener) -> int | None:
    return sum(playlist.plays for playlist in listener.playlists) if listener.playlists else None


def roles(listener: Listener) -> list[str]:
    held: Any = (listener.app_metadata or {}).get("roles")
    return [held] if isinstance(held, str) else list(held or [])


def drift(count: int, seed: int) -> Counter[str]:
    """How many hold the role, and how many should not, or should and do not."""
    found: Counter[str] = Counter()
    for listener in made_up(count, seed):
        total, holds = plays(listener), ROLE in roles(listener)
        found["reach"] += total is not None and total >= THRESHOLD
        found["holders"] += holds
        found["lapsed"] += holds and total is not None and total < THRESHOLD
        found["lacking"] += not holds and total is not None and total >= THRESHOLD
        found["unknown"] += total is None
        found["unknown holders"] += holds and total is None
        found["others around"] += holds and len(roles(listener)) > 1
    return found


def test_the_same_seed_makes_the_same_listeners() -> None:
    once = [facts(listener) for listener in made_up(500, 7)]
    assert once == [facts(listener) for listener in made_up(500, 7)]
    assert once[:100] == [facts(listener) for listener in made_up(100, 7)]
    assert {each[0] for each in once}.isdisjoint(listener.user_id for listener in made_up(500, 8))


def test_they_are_the_same_on_every_machine_and_python() -> None:
    text = repr([facts(listener) for listener in made_up(300, 100)])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "647d8a8e975f5db3"


def test_ids_and_addresses_are_unique_and_of_every_kind() -> None:
    listeners = list(made_up(5000, 1))
    for values in (
        [listener.user_id for listener in listeners],
        [listener.email for listener in listeners],
        [song.id for listener in listeners for song in listener.songs],
        [artist.id for listener in listeners for artist in listener.artists],
        [playlist.id for listener in listeners for playlist in listener.playlists],
    ):
        assert len(set(values)) == len(values)
    providers = Counter(listener.user_id.split("|")[0] for listener in listeners)
    assert set(providers) == {"auth0", "google-oauth2", "apple", "spotify"}
    assert min(providers.values()) > 250


@pytest.mark.parametrize("seed", range(4))
def test_shares(seed: int) -> None:
    count = 10_000
    found = drift(count, seed)
    assert 0.055 < found["reach"] / count < 0.065
    assert 0.06 < found["lapsed"] / found["holders"] < 0.08
    assert 0.06 < found["lacking"] / found["holders"] < 0.08
    assert 0.02 < found["unknown"] / count < 0.04
    assert found["unknown holders"] <= 5
    assert 0.15 < found["others around"] / found["holders"] < 0.26


@pytest.mark.parametrize("count", [50, 100, 300, 1000, 2500])
def test_a_sync_of_any_crowd_stays_within_the_limit_on_removals(count: int) -> None:
    for seed in range(5):
        found = drift(count, seed)
        assert found["lapsed"] <= max(5, found["holders"] // 10), seed


def test_what_they_own() -> None:
    listeners = list(made_up(4000, 3))
    songs = sum(len(listener.songs) for listener in listeners) / len(listeners)
    artists = sum(len(listener.artists) for listener in listeners) / len(listeners)
    assert 1.8 < songs < 2.2
    assert 0.4 < artists < 0.8
    assert {len(listener.playlists) for listener in listeners} == {0, 1, 2, 3}
    assert all(listener.songs for listener in listeners if not listener.playlists)
    totals = sorted(total for listener in listeners if (total := plays(listener)) is not None)
    assert totals[0] == 0
    assert totals[len(totals) // 2] < 15
    assert totals[-1] > 5000
    assert all(playlist.plays >= 0 for listener in listeners for playlist in listener.playlists)


def test_roles_come_in_every_shape_and_names_in_many_scripts() -> None:
    listeners = list(made_up(6000, 2))
    shapes = Counter(repr((listener.app_metadata or {}).get("roles", "absent")) for listener in listeners)
    assert shapes.keys() >= {
        "None",
        "'absent'",
        "[]",
        "'beta tester'",
        "['moderator']",
        repr(ROLE),
        repr([ROLE]),
        repr(["beta tester", ROLE]),
        repr([ROLE, "moderator"]),
        repr(["beta tester", ROLE, "moderator"]),
    }
    assert sum(listener.app_metadata is None for listener in listeners) > 4000
    names = {listener.display_name for listener in listeners}
    assert None in names
    assert len({ord(name[0]) >> 7 for name in names if name}) > 8


def test_the_cast_has_every_corner_of_the_rule() -> None:
    cast = {each.user_id.removeprefix("auth0|demo-"): each for each in demo_cast()}
    standing = {name: (plays(each), (each.app_metadata or {}).get("roles")) for name, each in cast.items()}
    assert standing == {
        "ada": (100, None),
        "boris": (99, None),
        "carla": (62, ["beta tester", ROLE, "moderator"]),
        "dmitri": (240, [ROLE]),
        "esra": (None, [ROLE]),
        "frank": (128, "beta tester"),
        "hugo": (12, None),
        "sakura": (180, None),
    }
    ada = cast["ada"]
    assert all((ada.songs, ada.artists, ada.fav_genre, ada.user_metadata))
    assert cast["esra"].songs
    assert cast["sakura"].display_name == "さくら 🌸"
    assert {each.email for each in cast.values()}.isdisjoint(each.email for each in made_up(1000, 1))
