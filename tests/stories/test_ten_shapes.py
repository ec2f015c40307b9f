"""What a command says of a write is what the tables show afterwards, in whatever shape an app has them.

After each command the tables are read by plain SQL: a command that ended 0 has done what it says, and one
that did not has left everything as it was. Never "done" and unchanged.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_formats import commands
from tests.program import Program, Sandbox, query

ADA, BORIS = "auth0|ada", "auth0|boris"
EDITOR = "playlist editor"
PLAIN = """
    CREATE TABLE {0}songs (song_id text {1}, songname text, user_id text);
    CREATE TABLE {0}artists (artist_id text {1}, artistname text, user_id text);
    CREATE TABLE {0}playlists (playlist_id text {1}, user_id text, name text, total_plays bigint);
    CREATE TABLE {0}user_data (user_id text {1}, fav_genre text);
"""
ROWS = """
    INSERT INTO songs VALUES ('s1', 'Help', 'auth0|ada'), ('s2', 'Girl', 'auth0|ada'),
        ('s3', 'Help', 'auth0|boris');
    INSERT INTO artists VALUES ('a1', 'Nina', 'auth0|ada'), ('a2', 'Ella', 'auth0|ada');
    INSERT INTO playlists VALUES ('p1', 'auth0|ada', 'Mix', 7);
    INSERT INTO user_data VALUES ('auth0|ada', 'jazz');
"""
COMPOSITE = """
    CREATE TABLE songs (song_id text, songname text, user_id text, PRIMARY KEY (user_id, song_id)){0};
    CREATE TABLE artists (artist_id text, artistname text, user_id text, PRIMARY KEY (user_id, artist_id)){0};
    CREATE TABLE playlists (playlist_id text, user_id text, name text, total_plays bigint,
        PRIMARY KEY (user_id, playlist_id)){0};
    CREATE TABLE user_data (user_id text PRIMARY KEY, fav_genre text){0};
"""
PARTS = "".join(
    f"CREATE TABLE {table}_{n} PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER {n});"
    for table in ("songs", "artists", "playlists", "user_data")
    for n in (0, 1)
)
TABLES = ("songs", "artists", "playlists", "user_data")


def every(template: str) -> str:
    """Repeat a statement for every table."""
    return "".join(template.replace("{t}", table) for table in TABLES)


REFUSING = """CREATE FUNCTION {f}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN {r}; END $$;"""
WRITING = """
    CREATE SCHEMA base; ALTER TABLE songs SET SCHEMA base; CREATE VIEW songs AS SELECT * FROM base.songs;
    CREATE FUNCTION write_song() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            DELETE FROM base.songs WHERE song_id = OLD.song_id AND user_id = OLD.user_id; RETURN OLD;
        ELSIF TG_OP = 'INSERT' THEN INSERT INTO base.songs VALUES (NEW.*); RETURN NEW; END IF;
        UPDATE base.songs SET songname = NEW.songname, user_id = NEW.user_id
            WHERE song_id = OLD.song_id AND user_id = OLD.user_id; RETURN NEW;
    END $$;
    CREATE TRIGGER w INSTEAD OF INSERT OR UPDATE OR DELETE ON songs
        FOR EACH ROW EXECUTE FUNCTION write_song();
"""
LYING = REFUSING.format(f="lie", r="coalesce(NEW, OLD)") + every(
    "ALTER TABLE {t} RENAME TO {t}_base; CREATE VIEW {t} AS SELECT * FROM {t}_base;"
    "CREATE TRIGGER w INSTEAD OF INSERT OR UPDATE OR DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION lie();"
)
REFERENCE = PLAIN.format("", "PRIMARY KEY") + ROWS
SHAPES = {
    "keyed": REFERENCE,
    "keyless": PLAIN.format("", "") + ROWS,
    "composite": COMPOSITE.format("") + ROWS,
    "partitioned": COMPOSITE.format(" PARTITION BY HASH (user_id)") + PARTS + ROWS,
    "a view that writes": REFERENCE + WRITING,
    "a view that does not": REFERENCE
    + every("ALTER TABLE {t} RENAME TO {t}_base; CREATE VIEW {t} AS SELECT DISTINCT * FROM {t}_base;"),
    "a view that lies": REFERENCE + LYING,
    "triggers that swallow": REFERENCE
    + REFUSING.format(f="swallow", r="NULL")
    + every(
        "CREATE TRIGGER s BEFORE INSERT OR UPDATE OR DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION swallow();"
    ),
    "rules that swallow": REFERENCE
    + every(
        "CREATE RULE i AS ON INSERT TO {t} DO INSTEAD NOTHING;"
        "CREATE RULE u AS ON UPDATE TO {t} DO INSTEAD NOTHING;"
        "CREATE RULE d AS ON DELETE TO {t} DO INSTEAD NOTHING;"
    ),
    "policies": REFERENCE
    + every(
        "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY r ON {t} FOR SELECT USING (true); CREATE POLICY w ON {t} FOR ALL USING (false);"
    ),
    "another schema": 'CREATE SCHEMA "My App";'
    + PLAIN.format('"My App".', "PRIMARY KEY")
    + 'ALTER DATABASE "{db}" SET search_path = "My App", public; SET search_path = "My App", public;'
    + ROWS,
    "more columns": REFERENCE + every("ALTER TABLE {t} ADD COLUMN more int NOT NULL DEFAULT 3;"),
    "columns without a default": REFERENCE
    + every(
        "ALTER TABLE {t} ADD COLUMN more int NOT NULL DEFAULT 3; ALTER TABLE {t} ALTER more DROP DEFAULT;"
    ),
}
SWALLOWING = {"a view that lies", "triggers that swallow", "rules that swallow"}
READABLE = "SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]') FROM {} AS t"

Tables = dict[str, list[dict[str, Any]]]
Claim = Callable[[Tables, Tables, Any], bool]


def content(url: str) -> Tables:
    return {table: query(url, READABLE.format(table))[0][0] for table in TABLES}


def songs(tables: Tables, user_id: str) -> list[str]:
    return sorted(str(row["song_id"]) for row in tables["songs"] if row["user_id"] == user_id)


def added(before: Tables, after: Tables, told: Any) -> bool:
    new = [row["song_id"] for row in told]
    return len(new) == 2 and songs(after, ADA) == sorted(songs(before, ADA) + [str(each) for each in new])


def removed(before: Tables, after: Tables, told: Any) -> bool:
    return told["removed"] == 1 and songs(after, ADA) == ["s2"]


def moved(before: Tables, after: Tables, told: Any) -> bool:
    return told["moved"] == 2 and songs(after, ADA) == [] and songs(after, BORIS) == ["s1", "s2", "s3"]


def imported(before: Tables, after: Tables, told: Any) -> bool:
    names = {(row["song_id"], row["songname"]) for row in after["songs"]}
    expected = {("s1", "Help!"), ("s4", "Yes It Is")} <= names
    again = ("s1", "Help") in names  # without a key, a changed row is another one
    return expected and told["new"] + told["changed"] == 2 and again is (told["changed"] == 0)


def artists(tables: Tables, user_id: str) -> list[str]:
    return sorted(str(row["artist_id"]) for row in tables["artists"] if row["user_id"] == user_id)


def artist_added(before: Tables, after: Tables, told: Any) -> bool:
    [new] = told
    row = {"artist_id": new["artist_id"], "artistname": "Sade", "user_id": ADA}
    return any(row.items() <= each.items() for each in after["artists"]) and len(artists(after, ADA)) == 3


def artist_removed(before: Tables, after: Tables, told: Any) -> bool:
    return told["removed"] == 1 and artists(after, ADA) == ["a2"]


def artists_moved(before: Tables, after: Tables, told: Any) -> bool:
    return told["moved"] == 2 and (artists(after, ADA), artists(after, BORIS)) == ([], ["a1", "a2"])


def artists_imported(before: Tables, after: Tables, told: Any) -> bool:
    names = {(row["artist_id"], row["artistname"]) for row in after["artists"]}
    return {("a1", "Nina S."), ("a3", "Sade")} <= names and told["new"] + told["changed"] == 2


def playlists_imported(before: Tables, after: Tables, told: Any) -> bool:
    plays = {(row["playlist_id"], row["total_plays"]) for row in after["playlists"]}
    return {("p1", 70), ("p2", 3)} <= plays and told["new"] + told["changed"] == 2


def plays_set(before: Tables, after: Tables, told: Any) -> bool:
    return told["total_plays"] == 99 and [row["total_plays"] for row in after["playlists"]] == [99]


def genre_set(before: Tables, after: Tables, told: Any) -> bool:
    return {row["fav_genre"] for row in after["user_data"] if row["user_id"] == ADA} == {"folk"}


def erased(before: Tables, after: Tables, told: Any) -> bool:
    return not any(row["user_id"] == ADA for table in TABLES for row in after[table])


COMMANDS: dict[str, tuple[tuple[str, ...], Claim]] = {
    "add": (("songs", "add", ADA, "Rain", "Julia"), added),
    "add one": (
        ("songs", "add", ADA, "Rain", "--id", "s9"),
        lambda *seen: songs(seen[1], ADA) == ["s1", "s2", "s9"],
    ),
    "remove": (("songs", "remove", ADA, "s1", "--yes"), removed),
    "move": (("songs", "move", ADA, BORIS, "--yes"), moved),
    "import": (("songs", "import", "new.csv", "--yes"), imported),
    "add an artist": (("artists", "add", ADA, "Sade"), artist_added),
    "remove an artist": (("artists", "remove", ADA, "a1", "--yes"), artist_removed),
    "move artists": (("artists", "move", ADA, BORIS, "--yes"), artists_moved),
    "import artists": (("artists", "import", "artists.csv", "--yes"), artists_imported),
    "import playlists": (("playlists", "import", "playlists.csv", "--yes"), playlists_imported),
    "set-plays": (("playlists", "set-plays", "p1", "99"), plays_set),
    "genre": (("genres", "set", ADA, "folk"), genre_set),
    "erase": (("users", "erase", ADA, "--yes"), erased),
}


@pytest.fixture
def shaped(
    empty_url: str, sandbox: Sandbox, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Make an app's tables in one of the shapes, and our schema beside them; return the database's URL."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    for user_id in (ADA, BORIS):
        sandbox.add_user(user_id)
    (tmp_path / "artists.csv").write_text(
        f"artist_id,artistname,user_id\na1,Nina S.,{ADA}\na3,Sade,{BORIS}\na2,Ella,{ADA}\n"
    )
    (tmp_path / "playlists.csv").write_text(
        f"playlist_id,user_id,name,total_plays\np1,{ADA},Mix,70\np2,{BORIS},Rare,3\n"
    )
    (tmp_path / "names.csv").write_text(f"user,name\n{ADA},Ada L.\n")
    (tmp_path / "new.csv").write_text(
        f"song_id,songname,user_id\ns1,Help!,{ADA}\ns4,Yes It Is,{BORIS}\ns2,Girl,{ADA}\n"
    )

    def make(shape: str) -> str:
        name = empty_url.partition("?")[0].rpartition("/")[2]
        query(empty_url, SHAPES[shape].replace("{db}", name))
        monkeypatch.setenv("DATABASE_URL", empty_url)
        assert program("db", "init", "--quiet").code == 0
        return empty_url

    return make


READ_BACK: dict[str, tuple[str, Callable[[Sandbox, str], object], object]] = {
    "roles sync": ("--yes", lambda tenant, _: tenant.roles(ADA), [EDITOR]),
    "roles revoke": (ADA, lambda tenant, _: tenant.roles(ADA), []),
    "promote": (f"{ADA} --yes", lambda tenant, _: tenant.roles(ADA), [EDITOR]),
    "roles grant": (BORIS, lambda tenant, _: tenant.roles(BORIS), [EDITOR]),
    "roles pin": (
        f"{BORIS} --state revoked --reason x",
        lambda _, url: query(url, PINS),
        [(BORIS, "revoked")],
    ),
    "roles unpin": (BORIS, lambda _, url: query(url, PINS), []),
    "roles hold": ("--reason x", lambda _, url: query(url, HOLDS), [("roles", "x")]),
    "roles release": ("", lambda _, url: query(url, HOLDS), []),
    "profile set-name": (f"{ADA} Ada", lambda tenant, _: name_of(tenant, ADA), "Ada"),
    "profile set-names": ("names.csv --yes", lambda tenant, _: name_of(tenant, ADA), "Ada L."),
    "profile fill-names": ("--yes", lambda tenant, _: name_of(tenant, BORIS), "user"),
    "undo": ("last --yes", lambda tenant, _: name_of(tenant, BORIS), None),
    "mirror refresh": (
        "",
        lambda _, url: query(url, "SELECT user_id, roles FROM musicctl.tenant_users ORDER BY 1"),
        [(ADA, [EDITOR]), (BORIS, [EDITOR])],
    ),
}
"""Commands that write to the tenant, or to our own tables, as they follow one another; where what each of
them claims is looked up, and what must stand there."""

PINS = "SELECT user_id, state FROM musicctl.pins"
HOLDS = "SELECT name, reason FROM musicctl.holds WHERE until IS NULL OR until > now()"
ELSEWHERE = {
    "actions deploy": "stories/test_actions.py",
    "history recover": "cli/test_history.py",
    "db init": "store/test_schema.py",
    "sandbox up": "sandbox/test_lifecycle.py",
    "sandbox down": "sandbox/test_lifecycle.py",
    "sandbox reset": "sandbox/test_lifecycle.py",
    "sandbox load": "sandbox/test_load.py",
    "sandbox faults set": "cli/test_sandbox_faults.py",
    "sandbox faults clear": "cli/test_sandbox_faults.py",
    "demo": "stories/test_demo.py",
}
"""Commands that write what no table of the app has a part in, and the tests that look at what they did."""

READING = {
    *(f"{things} {each}" for things in ("songs", "artists") for each in ("list", "search", "export")),
    *("playlists list", "playlists top", "playlists near", "genres show", "genres top", "profile show"),
    *(f"roles {each}" for each in ("list", "plan", "holders", "explain", "pins")),
    *("users show", "users list", "query", "stats", "history list", "history show", "mirror status"),
    *(
        "token verify",
        "token decode",
        "token issue",
        "actions plan",
        "db status",
        "config show",
        "config path",
    ),
    *("sandbox status", "sandbox faults show", "help", "completion"),
}
"""Commands that claim no change."""


def name_of(sandbox: Sandbox, user_id: str) -> object:
    return (sandbox.profile(user_id)["user_metadata"] or {}).get("displayName")


def test_every_command_is_classed() -> None:
    """A new command that writes has to be tried on all of the shapes, or to be named in another test."""
    here = {" ".join(words[:2]) for words, _ in COMMANDS.values()} | set(READ_BACK)
    classes = [here, set(ELSEWHERE), READING]
    everything = sorted(name for name, _ in commands())
    assert sorted(name for each in classes for name in each) == everything
    for name, file in ELSEWHERE.items():
        assert "assert" in (Path(__file__).parents[1] / file).read_text(), name


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_claimed_of_the_tenant_is_so(
    shape: str,
    shaped: Callable[[str], str],
    sandbox: Sandbox,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = shaped(shape)
    for name, value in {"THRESHOLD": "7", "MAX_REVOKE": "100%", "SETTLE": "0.1s"}.items():
        monkeypatch.setenv(f"MUSICCTL_{name}", value)
    for name, (words, read, expected) in READ_BACK.items():
        line, before = [*name.split(), *words.split(), "--json"], read(sandbox, url)
        ended = program(*line)
        if (name, shape) == ("roles sync", "policies"):  # plays may be hidden
            assert (ended.code, read(sandbox, url)) == (4, before), ended.err
            ended = program(*line, "--accept-plan", ended.error["plan"])
        assert ended.code == 0, (name, ended.err)
        assert read(sandbox, url) == expected, (name, ended.out)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_claimed_is_so(shape: str, shaped: Callable[[str], str], program: Program) -> None:
    url = shaped(shape)
    for name, (words, claim) in COMMANDS.items():
        before = content(url)
        ended = program(*words, "--json")
        after = content(url)
        if ended.code == 0:
            assert claim(before, after, ended.json), (name, ended.out, after)
            _taken_back(program, url, name, before)
        else:
            assert after == before, (name, ended.err)
            assert ended.error["hint"], name
        if shape in SWALLOWING:
            assert ended.code == 1, (name, ended.err)
            assert "did not keep what was written" in ended.error["message"], (name, ended.err)
        if shape in ("keyed", "keyless", "composite", "partitioned", "another schema", "more columns"):
            assert ended.code == 0, (name, ended.err)


def _taken_back(program: Program, url: str, name: str, before: Tables) -> None:
    """Undo what was done, where that can be, and put the tables as they were for the next command."""
    if name == "erase":
        return
    undone = program("undo", "last", "--yes", "--json")
    assert undone.code == 0, (name, undone.err)
    left = content(url)
    if name == "genre" and not before["user_data"]:
        return
    assert left == before, (name, undone.out)


def test_who_changed_this_account(shaped: Callable[[str], str], program: Program) -> None:
    shaped("keyed")
    done = [
        COMMANDS[name][0] for name in ("add", "add one", "remove", "move", "import", "set-plays", "genre")
    ]
    for words in done:
        assert program(*words, "--json").code == 0
    told = program("history", "list", "--user", ADA, "--json").json
    commands = [run["command"] for run in told]
    assert sorted(commands) == sorted(" ".join(words[:2]) for words in done)
    boris = [run["command"] for run in program("history", "list", "--user", BORIS, "--json").json]
    assert sorted(boris) == ["songs import", "songs move"]
    last = program("history", "show", told[-1]["run"], "--json").json
    assert [(row["field"], row["verdict"]) for row in last["changes"]] == [("songs", "add")] * 2
    assert {row["after"]["songname"] for row in last["changes"]} == {"Rain", "Julia"}


def test_a_long_import_is_journalled_as_a_whole(
    shaped: Callable[[str], str], program: Program, tmp_path: Path
) -> None:
    shaped("keyed")
    rows = "".join(f"n{number},Song,{BORIS}\n" for number in range(10_001))
    (tmp_path / "long.csv").write_text("song_id,songname,user_id\n" + rows)
    run = program("songs", "import", "long.csv", "--yes", "--json").json["run"]
    [change] = program("history", "show", run, "--json").json["changes"]
    assert (change["field"], change["verdict"], change["after"]["new"]) == ("songs", "import", 10_001)
    assert len(change["after"]["sha256"]) == 64
    refused = program("undo", run, "--yes", "--json")
    assert (refused.code, "10,000" in refused.error["message"]) == (2, True)


def test_undo_leaves_what_was_changed_since(shaped: Callable[[str], str], program: Program) -> None:
    url = shaped("keyed")
    program("songs", "move", ADA, BORIS, "--yes")
    query(url, "UPDATE songs SET songname = 'Other' WHERE song_id = 's1'")
    undone = program("undo", "last", "--yes", "--json")
    assert (undone.code, undone.json["restored"], len(undone.json["problems"])) == (5, 1, 1)
    assert songs(content(url), ADA) == ["s2"]


def test_a_track_that_both_have_stays_and_is_named(shaped: Callable[[str], str], program: Program) -> None:
    url = shaped("composite")
    query(url, f"INSERT INTO songs VALUES ('s1', 'Help', '{BORIS}')")
    ended = program("songs", "move", ADA, BORIS, "--yes", "--json")
    assert (ended.code, ended.json["moved"], ended.json["skipped"]) == (5, 1, ["s1"])
    assert songs(content(url), ADA) == ["s1"]
    assert songs(content(url), BORIS) == ["s1", "s2", "s3"]


CONSTRAINTS = {
    "foreign key": (
        f"CREATE TABLE users (id text PRIMARY KEY); INSERT INTO users VALUES ('{ADA}'), ('{BORIS}');"
        "ALTER TABLE songs ADD FOREIGN KEY (user_id) REFERENCES users",
        "b1,Odd,auth0|nobody",
        "user_id",
    ),
    "deferred foreign key": (
        f"CREATE TABLE users (id text PRIMARY KEY); INSERT INTO users VALUES ('{ADA}'), ('{BORIS}');"
        "ALTER TABLE songs ADD FOREIGN KEY (user_id) REFERENCES users DEFERRABLE INITIALLY DEFERRED",
        "b1,Odd,auth0|nobody",
        "user_id",
    ),
    "check": ("ALTER TABLE songs ADD CHECK (songname <> 'Odd')", f"b1,Odd,{ADA}", "songname"),
    "unique": ("CREATE UNIQUE INDEX ON songs (songname) WHERE song_id <> 's3'", f"b1,Girl,{ADA}", "songname"),
    "not null": ("ALTER TABLE songs ALTER songname SET NOT NULL", f"b1,,{ADA}", "songname"),
    "domain": (
        "CREATE DOMAIN title AS text CHECK (value <> 'Odd'); ALTER TABLE songs ALTER songname TYPE title",
        f"b1,Odd,{ADA}",
        "songname",
    ),
    "too long": ("ALTER TABLE songs ALTER songname TYPE varchar(9)", f"b1,Much too long,{ADA}", "songname"),
    "a number": (
        "ALTER TABLE songs ALTER songname TYPE date USING NULL",
        f"b1,soon,{ADA}",
        "songname",
    ),
}


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_what_a_constraint_refuses_is_named_and_can_be_left_out(
    constraint: str, shaped: Callable[[str], str], program: Program, tmp_path: Path
) -> None:
    url = shaped("keyed")
    made, bad, column = CONSTRAINTS[constraint]
    query(url, made)
    good = "2020-01-01" if constraint == "a number" else "Fine"
    lines = [
        "song_id,songname,user_id",
        f"g1,{good},{ADA}",
        bad,
        f"g2,{good}{'' if good != 'Fine' else '2'},{BORIS}",
    ]
    (tmp_path / "f.csv").write_text("\n".join(lines) + "\n")
    before = content(url)
    refused = program("songs", "import", "f.csv", "--yes", "--json")
    assert refused.code == 1, refused.err
    [problem] = refused.error["problems"]
    assert (problem["line"], problem["column"]) == (3, column), problem
    assert content(url) == before
    kept = program("songs", "import", "f.csv", "--yes", "--skip-bad", "--json")
    assert (kept.code, kept.json["new"], kept.json["bad"]) == (5, 2, 1), kept.err
    assert {"g1", "g2"} <= {row["song_id"] for row in content(url)["songs"]}
    assert (tmp_path / "f.bad.csv").read_text().splitlines()[1].replace('"', "") == bad


@pytest.mark.parametrize(
    ("verdict", "before", "after"),
    [
        ("add", "NULL", "'{}'"),
        ("add", "NULL", """'{"user_id": "auth0|boris"}'"""),
        ("remove", """'{"song_id": "x", "songname": "a", "user_id": "auth0|boris"}'""", "NULL"),
        ("remove", """'"x"'""", "NULL"),
        ("grant", "NULL", """'{"user_id": "auth0|ada"}'"""),
    ],
)
def test_a_forged_row_undoes_nothing(
    shaped: Callable[[str], str], program: Program, verdict: str, before: str, after: str
) -> None:
    url = shaped("keyed")
    query(
        url,
        "INSERT INTO musicctl.runs (run, command, actor, present, profile, finished_at, outcome)"
        " VALUES ('20261128-235959-eeee', 'songs add', 'a@b', true, 'env', now(), 'ok')",
    )
    query(
        url,
        "INSERT INTO musicctl.changes (run, seq, user_id, field, verdict, state, before, after, ended_at)"
        f" VALUES ('20261128-235959-eeee', 0, '{ADA}', 'songs', '{verdict}', 'applied', {before}, {after},"
        " now())",
    )
    seen = content(url)
    assert program("undo", "20261128-235959-eeee", "--yes", "--json").code == 4
    assert content(url) == seen


def test_an_undo_that_the_database_swallows_is_not_done(
    shaped: Callable[[str], str], program: Program
) -> None:
    url = shaped("keyed")
    assert program("playlists", "set-plays", "p1", "50").code == 0
    query(url, REFUSING.format(f="sw", r="NULL"))
    query(url, "CREATE TRIGGER s BEFORE UPDATE ON playlists FOR EACH ROW EXECUTE FUNCTION sw()")
    ended = program("undo", "last", "--yes", "--json")
    assert (ended.code, "did not keep what was written" in ended.error["message"]) == (1, True)
