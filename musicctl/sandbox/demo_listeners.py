"""The demo's cast: listeners of stable ids whose standing one can tell by heart."""

from dataclasses import dataclass

from musicctl.sandbox.listeners import ROLE, Named, Playlist


@dataclass(frozen=True, slots=True, kw_only=True)
class CastMember:
    """A listener who is written down rather than made up."""

    user_id: str
    email: str
    display_name: str | None = None
    fav_genre: str | None = None
    songs: tuple[Named, ...] = ()
    artists: tuple[Named, ...] = ()
    playlists: tuple[Playlist, ...] = ()
    app_metadata: dict[str, object] | None = None

    @property
    def user_metadata(self) -> dict[str, object] | None:
        """The display name alone, for those who chose one."""
        return None if self.display_name is None else {"displayName": self.display_name}


def demo_cast() -> tuple[CastMember, ...]:
    """Return the cast, on both sides of the bar and in the corners of the rule.

    Earned and lacking the role: ada (exactly 100 plays), frank (128, another role as a single string) and
    sakura (180). Below the bar: boris (99) and hugo (12). Lapsed: carla (62, other roles around ours). An
    editor who stays one: dmitri (240). A holder whose plays nobody knows: esra, who has no playlist.
    """
    return (*_earned(), *_below(), *_holders())


def _earned() -> tuple[CastMember, ...]:
    return (
        CastMember(
            user_id="auth0|demo-ada",
            email="ada@example.com",
            display_name="Ada",
            fav_genre="jazz",
            songs=_listed("demo-ada-song", "So What", "Take Five", "Blue in Green"),
            artists=_listed("demo-ada-artist", "Miles Davis", "Nina Simone"),
            playlists=(Playlist("demo-ada-1", "Late night", 60), Playlist("demo-ada-2", "Road trip", 40)),
        ),
        CastMember(
            user_id="auth0|demo-frank",
            email="frank@example.com",
            display_name="Frank",
            playlists=(Playlist("demo-frank-1", "Party", 128),),
            app_metadata={"roles": "beta tester"},
        ),
        CastMember(
            user_id="auth0|demo-sakura",
            email="sakura@example.com",
            display_name="さくら 🌸",
            fav_genre="j-pop",
            playlists=(Playlist("demo-sakura-1", "雨の日", 180),),
            app_metadata={"plan": "premium"},
        ),
    )


def _below() -> tuple[CastMember, ...]:
    return (
        CastMember(
            user_id="auth0|demo-boris",
            email="boris@example.com",
            display_name="Борис",
            fav_genre="techno",
            playlists=(Playlist("demo-boris-1", "Gym", 99),),
        ),
        CastMember(
            user_id="auth0|demo-hugo",
            email="hugo@example.com",
            playlists=(Playlist("demo-hugo-1", "Sunday", 12),),
        ),
    )


def _holders() -> tuple[CastMember, ...]:
    return (
        CastMember(
            user_id="auth0|demo-carla",
            email="carla@example.com",
            display_name="Carla",
            fav_genre="disco",
            playlists=(Playlist("demo-carla-1", "Throwback", 62),),
            app_metadata={"plan": "premium", "roles": ["beta tester", ROLE, "moderator"]},
        ),
        CastMember(
            user_id="auth0|demo-dmitri",
            email="dmitri@example.com",
            display_name="Dmitri",
            playlists=(Playlist("demo-dmitri-1", "Coding", 200), Playlist("demo-dmitri-2", "Sleep", 40)),
            app_metadata={"roles": [ROLE]},
        ),
        CastMember(
            user_id="auth0|demo-esra",
            email="esra@example.com",
            display_name="Esra",
            songs=_listed("demo-esra-song", "Üsküdar'a gider iken"),
            app_metadata={"roles": [ROLE]},
        ),
    )


def _listed(prefix: str, *names: str) -> tuple[Named, ...]:
    return tuple(Named(f"{prefix}-{at}", name) for at, name in enumerate(names, start=1))
