"""An account for which everything that can be set is set oddly: every answer stays as it is."""

from collections.abc import Iterator

import pytest

from tests.faults.processes import EDITOR
from tests.program import Program, Sandbox

ODD = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "backslash_quote": "on",
    "TimeZone": "Asia/Kathmandu",
    "lc_numeric": "C",
    "lc_monetary": "C",
    "xmloption": "document",
    "quote_all_identifiers": "on",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "default_transaction_isolation": "serializable",
}
READERS = (
    *("users list", "users show auth0|a", "roles holders", "roles explain auth0|a", "roles plan"),
    *("roles list auth0|a", "roles pins", "history list --all", "stats", "genres top", "playlists top"),
    *("playlists list auth0|a", "playlists near", "songs list auth0|a", "artists list auth0|a"),
    *("db status", "profile show auth0|a", "undo last --dry-run"),
    r"query SELECT\ E'a\\b',\ user_id,\ plays\ FROM\ musicctl.listeners",
)


@pytest.fixture
def filled(sandbox: Sandbox, program: Program) -> Iterator[Sandbox]:
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]}, plays=100)
    sandbox.add_user("auth0|b", app_metadata={"roles": [EDITOR]}, plays=1)
    sandbox.query("INSERT INTO user_data VALUES ('auth0|a', 'be\\at')")
    sandbox.query("INSERT INTO songs (song_id, songname, user_id) VALUES (E'\\\\x41', E'S\\\\''', 'auth0|a')")
    assert program("roles", "pin", "auth0|b", "--state", "granted", "--reason", r"a\'b", "--until", "7d")
    assert program("roles", "sync", "--yes").code == 0
    yield sandbox
    for name in ODD:
        sandbox.query(f"ALTER ROLE musicctl IN DATABASE musicctl RESET {name}")


def answers(program: Program) -> dict[str, str]:
    found = {}
    for line in READERS:
        words = [word.replace("\0", " ") for word in line.replace("\\ ", "\0").split()]
        told = program(*words, "--json")
        assert told.code in (0, 6), (line, told)
        found[line] = told.out
    return found


def test_settings_of_the_account_change_no_answer(filled: Sandbox, program: Program) -> None:
    before = answers(program)
    for name, value in ODD.items():
        filled.query(f"ALTER ROLE musicctl IN DATABASE musicctl SET {name} = '{value}'")
    assert filled.query("SHOW extra_float_digits") == [("-15",)]
    after = answers(program)
    for line, was in before.items():
        assert after[line] == was, line
    assert program("songs", "add", "auth0|a", r"O\'Re\\illy").code == 0
    assert program("songs", "list", "auth0|a", "-o", "csv").out.count(r"O\'Re\\illy") == 1
    assert program("genres", "set", "auth0|a", r"ja\'zz").code == 0
    assert program("undo", "last", "--yes").code == 0
    assert filled.query("SET standard_conforming_strings = on; SELECT fav_genre FROM user_data") == [
        ("be\\at",)
    ]
