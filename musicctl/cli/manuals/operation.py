"""Questions over all stores, setting up, the sandbox, and the manual itself."""

from musicctl.cli.manuals.manual import DATABASE, PROFILE, Manual, manual
from musicctl.errors import Exit

SANDBOX = frozenset({Exit.UNAVAILABLE})
"""Of those that need the sandbox, or start it."""

MANUALS: dict[str, Manual] = {
    "query": manual(
        "musicctl query 'SELECT fav_genre, count(*) FROM user_data GROUP BY 1'",
        "musicctl query 'SELECT email, plays FROM musicctl.listeners LIMIT 5' -o csv",
        exits=DATABASE | {Exit.REFUSED},
    ),
    "stats": manual("musicctl stats", "musicctl stats --json", exits=DATABASE),
    "db init": manual("musicctl db init", "musicctl db init --print > schema.sql", exits=DATABASE),
    "db status": manual("musicctl db status", "musicctl db status --json", exits=DATABASE),
    "config show": manual("musicctl config show", "musicctl config show -P prod --json", exits=PROFILE),
    "config path": manual(
        "musicctl config path", 'chmod 600 "$(musicctl config path)"', exits=frozenset({Exit.CONFIG})
    ),
    "sandbox up": manual("musicctl sandbox up", "musicctl sandbox up --plan enterprise", exits=SANDBOX),
    "sandbox down": manual("musicctl sandbox down", "musicctl sandbox down --remove --yes", exits=SANDBOX),
    "sandbox status": manual("musicctl sandbox status", "musicctl sandbox status --json"),
    "sandbox reset": manual(
        "musicctl sandbox reset --yes", "musicctl sandbox reset --yes --quiet", exits=SANDBOX
    ),
    "sandbox load": manual(
        "musicctl sandbox load playlists.csv",
        "musicctl sandbox load --users 1000 --seed 7",
        exits=SANDBOX,
    ),
    "sandbox faults show": manual(
        "musicctl sandbox faults show", "musicctl sandbox faults show -o csv", exits=SANDBOX
    ),
    "sandbox faults set": manual(
        "musicctl sandbox faults set latency=0.5 --endpoint 'GET /users'",
        "musicctl sandbox faults set status=503 --rate 0.1 --count 5 --seed 7",
        exits=SANDBOX,
    ),
    "sandbox faults clear": manual(
        "musicctl sandbox faults clear", "musicctl sandbox faults clear --json", exits=SANDBOX
    ),
    "demo": manual("musicctl demo", "musicctl demo > demo.txt", exits=SANDBOX | {Exit.REFUSED}),
    "help": manual("musicctl help exit-codes", "musicctl help songs list"),
    "completion": manual(
        "source <(musicctl completion bash)",
        "musicctl completion fish > musicctl.fish",
    ),
}
