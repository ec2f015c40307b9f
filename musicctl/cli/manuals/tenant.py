"""Roles, the rule, the mirror, tokens, and the journal of what was done."""

from musicctl.cli.manuals.manual import DATABASE, LEASE, PROFILE, SEVERAL, TENANT, USER, Manual, manual
from musicctl.errors import Exit

MANUALS: dict[str, Manual] = {
    "roles list": manual(
        "musicctl roles list carla@example.com", "musicctl roles list 'auth0|demo-carla' --json", exits=USER
    ),
    "roles plan": manual(
        "musicctl roles plan",
        "musicctl roles plan --check --quiet -o ids",
        exits=TENANT | {Exit.REFUSED, Exit.CHANGES},
    ),
    "roles sync": manual(
        "musicctl roles sync --dry-run",
        "musicctl roles sync -P prod --quiet --wait 10m",
        exits=LEASE | {Exit.CHANGES},
    ),
    "roles holders": manual("musicctl roles holders", "musicctl roles holders -o csv", exits=TENANT),
    "roles explain": manual(
        "musicctl roles explain boris@example.com",
        "musicctl roles explain 'auth0|demo-esra' --json",
        exits=USER,
    ),
    "roles grant": manual(
        "musicctl roles grant hugo@example.com --dry-run",
        "musicctl roles grant 'auth0|demo-hugo' 'auth0|demo-boris'",
        exits=LEASE | SEVERAL,
    ),
    "roles revoke": manual(
        "musicctl roles revoke carla@example.com --dry-run",
        "musicctl roles revoke 'auth0|demo-hugo'",
        exits=LEASE | SEVERAL,
    ),
    "roles pin": manual(
        "musicctl roles pin hugo@example.com --state granted --reason 'on staff'",
        "musicctl roles pin 'auth0|demo-ada' --state revoked --reason fraud -q",
        exits=USER,
    ),
    "roles unpin": manual(
        "musicctl roles unpin hugo@example.com", "musicctl roles unpin 'auth0|demo-ada' --json", exits=USER
    ),
    "roles pins": manual("musicctl roles pins", "musicctl roles pins --all -o csv", exits=DATABASE),
    "roles hold": manual(
        "musicctl roles hold --reason 'moving to another tenant'",
        "musicctl roles hold --reason incident --until 2030-01-01T08:00+01:00",
        exits=DATABASE,
    ),
    "roles release": manual("musicctl roles release", "musicctl roles release --json", exits=DATABASE),
    "promote": manual(
        "musicctl promote ada@example.com --dry-run",
        "musicctl playlists near --within 3 -o ids | musicctl promote -",
        exits=LEASE | SEVERAL,
    ),
    "history list": manual(
        "musicctl history list",
        "musicctl history list --command sync --user ada@example.com --limit 5",
        exits=USER,
    ),
    "history show": manual(
        "musicctl history show last", "musicctl history show last -o csv", exits=DATABASE | {Exit.NOT_FOUND}
    ),
    "history recover": manual(
        "musicctl history recover",
        "musicctl history recover --quiet --json",
        exits=TENANT | {Exit.PARTIAL},
    ),
    "undo": manual(
        "musicctl undo last --dry-run",
        "musicctl undo last --yes --pin 2030-01-01",
        exits=LEASE | {Exit.NOT_FOUND},
    ),
    "mirror status": manual("musicctl mirror status", "musicctl mirror status --json", exits=DATABASE),
    "mirror refresh": manual("musicctl mirror refresh", "musicctl mirror refresh --quiet", exits=TENANT),
    "token verify": manual(
        "musicctl token verify @ada.jwt",
        "musicctl token verify - --json < ada.jwt",
        exits=TENANT | {Exit.REFUSED, Exit.NOT_FOUND},
    ),
    "token decode": manual(
        "musicctl token decode @ada.jwt",
        "musicctl token decode - --json < ada.jwt",
        exits=frozenset({Exit.REFUSED}),
    ),
    "token issue": manual(
        "musicctl token issue ada@example.com > ada.jwt",
        "musicctl token issue 'auth0|demo-ada' --ttl 15m --quiet",
        exits=USER | PROFILE,
    ),
    "actions plan": manual(
        "musicctl actions plan",
        "musicctl actions plan --check --quiet --json",
        exits=TENANT | {Exit.REFUSED, Exit.CHANGES},
    ),
    "actions deploy": manual(
        "musicctl actions deploy --dry-run",
        "musicctl actions deploy --yes --quiet",
        exits=LEASE | {Exit.NOT_FOUND},
    ),
}
