"""Data into the sandbox: a file of playlists, made-up listeners, or the demo's cast; both stores at once."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from musicctl.sandbox import playlist_file
from musicctl.sandbox.demo_listeners import CastMember, demo_cast
from musicctl.sandbox.listeners import MadeUp, made_up
from musicctl.sandbox.local_tenant.records import NewUser, StoredUser
from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage, milliseconds
from musicctl.secret import Secret
from musicctl.settings.sandbox_state import SandboxState
from musicctl.store import bulk, journal, mirror
from musicctl.store.database import Database

PLAYLISTS = ("playlist_id", "user_id", "name", "total_plays")
SONGS = ("song_id", "songname", "user_id")
ARTISTS = ("artist_id", "artistname", "user_id")
GENRES = ("user_id", "fav_genre")

Listener: TypeAlias = MadeUp | CastMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many rows were new or changed, and how many users of the tenant are new."""

    users: int
    playlists: int
    songs: int = 0
    artists: int = 0
    genres: int = 0


def load_file(folder: Path, state: SandboxState, path: Path, say: Callable[[str], None]) -> Loaded:
    """Load playlists from a CSV file, and make a user of the tenant for each owner who is missing.

    Playlists are new or changed by their id. Users who are there stay as they are. The mirror counts as
    never filled afterwards. Raises MusicctlError that lists the bad lines, with nothing written.
    """
    say(f"{path} has {playlist_file.check(path):,} playlists")
    with _opened(folder, state) as (database, tenant):
        written = bulk.upsert(database, "playlists", PLAYLISTS, "playlist_id", playlist_file.rows(path))
        owners = (NewUser(row.user_id, address(row.user_id)) for row in playlist_file.rows(path))
        return Loaded(users=tenant.add_missing_users(owners), playlists=written)


def load_made_up(
    folder: Path, state: SandboxState, *, users: int, seed: int, say: Callable[[str], None]
) -> Loaded:
    """Load `users` made-up listeners into both stores; users of the tenant who are there stay as they are."""
    say(f"making up {users:,} listeners")
    with _opened(folder, state) as (database, tenant):
        new = (
            NewUser(each.user_id, each.email, _json(each.app_metadata), _json(each.user_metadata))
            for each in made_up(users, seed)
        )
        added = tenant.add_missing_users(new)
        return _with_app_rows(database, lambda: made_up(users, seed), added)


def load_cast(folder: Path, state: SandboxState) -> Loaded:
    """Write the demo's cast into both stores, as it is written down, over what became of it since.

    The journal forgets it: the guards would add up what one demo after the other takes away.
    """
    with _opened(folder, state) as (database, tenant):
        journal.forget(database, [each.user_id for each in demo_cast()])
        for each in demo_cast():
            tenant.put_user(_stored(each))
        return _with_app_rows(database, demo_cast, len(demo_cast()))


def address(user_id: str) -> str:
    """Return the email address that a user made for a file's owner gets."""
    return f"{hashlib.sha256(user_id.encode()).hexdigest()[:12]}@example.com"


@contextmanager
def _opened(folder: Path, state: SandboxState) -> Iterator[tuple[Database, Storage]]:
    """Open both stores; when the block has written to them, the mirror counts as never filled."""
    with (
        closing(Database(Secret(state.database_url))) as database,
        Storage.open(folder / STATE_FILE) as tenant,
    ):
        yield database, tenant
        mirror.forget(database)


def _with_app_rows(database: Database, listeners: Callable[[], Iterable[Listener]], users: int) -> Loaded:
    """Write the app's tables one after the other, making the listeners anew for each: none is kept."""
    playlists = ((row.id, one.user_id, row.name, row.plays) for one in listeners() for row in one.playlists)
    songs = ((row.id, row.name, one.user_id) for one in listeners() for row in one.songs)
    artists = ((row.id, row.name, one.user_id) for one in listeners() for row in one.artists)
    genres = ((one.user_id, one.fav_genre) for one in listeners() if one.fav_genre)
    return Loaded(
        users=users,
        playlists=bulk.upsert(database, "playlists", PLAYLISTS, "playlist_id", playlists),
        songs=bulk.upsert(database, "songs", SONGS, "song_id", songs),
        artists=bulk.upsert(database, "artists", ARTISTS, "artist_id", artists),
        genres=bulk.upsert(database, "user_data", GENRES, "user_id", genres),
    )


def _stored(listener: Listener) -> StoredUser:
    now = milliseconds()
    metadata = (_json(listener.app_metadata), _json(listener.user_metadata))
    return StoredUser(listener.user_id, listener.email, now, now, *metadata)


def _json(metadata: Mapping[str, object] | None) -> str | None:
    return None if metadata is None else msgspec.json.encode(metadata).decode()
