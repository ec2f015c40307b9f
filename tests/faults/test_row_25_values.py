"""Values that Postgres can hold and Python cannot: shown or counted, never a traceback."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from musicctl.sandbox.postgres.cluster import Cluster
from musicctl.secret import Secret
from musicctl.store import schema
from musicctl.store.database import Database
from tests.conftest import command
from tests.program import Program, Sandbox, query

ADA = "auth0|ada"


@pytest.fixture
def profile(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The profile `env`, whose database the test chooses."""
    monkeypatch.delenv("MUSICCTL_PROFILE")
    for name in ("auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience"):
        monkeypatch.setenv(name.upper(), getattr(sandbox.state, name))
    return monkeypatch


@pytest.fixture
def of_no_encoding(server: Cluster, profile: pytest.MonkeyPatch) -> Iterator[str]:
    """A database that holds any bytes, with a song whose name is no UTF-8."""
    name = f"ascii_{secrets.token_hex(6)}"
    command(
        server,
        f"CREATE DATABASE {name} OWNER musicctl TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
    )
    url = server.place.url(name)
    made = Database(Secret(url))
    schema.init(made)
    made.close()
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET client_encoding = 'SQL_ASCII'")
        cursor.execute(b"INSERT INTO songs VALUES ('1', E'Caf\\xe9', 'auth0|ada'), ('2', NULL, 'auth0|ada')")
    connection.close()
    profile.setenv("DATABASE_URL", url)
    yield url
    command(server, f"DROP DATABASE {name} WITH (FORCE)")


def test_bytes_of_no_encoding(of_no_encoding: str, program: Program, tmp_path: Path) -> None:
    listed = program("songs", "list", ADA, "-o", "jsonl")
    assert listed.code == 0, listed.err
    assert [json.loads(line)["songname"] for line in listed.out.splitlines()] == ["Caf\udce9", None]
    assert "Caf" in program("songs", "list", ADA).out
    assert program("songs", "search", "caf", "-o", "ids").out == "1\n"
    for form in ("csv", "tsv"):
        file = tmp_path / f"songs.{form}"
        assert program("songs", "export", "--to", str(file)).code == 0
        assert b"Caf\xe9" in file.read_bytes()
        refused = program("songs", "import", str(file), "--yes", "--json")
        assert (refused.code, refused.error["problems"][0]["reason"]) == (1, "is not UTF-8")
    assert program("songs", "export", "-o", "jsonl").code == 0
    assert program("songs", "remove", ADA, "1", "--yes").code == 0
    (tmp_path / "new.csv").write_text("song_id,songname,user_id\n3,é,u\n")
    assert program("songs", "import", str(tmp_path / "new.csv"), "--yes").code == 0


def test_dates_numbers_and_nulls(
    database_url: str, program: Program, profile: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile.setenv("DATABASE_URL", database_url)
    query(
        database_url,
        "DROP TABLE songs; CREATE TABLE songs (song_id numeric, songname timestamptz, user_id text);"
        "INSERT INTO songs VALUES ('NaN', 'infinity', 'auth0|ada'), (1e30, '20000-01-01Z', 'auth0|ada'),"
        "(NULL, '4000-01-01 BC', 'auth0|ada'), (NULL, NULL, NULL)",
    )
    for form in ("table", "json", "jsonl", "csv", "tsv", "ids"):
        assert program("songs", "list", ADA, "-o", form).code == 0
        assert program("songs", "search", "0", "-o", form).code == 0
    for form in ("csv", "tsv", "jsonl"):
        file = str(tmp_path / f"songs.{form}")
        assert program("songs", "export", "--to", file).code == 0
        again = program("songs", "import", file, "--json")
        assert (again.code, again.json["same"]) == (0, 4), again.err


def test_a_value_that_is_none_of_its_type(
    database_url: str, program: Program, profile: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile.setenv("DATABASE_URL", database_url)
    query(database_url, "ALTER TABLE songs ALTER songname TYPE date USING NULL")
    file = tmp_path / "songs.csv"
    file.write_text('song_id,songname,user_id\n"1\n0",2020-01-01,b\n2,soon,c\n')
    refused = program("songs", "import", str(file), "--json")
    [problem] = refused.error["problems"]
    assert (refused.code, problem["line"], problem["column"]) == (1, 4, "songname")
    assert 'invalid input syntax for type date: "soon"' in problem["reason"]
    assert query(database_url, "SELECT count(*) FROM songs") == [(0,)]
