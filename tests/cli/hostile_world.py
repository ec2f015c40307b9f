"""A sandbox in which every text that others can write is hostile, and what the listings show of it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from musicctl.policy.actions import NAMES
from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.program import Sandbox
from tests.render.hostile import hostile
from tests.stories.actions_world import bind, stored

TEXTS = hostile()
ADA, BORIS = "auth0|ada", "auth0|boris"
EDITOR, DJ = "playlist editor", "dj"
RUN = "20260101-000000-abcd"
NEEDLE = " needle"
ALL = "--limit=5000"


def numbered(prefix: str, suffix: str = "") -> list[str]:
    """Return the texts with a number in front: different, and in the same order everywhere."""
    return [f"{prefix}{at:03}{text}{suffix}" for at, text in enumerate(TEXTS)]


IDS, USERS, ODD = numbered(""), numbered("auth0|"), numbered("odd|")
WITH_X = [at for at, text in enumerate(TEXTS) if "x" in text.lower()]
GIVEN = """WITH given AS (
    SELECT lpad((at - 1)::text, 3, '0') || text AS id, text, at::integer - 1 AS at
    FROM unnest(%(texts)s) WITH ORDINALITY AS each (text, at)) """
RUNS = (
    "INSERT INTO musicctl.runs"
    " (run, command, actor, present, profile, role, plan, outcome, started_at, finished_at)"
)
STATEMENTS = (
    "INSERT INTO songs SELECT id, text, %(ada)s FROM given",
    "INSERT INTO artists SELECT id, text || %(needle)s, %(ada)s FROM given",
    "INSERT INTO playlists SELECT id, %(ada)s, text, NULL FROM given",
    "INSERT INTO playlists SELECT 'of ' || at, 'auth0|' || id, text,"
    " CASE at %% 2 WHEN 0 THEN 1000 ELSE 5 END FROM given",
    "INSERT INTO user_data SELECT 'auth0|' || id, text FROM given",
    "INSERT INTO musicctl.tenant_users SELECT 'auth0|' || id, text || '@example.com', text,"
    " CASE at %% 2 WHEN 0 THEN ARRAY[%(dj)s, text] ELSE ARRAY[%(dj)s, text, %(editor)s] END FROM given",
    "INSERT INTO musicctl.tenant_users SELECT 'odd|' || id, NULL, NULL, NULL, text FROM given",
    "INSERT INTO musicctl.mirror VALUES (1, %(domain)s, clock_timestamp(), 1000)",
    "INSERT INTO musicctl.pins SELECT %(dj)s, 'auth0|' || id, 'granted', NULL, text, text FROM given",
    f"{RUNS} SELECT id, text, text, true, text, text, text, text, '2026-01-01', '2026-01-02' FROM given",
    f"{RUNS} VALUES (%(run)s, 'roles sync', 'x', true, 'x', %(editor)s, 'x', 'ok', '2026-01-01',"
    " '2026-01-02')",
    "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, plays, state, before, after, detail,"
    " sent_at, ended_at) SELECT %(run)s, at, 'auth0|' || id, 'roles', 'grant', 100, 'applied',"
    " jsonb_build_array(text), jsonb_build_array(text, %(editor)s), text, '2026-01-01', '2026-01-01'"
    " FROM given",
)


def fill(sandbox: Sandbox) -> None:
    """Put the texts wherever one can be kept, in as many rows as there are texts."""
    values = {
        "texts": list(TEXTS),
        "ada": ADA,
        "needle": NEEDLE,
        "dj": DJ,
        "editor": EDITOR,
        "run": RUN,
        "domain": sandbox.state.auth0_domain,
    }
    with closing(psycopg2.connect(sandbox.state.database_url)) as connection, connection:
        for statement in STATEMENTS:
            connection.cursor().execute(GIVEN + statement, values)
    everything = "".join(TEXTS[:40]) + "\0"
    sandbox.add_user(ADA, app_metadata={"roles": TEXTS}, user_metadata={"displayName": TEXTS[11]})
    sandbox.add_user(BORIS, app_metadata={"roles": everything}, user_metadata={"displayName": everything})


def fill_actions(sandbox: Sandbox) -> None:
    """Bind Actions to every login: one that is called as one of ours, and others with such names."""
    sandbox.tenant.change_settings(TenantSettings(build_time=0))
    names = [stored(sandbox, f"{at:03}{text}") for at, text in enumerate(TEXTS[:50])]
    bind(sandbox, stored(sandbox, NAMES[0], "\n".join(TEXTS)), *names)


def fill_faults(sandbox: Sandbox) -> None:
    """Switch faults on, at endpoints that there are none of, that only the command reads."""
    with sandbox.tenant.writing():
        for at, text in enumerate(TEXTS):
            sandbox.tenant.write(
                "INSERT INTO faults VALUES ('latency', ?, ?, 1, NULL, 1, 0, 0)", text, f"GET /{at:03}{text}"
            )


@dataclass(frozen=True)
class Listing:
    """A command that lists: how many rows a terminal is shown, and which values machines are given.

    `within` is the key of a JSON document under which the rows are.
    """

    words: Sequence[str]
    values: Mapping[str, Sequence[object]]
    rows: int = len(TEXTS)
    within: str | None = None
    formats: Sequence[str] = ("json", "jsonl", "csv", "tsv")

    @property
    def is_export(self) -> bool:
        """Whether it is no table on a terminal either."""
        return "export" in self.words


def saved(table: str, name: str, names: Sequence[str], formats: Sequence[str]) -> list[Listing]:
    """Return the listings of `songs` or `artists`, which share their code, and the formats between them."""
    key, ids = f"{table.removesuffix('s')}_id", IDS[:50]
    part, found = ("x", WITH_X) if table == "songs" else (NEEDLE, list(range(len(TEXTS))))
    owned = {key: IDS, name: names, "user_id": [ADA] * len(IDS)}
    some = {key: ids, name: names[: len(ids)]}
    searched = {key: [IDS[at] for at in found], name: [names[at] for at in found]}
    return [
        Listing([table, "list", ADA], owned, formats=formats),
        Listing([table, "search", part, ALL], searched, len(found), formats=formats),
        Listing([table, "export", ADA], owned, formats=[each for each in formats if each != "json"]),
        Listing([table, "remove", ADA, "--dry-run", "--", *ids], some, len(ids), formats=formats),
        Listing([table, "move", ADA, BORIS, "--dry-run"], owned, formats=formats),
    ]


LISTINGS = (
    *saved("songs", "songname", TEXTS, ["json", "csv"]),
    *saved("artists", "artistname", [text + NEEDLE for text in TEXTS], ["jsonl", "tsv"]),
    Listing(["playlists", "list", ADA], {"playlist_id": IDS, "name": TEXTS}),
    Listing(["playlists", "top", ALL], {"user_id": USERS}),
    Listing(["playlists", "near", "--within=1000"], {"user_id": USERS}),
    Listing(["genres", "top", ALL], {"fav_genre": TEXTS}),
    Listing(["roles", "holders", f"--role={DJ}"], {"user_id": USERS, "display_name": TEXTS}),
    Listing(["roles", "plan", "--list=unreadable"], {"user_id": ODD, "detail": TEXTS}),
    Listing(["roles", "pins", f"--role={DJ}"], {"user_id": USERS, "reason": TEXTS, "actor": TEXTS}),
    Listing(
        ["users", "list", ALL, f"--role={DJ}"],
        {"user_id": USERS, "display_name": TEXTS, "fav_genre": TEXTS},
    ),
    Listing(
        ["history", "list", ALL],
        {"run": [*IDS, RUN], "command": [*TEXTS, "roles sync"], "outcome": [*TEXTS, "ok"]},
        rows=len(TEXTS) + 1,
    ),
    Listing(["query", "SELECT song_id, songname FROM songs", ALL], {"song_id": IDS, "songname": TEXTS}),
    Listing(["roles", "plan", ALL], {"user_id": USERS}, within="changes"),
    Listing(["roles", "sync", "--dry-run"], {"user_id": USERS}, rows=30, within="changes"),
    Listing(["history", "show", RUN], {"user_id": USERS, "detail": TEXTS}, rows=30, within="changes"),
)
