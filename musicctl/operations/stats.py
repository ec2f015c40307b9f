"""Gathers the numbers of the pictures that `stats` shows."""

from collections.abc import Callable
from dataclasses import asdict

from musicctl.operations.question import Question
from musicctl.policy import stats as pictures
from musicctl.policy.stats import Genre, Stats
from musicctl.store import stats
from musicctl.store.database import Database

WITHIN = 10
"""Plays from the bar at which somebody is about to cross it."""

GENRE_COLUMNS = ("fav_genre", "users")


NO_SONGS = "no songs are counted: there is no table songs with the column user_id"
NO_GENRES = "no genres are counted: there is no table user_data with the columns user_id and fav_genre"


def gather(
    database: Database, question: Question, say: Callable[[str], None]
) -> tuple[Stats, dict[str, object]]:
    """Return the numbers, and the document of them; who holds the role is as the mirror has it.

    `say` is told what the app lacks for them.
    """
    threshold = question.rule.threshold
    bins = pictures.doubling(threshold)
    fine, songs = pictures.with_near(bins, threshold, WITHIN), pictures.doubling(1)
    found = stats.count(
        database, question.plays_query, role=question.rule.role, plays_edges=fine, songs_edges=songs
    )
    for note, counted in ((NO_SONGS, found.songs), (NO_GENRES, found.genres)):
        if counted is None:
            say(note)
    genres = found.genres or []
    gathered = Stats(
        role=question.rule.role,
        threshold=threshold,
        within=WITHIN,
        plays=pictures.binned(found.plays, fine, bins),
        below=pictures.between(found.plays, fine, threshold - WITHIN, threshold),
        above=pictures.between(found.plays, fine, threshold, threshold + WITHIN),
        editors=found.holders,
        periods=pictures.periods(found.days, found.today, found.holders),
        genres=tuple(Genre(name, users, editors) for name, users, editors, _, _ in genres),
        users_with_genre=genres[0][3] if genres else 0,
        editors_with_genre=genres[0][4] if genres else 0,
        songs=pictures.binned(found.songs or {}, songs, songs),
    )
    return gathered, {"tenant_as_of": found.as_of, **asdict(gathered)}


def top_genres(database: Database, limit: int) -> list[tuple[str, int]]:
    """Return rows of GENRE_COLUMNS, the genre that most listeners favour first."""
    return stats.top_genres(database, limit)
