"""Whatever stands in our tables by whoever's hand, what reads it ends as a known failure at worst."""

import pytest

from tests.faults.processes import EDITOR
from tests.program import Program, Sandbox

TABLES = ("runs", "changes", "lease", "holds", "pins", "plans", "mirror", "tenant_users", "missing")
TIMES = ("infinity", "-infinity", "294276-12-31 23:59:59+00", "4713-01-01 00:00:00+00 BC", "0001-01-01")
NUMBERS = ("bigint", "integer", "numeric")
ODDITIES: dict[str, tuple[tuple[str, ...], str]] = {
    **{time: (("timestamp with time zone",), f"'{time}'") for time in TIMES},
    "negative": (NUMBERS, "-1"),
    "enormous": (NUMBERS, "2147483647"),
    "as large as it goes": (("bigint", "numeric"), "9223372036854775807"),
    "no number": (("numeric",), "'NaN'"),
    "infinite": (("numeric",), "'Infinity'"),
    "empty": (("text",), "''"),
    "controls": (("text",), r"E'\x01\x1b[2J\u202e\r\n'"),
    "long": (("text",), "repeat('x', 100000)"),
    "an array of none": (("ARRAY",), "'{NULL}'"),
    "an array of arrays": (("ARRAY",), "'{{a,b},{c,d}}'"),
    **{
        f"JSON {json}": (("jsonb",), f"'{json}'")
        for json in ("null", "7", '"x"', "[]", "{}", "[[1]]", "1e400")
    },
}
"""What is written into the columns of some types."""

READERS = (
    ("history", "list", "--all"),
    ("history", "show", "last"),
    ("history", "show", "last", "--json"),
    ("stats",),
    ("undo", "last", "--dry-run"),
    ("roles", "explain", "auth0|b"),
    ("users", "show", "auth0|b", "--json"),
    ("roles", "holders"),
    ("roles", "pins", "--all"),
    ("roles", "plan"),
    ("mirror", "status"),
    ("history", "recover"),
    ("roles", "sync", "--yes"),
    ("roles", "hold", "--reason", "x", "--no-wait"),
    ("undo", "last", "--yes"),
)
MOST = 4_000_000
"""Characters that one command writes: some rows of some long texts."""


@pytest.fixture
def busy(sandbox: Sandbox, program: Program) -> Sandbox:
    """A sandbox in which commands have left rows of each kind."""
    sandbox.add_user("auth0|a", app_metadata={"roles": ["x"]}, plays=100)
    sandbox.add_user("auth0|b", app_metadata={"roles": [EDITOR]}, plays=1)
    assert program("roles", "sync", "--yes").code == 0
    assert program("roles", "pin", "auth0|b", "--state", "revoked", "--reason", "x").code == 0
    assert program("profile", "set-name", "auth0|a", "Ann").code == 0
    return sandbox


def spoil(sandbox: Sandbox, kinds: tuple[str, ...], value: str, *, null: bool = False) -> int:
    """Write a value into all columns of some types, one by one; how many took it."""
    spoilt = 0
    for table, column in sandbox.query(
        "SELECT table_name::text, column_name::text FROM information_schema.columns"
        " WHERE table_schema = 'musicctl' AND table_name = ANY(%s) AND (is_nullable = 'YES' OR NOT %s)"
        " AND (data_type = ANY(%s) OR %s) AND (table_name, column_name) NOT IN ("
        "('runs', 'run'), ('changes', 'run'), ('changes', 'seq'), ('runs', 'undoes'), ('mirror', 'id'))",
        list(TABLES),
        null,
        list(kinds),
        null,
    ):
        # A key may take it once alone, and a check not at all.
        sandbox.query(
            f"DO $$BEGIN UPDATE musicctl.{table} SET {column} = {value};"
            " EXCEPTION WHEN integrity_constraint_violation OR program_limit_exceeded"
            " OR data_exception THEN NULL; END$$"
        )
        spoilt += sandbox.query(f"SELECT count(*) FROM musicctl.{table}")[0][0]
    return spoilt


def read_everything(program: Program) -> None:
    for words in READERS:
        ended = program(*words)
        assert ended.code != 70, (words, ended.err)
        assert len(ended.out) + len(ended.err) < MOST, words


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_values_end_no_command_as_a_bug(busy: Sandbox, program: Program, oddity: str) -> None:
    assert spoil(busy, *ODDITIES[oddity]) > 0
    read_everything(program)


def test_what_may_be_missing_ends_no_command_as_a_bug(busy: Sandbox, program: Program) -> None:
    assert spoil(busy, (), "NULL", null=True) > 0
    read_everything(program)


@pytest.mark.parametrize("time", [*TIMES, "2999-01-01"])
def test_stats_leave_out_a_run_of_no_sound_time(busy: Sandbox, program: Program, time: str) -> None:
    assert [each["grants"] for each in program("stats", "--json").json["periods"]] == [1]
    busy.query(f"UPDATE musicctl.runs SET started_at = '{time}'")
    busy.query("UPDATE musicctl.changes SET ended_at = NULL")
    assert program("stats", "--json").json["periods"] == []
