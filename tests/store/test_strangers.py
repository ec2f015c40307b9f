"""`db init` takes up nothing of others: their triggers would run with the rights of whoever upgrades."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest

from musicctl.errors import ConfigError
from musicctl.operations import database as operations
from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema, strangers
from musicctl.store.database import Database
from tests.conftest import command

Run = Callable[[str], None]
HOOK = "CREATE FUNCTION public.hook() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"


@pytest.fixture
def stranger(server: Cluster, empty_url: str) -> Iterator[Run]:
    """Another role, which may create in the database; yields what runs statements as a superuser."""
    url = empty_url.replace("//musicctl@", "//postgres@")

    def run(statements: str) -> None:
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statements)

    command(server, "CREATE ROLE stranger")
    try:
        yield run
    finally:
        run("DROP OWNED BY stranger CASCADE")
        command(server, "DROP ROLE stranger")


def refused(url: str, told: str) -> None:
    with closing(Database(Secret(url))) as database:
        for work in (schema.init, schema.script):
            with pytest.raises(ConfigError, match=told):
                work(database)


@pytest.mark.parametrize("account", ["musicctl", "postgres"])
@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("CREATE SCHEMA musicctl AUTHORIZATION stranger", "the schema itself, which belongs to stranger"),
        ("ALTER TABLE musicctl.pins OWNER TO stranger", "the relation pins"),
        (
            "SET ROLE stranger; CREATE TABLE musicctl.migrations ()",
            "the relation migrations",
        ),
        ("ALTER FUNCTION musicctl.listener_rows OWNER TO stranger", "the function listener_rows"),
        ("CREATE DOMAIN musicctl.odd AS text; ALTER DOMAIN musicctl.odd OWNER TO stranger", "the type odd"),
        ("CREATE SEQUENCE musicctl.odd; ALTER SEQUENCE musicctl.odd OWNER TO stranger", "the relation odd"),
        (
            f"{HOOK} CREATE TRIGGER x BEFORE INSERT ON musicctl.migrations EXECUTE FUNCTION hook()",
            "the trigger x",
        ),
        ("CREATE RULE x AS ON INSERT TO musicctl.runs DO INSTEAD NOTHING", "the rule x on runs"),
        ("CREATE POLICY x ON musicctl.holds USING (true)", "the policy x on holds"),
        (
            "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS 'SELECT NULL';"
            "ALTER TABLE musicctl.pins ALTER reason SET DEFAULT public.f()",
            "the call of f in pins",
        ),
        (
            "CREATE FUNCTION public.g(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT NULL';"
            "CREATE INDEX ON musicctl.pins (public.g(reason))",
            "the call of g in pins",
        ),
        (
            "CREATE TABLE public.heir () INHERITS (musicctl.changes); ALTER TABLE heir OWNER TO stranger",
            "the heir heir",
        ),
    ],
)
def test_what_others_made_is_refused(
    stranger: Run, empty_url: str, account: str, made: str, told: str
) -> None:
    url = empty_url.replace("//musicctl@", f"//{account}@")
    if "TABLE musicctl.migrations ()" in made:
        stranger(f"CREATE SCHEMA musicctl AUTHORIZATION {account}; GRANT ALL ON SCHEMA musicctl TO stranger")
    elif not made.startswith("CREATE SCHEMA"):
        with closing(Database(Secret(url))) as database:
            schema.init(database)
    stranger(made)
    refused(url, told)


def test_what_is_ours_is_taken_up_again(stranger: Run, empty_url: str) -> None:
    """By its owner and by members of the role that owns it; not by a superuser, who is neither."""
    with closing(Database(Secret(empty_url))) as database:
        schema.init(database)
        stranger("DROP TABLE public.artists; CREATE TABLE musicctl.staging_1 (); ")
        stranger("ALTER TABLE musicctl.staging_1 OWNER TO stranger; GRANT stranger TO musicctl")
        assert schema.init(database) == ("table artists",)
        stranger("ALTER TABLE musicctl.pins OWNER TO stranger")
        assert schema.init(database) == ()
    refused(empty_url.replace("//musicctl@", "//postgres@"), "belongs to musicctl")


def test_who_may_create_is_named(stranger: Run, empty_url: str) -> None:
    with closing(Database(Secret(empty_url))) as database:
        schema.init(database)
        assert strangers.creators(database) == []
        stranger(
            "GRANT CREATE ON SCHEMA public TO PUBLIC, stranger; GRANT CREATE ON SCHEMA musicctl TO stranger"
        )
        assert strangers.creators(database) == [("musicctl", "stranger"), ("public", "PUBLIC, stranger")]


F = "CREATE FUNCTION public.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT NULL'; "
THEIRS = "ALTER FUNCTION public.{} OWNER TO stranger; "
TIED = {
    "a trigger": f"{HOOK} CREATE TRIGGER x BEFORE INSERT ON songs EXECUTE FUNCTION hook();",
    "one of a partition": f"{HOOK} CREATE TABLE public.child () INHERITS (songs);"
    "CREATE TRIGGER x BEFORE INSERT ON child EXECUTE FUNCTION hook();",
    "a default": f"{F} ALTER TABLE songs ALTER songname SET DEFAULT public.f('');",
    "a check": f"{F} ALTER TABLE songs ADD CHECK (public.f(songname) IS NULL);",
    "an index": f"{F} CREATE INDEX ON songs (public.f(songname));",
    "a policy": f"{F} CREATE POLICY x ON songs USING (public.f(songname) IS NULL);",
    "a rule": f"{F} CREATE RULE x AS ON DELETE TO songs WHERE public.f(OLD.songname) = '' DO NOTHING;",
}


@pytest.mark.parametrize("tied", TIED)
def test_what_of_others_runs_on_a_write_is_named(stranger: Run, empty_url: str, tied: str) -> None:
    """Not what the owner of the table has hung there, nor a superuser, nor what is switched off."""
    function, shown = ("hook", "hook") if "hook" in TIED[tied] else ("f(text)", "f")
    with closing(Database(Secret(empty_url))) as database:
        schema.init(database)
        stranger(TIED[tied])
        assert strangers.called(database, ["songs", "artists"]) == []
        stranger(THEIRS.format(function))
        assert strangers.called(database, ["artists"]) == []
        place = "child" if "child" in TIED[tied] else "songs"
        assert strangers.called(database, ["songs", "nowhere"]) == [(place, shown, "stranger")]
        if function == "hook":
            stranger(f"ALTER TABLE {place} DISABLE TRIGGER x")
            assert strangers.called(database, ["songs"]) == []
        stranger("GRANT stranger TO musicctl")
        assert strangers.called(database, ["songs"]) == []


def test_event_triggers_are_named(stranger: Run, empty_url: str) -> None:
    with closing(Database(Secret(empty_url))) as database:
        assert strangers.events(database) == []
        stranger(
            "CREATE FUNCTION public.each() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
            "ALTER FUNCTION public.each OWNER TO stranger;"
            "CREATE EVENT TRIGGER made ON ddl_command_end EXECUTE FUNCTION public.each()"
        )
        assert strangers.events(database) == [("made", "each", "stranger")]
        assert "the event trigger made runs each, a function of stranger" in operations.warnings(database)[-1]
        stranger("ALTER EVENT TRIGGER made DISABLE")
        assert strangers.events(database) == []
