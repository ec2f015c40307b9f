"""The app's tables whose rows are listed, imported and exported by the same code: their names."""

from typing import NamedTuple


class Kind(NamedTuple):
    """One such table: what a row of it is called, and its columns, the id first."""

    table: str
    one: str
    columns: tuple[str, ...]

    @property
    def key(self) -> str:
        """The column with the id."""
        return self.columns[0]


SONGS = Kind("songs", "song", ("song_id", "songname", "user_id"))
ARTISTS = Kind("artists", "artist", ("artist_id", "artistname", "user_id"))
PLAYLISTS = Kind("playlists", "playlist", ("playlist_id", "user_id", "name", "total_plays"))
GENRES = Kind("user_data", "genre", ("user_id", "fav_genre"))
KINDS = {kind.table: kind for kind in (SONGS, ARTISTS, PLAYLISTS)}
"""Those that are imported and exported."""
