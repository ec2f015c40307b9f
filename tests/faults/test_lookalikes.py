"""Others may create in a schema of the account's path: nothing that they put there is ever used by us."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.faults.processes import settings
from tests.program import Program, Sandbox

NEW, OLD, OTHER = "auth0|new", "auth0|old", "auth0|other"
OPERATORS = "= <> < <= > >= + - * / || @> <@ -> ->> #>> ~~ ~~* ~ && ?"
FUNCTIONS = """
    abs array_agg array_length array_position array_to_string btrim ceil clock_timestamp concat count
    current_database current_schemas current_setting date_trunc extract floor
    format_type generate_series has_schema_privilege
    has_table_privilege jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_build_array
    jsonb_build_object jsonb_each jsonb_object_agg jsonb_populate_record left length lower max min now nullif
    octet_length pg_get_constraintdef pg_get_indexdef pg_get_userbyid pg_has_role quote_ident quote_literal
    replace round row_to_json set_config split_part strpos substr substring sum timezone to_char to_jsonb
    to_regclass to_regprocedure trunc txid_current unnest upper version width_bucket"""
# Each says that it was called, as whoever calls it: in a transaction that reads only, it fails.
PLANT = f"""
CREATE TABLE {{schema}}.trapped (what text, caller text DEFAULT current_user);
GRANT ALL ON {{schema}}.trapped TO PUBLIC;
DO $do$
DECLARE one record; number int := 0;
BEGIN
    FOR one IN SELECT oprname, oprleft, oprright, oprresult FROM pg_operator
        WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b'
          AND oprname = ANY(string_to_array('{OPERATORS}', ' '))
          AND NOT (oprleft::regtype::text || oprright::regtype::text || oprresult::regtype::text) LIKE '%any%'
    LOOP
        number := number + 1;
        EXECUTE format('CREATE FUNCTION {{schema}}.trap_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS
            $f$BEGIN INSERT INTO {{schema}}.trapped VALUES (%L); RETURN NULL; END$f$',
            number, one.oprleft::regtype, one.oprright::regtype, one.oprresult::regtype, one.oprname);
        EXECUTE format('CREATE OPERATOR {{schema}}.%s
            (LEFTARG = %s, RIGHTARG = %s, FUNCTION = {{schema}}.trap_%s)', one.oprname,
            one.oprleft::regtype, one.oprright::regtype, number);
    END LOOP;
    FOR one IN SELECT DISTINCT proname, args, result, retset FROM (
        SELECT proname, (SELECT string_agg(type::regtype::text, ', ' ORDER BY place)
                         FROM unnest(proargtypes) WITH ORDINALITY AS part (type, place)) AS args,
               prorettype::regtype::text AS result, proretset AS retset FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND provariadic = 0
          AND proname = ANY(regexp_split_to_array(trim('{FUNCTIONS}'), '\\s+'))) AS functions
        WHERE coalesce(args, '') !~ '\\m(any|internal|cstring)'
          AND result !~ '\\m(any|internal|record|cstring)'
    LOOP
        EXECUTE format('CREATE FUNCTION {{schema}}.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS
            $f$BEGIN INSERT INTO {{schema}}.trapped VALUES (%L); RETURN %s; END$f$',
            one.proname, coalesce(one.args, ''),
            CASE WHEN one.retset THEN 'SETOF' ELSE '' END, one.result, one.proname,
            CASE WHEN one.retset THEN '' ELSE 'NULL' END);
    END LOOP;
END$do$;
CREATE FUNCTION {{schema}}.quote_ident(name) RETURNS text LANGUAGE plpgsql AS
    $f$BEGIN INSERT INTO {{schema}}.trapped VALUES ('quote_ident(name)'); RETURN NULL; END$f$;
CREATE FUNCTION {{schema}}.trap(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS
    $f$BEGIN INSERT INTO {{schema}}.trapped VALUES ('=(oid, regclass)'); RETURN NULL; END$f$;
CREATE OPERATOR {{schema}}.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = {{schema}}.trap);
CREATE FUNCTION {{schema}}.trap(text[], text[]) RETURNS boolean LANGUAGE plpgsql AS
    $f$BEGIN INSERT INTO {{schema}}.trapped VALUES ('@>(text[], text[])'); RETURN false; END$f$;
CREATE OPERATOR {{schema}}.@> (LEFTARG = text[], RIGHTARG = text[], FUNCTION = {{schema}}.trap);
CREATE AGGREGATE {{schema}}.count(text) (SFUNC = text_larger, STYPE = text);
CREATE FUNCTION {{schema}}.lower(varchar) RETURNS text LANGUAGE plpgsql AS
    $f$BEGIN INSERT INTO {{schema}}.trapped VALUES ('lower(varchar)'); RETURN NULL; END$f$;
CREATE TYPE {{schema}}.mine AS (value text);
CREATE FUNCTION {{schema}}.cast_mine(text) RETURNS {{schema}}.mine LANGUAGE plpgsql AS
    $f$BEGIN INSERT INTO {{schema}}.trapped VALUES ('cast'); RETURN NULL; END$f$;
CREATE CAST (text AS {{schema}}.mine) WITH FUNCTION {{schema}}.cast_mine(text) AS IMPLICIT;
CREATE VIEW {{schema}}.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
CREATE TABLE {{schema}}.pg_namespace (LIKE pg_catalog.pg_namespace);
CREATE TABLE {{schema}}.pg_attribute (oid oid);
CREATE VIEW {{schema}}.pg_proc AS SELECT * FROM pg_catalog.pg_proc WHERE false;
CREATE TABLE {{schema}}.listeners (user_id text);
CREATE TABLE {{schema}}.tenant_users (user_id text);
GRANT SELECT ON ALL TABLES IN SCHEMA {{schema}} TO PUBLIC;
"""
TYPES = "".join(
    f"CREATE DOMAIN {{schema}}.{name} AS pg_catalog.varchar CHECK (value = 'never');"
    for name in ("text", "jsonb", "name", "float8", "date", "int2", "timestamptz", "oid", "regclass")
)
TABLES = "".join(
    f"CREATE TABLE {{schema}}.{name} (LIKE public.{name}); GRANT ALL ON {{schema}}.{name} TO PUBLIC;"
    for name in ("songs", "artists", "playlists", "user_data")
)

READING = (
    *(
        f"songs list {NEW} --json",
        "songs search Bl --json",
        f"songs export {NEW}",
        f"artists list {NEW} --json",
    ),
    *(f"playlists list {NEW} --json", "playlists top --json", "playlists near --within 50 --json"),
    *(f"genres show {NEW} --json", "genres top --json", f"profile show {NEW} --json"),
    *("roles holders --json", f"roles explain {NEW} --json", "roles pins --json", f"roles list {NEW} --json"),
    *(
        "roles plan --list missing --json",
        "roles plan --list pinned --json",
        "roles plan --list unknown --json",
    ),
    *(f"users show {NEW} --json", "users list --json", "users list --role dj --min-plays 1 --json"),
    *("users list --genre Rock --sort plays --json", "users list --name o --email e --sort songs --json"),
    *("stats", "history list --json", "db status --json", "songs list nobody@ --json"),
    "query TABLE|musicctl.listeners --json",
)
WRITING = (
    *("db init", "mirror refresh", "roles plan --json", "roles sync --yes", "undo last --yes"),
    *(f"promote {NEW}", f"roles grant {OTHER}", f"roles revoke {OTHER}"),
    *(
        f"roles pin {OLD} --state granted --reason x",
        f"roles unpin {OLD}",
        "roles hold --reason x",
        "roles release",
    ),
    *(f"profile set-name {NEW} Zoë", "profile fill-names --yes", "profile set-names {names} --yes"),
    *(
        f"songs add {NEW} Red",
        f"songs remove {NEW} s1 --yes",
        "songs import {songs} --yes",
        "undo last --yes",
    ),
    *(f"songs move {NEW} {OLD} --yes", f"artists add {NEW} Miles", f"playlists set-plays of|{OLD} 7"),
    *(
        "undo last --yes",
        f"genres set {NEW} Jazz",
        f"users erase {OLD} --yes",
        "history recover",
        "db init --print",
    ),
)


@pytest.fixture
def world(sandbox: Sandbox, program: Program) -> Sandbox:
    """Something for each command to answer."""
    sandbox.add_user(NEW, plays=150, user_metadata={"displayName": "Zoe"})
    sandbox.add_user(OLD, plays=3, app_metadata={"roles": ["playlist editor"]})
    sandbox.add_user(OTHER, plays=100, app_metadata={"roles": ["playlist editor", "dj"]})
    sandbox.query("INSERT INTO songs VALUES ('s1', 'Blue', %s), ('s2', 'Red', %s)", NEW, OLD)
    sandbox.query("INSERT INTO playlists VALUES ('x', 'auth0|gone', 'Mix', 500)")
    sandbox.query("INSERT INTO user_data VALUES (%s, 'Rock')", NEW)
    assert program("mirror", "refresh").code == 0
    assert program("roles", "pin", OTHER, "--state", "granted", "--reason", "x").code == 0
    return sandbox


PLAYS_QUERY = "SELECT user_id, total_plays FROM public.playlists"


@pytest.fixture(params=["a plain role", "a superuser with a plays_query"])
def account(request: pytest.FixtureRequest, world: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The account that commands use; its path has schemas in which anybody may create."""
    account = "musicctl" if request.param == "a plain role" else "postgres"
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name, value in settings(world, settle="0.01s").items():
        monkeypatch.setenv(name, value.replace("//musicctl@", f"//{account}@"))
    if account == "postgres":
        monkeypatch.setenv("MUSICCTL_PLAYS_QUERY", PLAYS_QUERY)
    superuser(world, "CREATE ROLE evil; GRANT SELECT ON ALL TABLES IN SCHEMA public TO evil")
    superuser(world, "CREATE SCHEMA ahead; GRANT ALL ON SCHEMA ahead, public TO PUBLIC")
    superuser(world, f"ALTER ROLE {account} IN DATABASE musicctl SET search_path = ahead, public, pg_catalog")
    try:
        yield account
    finally:
        superuser(world, f"ALTER ROLE {account} IN DATABASE musicctl RESET search_path")
        superuser(world, "DROP OWNED BY evil CASCADE; DROP ROLE evil; DROP SCHEMA ahead")
        superuser(world, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def superuser(world: Sandbox, statements: str) -> list[tuple[object, ...]]:
    url = world.state.database_url.replace("//musicctl@", "//postgres@")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = pg_catalog; {statements}")
        return cursor.fetchall() if cursor.description else []


def plant(world: Sandbox) -> None:
    for schema in ("public", "ahead"):
        superuser(world, f"SET ROLE evil; {PLANT.replace('{schema}', schema)}")
    superuser(world, f"SET ROLE evil; {(TYPES + TABLES).replace('{schema}', 'ahead')}")


def used(world: Sandbox) -> list[tuple[object, ...]]:
    return superuser(world, "SELECT * FROM public.trapped UNION ALL SELECT * FROM ahead.trapped")


def test_no_command_uses_what_others_put_there(
    world: Sandbox,
    account: str,
    program: Program,
    tmp_path: Path,
) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns3,Red,auth0|new\n")
    (tmp_path / "names.csv").write_text(f"user,name\n{OTHER},Ida\n")
    files = {"songs": tmp_path / "songs.csv", "names": tmp_path / "names.csv"}

    def answer(words: str) -> tuple[int, str]:
        spaces = [word.replace("TABLE|", "TABLE ").replace("of|", "of ") for word in words.split()]
        ended = program(*(word.format(**files) for word in spaces))
        return ended.code, ended.out if ended.code == 0 else ended.err

    before = {words: answer(words) for words in READING}
    plant(world)
    assert {words: answer(words) for words in READING} == before
    assert used(world) == []
    # The schema is the plain role's: a superuser who is not that role is refused.
    writing = [words for words in WRITING if account == "musicctl" or not words.startswith("db ")]
    codes = {words: answer(words) for words in writing}
    assert {words: said for words, said in codes.items() if said[0]} == {}
    assert used(world) == []
    assert superuser(world, "SELECT count(*) FROM public.user_data") != [(0,)]
