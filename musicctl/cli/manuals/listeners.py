"""Songs, artists, playlists, genres, profiles and users."""

from musicctl.cli.manuals.manual import DATABASE, LEASE, SEVERAL, USER, Manual, manual
from musicctl.errors import Exit

# A token in place of USER may be refused.
USER_OR_TOKEN = USER | {Exit.REFUSED}


def _saved(table: str, one: str, name: str, other: str, part: str) -> dict[str, Manual]:
    """Return the manuals of what `songs` and `artists` share."""
    key = f"demo-ada-{one}-1"
    return {
        f"{table} list": manual(
            f"musicctl {table} list ada@example.com",
            f"musicctl {table} list 'auth0|demo-ada' --sort id -o csv",
            exits=USER_OR_TOKEN,
        ),
        f"{table} add": manual(
            f"musicctl {table} add ada@example.com '{name}' '{other}'",
            f"musicctl {table} add 'auth0|demo-ada' '{name}' --id {one}-17",
            exits=USER,
        ),
        f"{table} remove": manual(
            f"musicctl {table} remove ada@example.com {key} --dry-run",
            f"musicctl {table} remove 'auth0|demo-ada' {key} --yes",
            exits=SEVERAL,
        ),
        f"{table} search": manual(
            f"musicctl {table} search '{part}'",
            f"musicctl {table} search '{part}' --limit 1000 -o csv",
            exits=DATABASE,
        ),
        f"{table} import": manual(
            f"musicctl {table} import {table}.csv --dry-run",
            f"musicctl {table} import {table}.csv --skip-bad --yes",
            exits=DATABASE | {Exit.PARTIAL},
        ),
        f"{table} export": manual(
            f"musicctl {table} export > {table}.csv",
            f"musicctl {table} export ada@example.com --to ada.jsonl.gz",
            exits=USER,
        ),
        f"{table} move": manual(
            f"musicctl {table} move ada@example.com hugo@example.com --dry-run",
            f"musicctl {table} move ada@example.com hugo@example.com --yes",
            exits=SEVERAL,
        ),
    }


MANUALS: dict[str, Manual] = {
    **_saved("songs", "song", "Yellow Submarine", "Hey Jude", "five"),
    **_saved("artists", "artist", "Alice Coltrane", "Sun Ra", "davis"),
    "playlists list": manual(
        "musicctl playlists list boris@example.com",
        "musicctl playlists list 'auth0|demo-boris' --json",
        exits=USER_OR_TOKEN,
    ),
    "playlists top": manual(
        "musicctl playlists top", "musicctl playlists top --limit 100 -o csv", exits=DATABASE
    ),
    "playlists near": manual(
        "musicctl playlists near", "musicctl playlists near --within 3 -o ids", exits=DATABASE
    ),
    "playlists set-plays": manual(
        "musicctl playlists set-plays demo-boris-1 100 --reason 'counted by hand'",
        "musicctl playlists set-plays demo-boris-1 99 --json",
        exits=DATABASE | {Exit.NOT_FOUND},
    ),
    "playlists import": manual(
        "musicctl playlists import playlists.csv --dry-run",
        "musicctl playlists import playlists.csv --yes",
        exits=DATABASE | {Exit.PARTIAL},
    ),
    "genres show": manual(
        "musicctl genres show ada@example.com",
        "musicctl genres show 'auth0|demo-ada' --json",
        exits=USER_OR_TOKEN,
    ),
    "genres top": manual("musicctl genres top", "musicctl genres top --limit 5 -o csv", exits=DATABASE),
    "genres set": manual(
        "musicctl genres set ada@example.com shoegaze",
        "musicctl genres set 'auth0|demo-ada' 'bossa nova' --quiet",
        exits=USER,
    ),
    "profile show": manual(
        "musicctl profile show ada@example.com",
        "musicctl profile show 'auth0|demo-ada' --json",
        exits=USER_OR_TOKEN,
    ),
    "profile set-name": manual(
        "musicctl profile set-name ada@example.com 'Ada ⭐'",
        "musicctl profile set-name 'auth0|demo-hugo' Hugo --quiet",
        exits=USER_OR_TOKEN | {Exit.PARTIAL},
    ),
    "profile set-names": manual(
        "musicctl profile set-names names.csv --dry-run",
        "musicctl profile set-names names.csv --yes --wait 10m",
        exits=LEASE | {Exit.NOT_FOUND},
    ),
    "profile fill-names": manual(
        "musicctl profile fill-names --dry-run",
        "musicctl profile fill-names --limit 5000 --yes",
        exits=LEASE,
    ),
    "users show": manual(
        "musicctl users show ada@example.com",
        "musicctl users show 'auth0|demo-ada' --json",
        exits=USER,
    ),
    "users list": manual(
        "musicctl users list --role 'playlist editor' --max-plays 99",
        "musicctl users list --sort plays --limit 10 -o csv",
        exits=DATABASE,
    ),
    "users erase": manual(
        "musicctl users erase esra@example.com --dry-run",
        "musicctl users erase 'auth0|demo-esra' --yes",
        exits=USER | {Exit.REFUSED},
    ),
}
