"""The app's own triggers find what they name without its schema, when we write to its tables."""

from pathlib import Path

import pytest

from tests.program import Program, Sandbox

AUDITED = """
CREATE SCHEMA app; CREATE TABLE app.audit (what text);
CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO audit VALUES (TG_OP || mark()); RETURN coalesce(NEW, OLD); END$$;
CREATE FUNCTION app.mark() RETURNS text LANGUAGE sql AS $$SELECT '!'::text$$;
ALTER ROLE musicctl IN DATABASE musicctl SET search_path = public, app;
"""
WRITES = (
    *(
        "songs add auth0|a Red",
        "songs import {songs} --yes",
        "songs move auth0|a auth0|b --yes",
        "undo last --yes",
    ),
    *(
        "songs remove auth0|a s1 --yes",
        "playlists set-plays p1 7",
        "undo last --yes",
        "genres set auth0|a Jazz",
    ),
    *("genres set auth0|a Rock", "undo last --yes", "users erase auth0|a --yes"),
)


@pytest.mark.parametrize("kind", ["TRIGGER", "CONSTRAINT TRIGGER"])
def test_they_find_what_they_name(sandbox: Sandbox, program: Program, tmp_path: Path, kind: str) -> None:
    (tmp_path / "songs.csv").write_text("song_id,songname,user_id\ns1,Blue,auth0|a\n")
    for user in ("auth0|a", "auth0|b"):
        sandbox.add_user(user)
    sandbox.query("INSERT INTO playlists VALUES ('p1', 'auth0|a', 'Mix', 3)")
    sandbox.query(AUDITED)
    deferred = " DEFERRABLE INITIALLY DEFERRED" if kind.startswith("CONSTRAINT") else ""
    try:
        for table in ("songs", "playlists", "user_data"):
            sandbox.query(
                f"CREATE {kind} note AFTER INSERT OR UPDATE OR DELETE ON {table}{deferred}"
                " FOR EACH ROW EXECUTE FUNCTION app.note()"
            )
        for words in WRITES:
            ended = program(*(word.format(songs=tmp_path / "songs.csv") for word in words.split()))
            assert ended.code == 0, (words, ended.err)
        assert {what for (what,) in sandbox.query("SELECT what FROM app.audit")} == {
            "INSERT!",
            "UPDATE!",
            "DELETE!",
        }
    finally:
        sandbox.query("DROP SCHEMA app CASCADE; ALTER ROLE musicctl IN DATABASE musicctl RESET search_path")
