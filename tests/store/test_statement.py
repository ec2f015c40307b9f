"""Reading a person's SQL: one statement that begins with a word that reads, as Postgres' scanner sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import UsageError
from musicctl.store import statement
from musicctl.store.database import Cursor, Database, one_row
from musicctl.store.opening import Opening

ONE = [
    "select 1",
    "SELECT 1;",
    " \n-- a comment; with a semicolon\n select 1 ; ; -- and one after\n",
    "/* a /* nested; */ one; */ select 1",
    "select ';', ';''', 1 as \"a;b\", $$;$$, $tag$ ; $$ ; $tag$",
    r"select E'\';', e'\\' , ';'",
    "select E'a' -- goes on\n  '\\';'",
    "select U&'\\0061;' , N'x;', B'1', X'1f'",
    "select 1 as a$b$, 2 as c$b$",
    "select 'é;' as é",
    "(select 1) union (select 2)",
    "with a as (select 1) table a",
    "values (1)",
    "explain select 1",
    "show all",
]


@pytest.mark.parametrize("text", ONE)
def test_one_statement(text: str) -> None:
    read = statement.read(text)
    assert read.bound({}) in text
    assert read.verb in statement.READING


SEVERAL = [
    "select 1; drop table songs",
    "select 1 /* ; */; drop table songs",
    "select '\\'; drop table songs; --'",
    "select $a$ $b$ $a$; drop table songs",
    "select 1 as a$x$; drop table songs; --$x$",
    "select E'a'\n'b'; drop table songs",
    "select 'a' -- \n; drop table songs",
    "select 'a'\n'\\'; drop table songs --'",
    "select 1 as café; drop table songs",
    "select /* /* */ */ 1; drop table songs",
]


@pytest.mark.parametrize("text", [*SEVERAL, "; select 1", "select 1;\xa0", "select 1; -- x\n 2"])
def test_several_statements_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="more than one statement"):
        statement.read(text)


@pytest.mark.parametrize("text", ONE)
def test_postgres_reads_one_statement_too(database: Database, text: str) -> None:
    def work(cursor: Cursor) -> int:
        cursor.execute(text)
        return cursor.rowcount

    assert database.run(work, doing="ask", opening=Opening(own_path=True)) > 0


@pytest.mark.parametrize("text", SEVERAL)
def test_postgres_reads_several_statements_too(database: Database, text: str) -> None:
    def work(cursor: Cursor) -> object:
        cursor.execute(text)
        cursor.execute("SELECT to_regclass('songs')")
        return one_row(cursor)[0]

    assert database.run(work, doing="ask", opening=Opening(own_path=True)) is None


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("update songs set songname = 'x'", "UPDATE"),
        ("-- select\ndelete from songs", "DELETE"),
        ("/* select */ DROP TABLE songs", "DROP"),
        ("copy songs to stdout", "COPY"),
        ("set transaction read write", "SET"),
        ("begin", "BEGIN"),
        ("selectx 1", "SELECTX"),
        ("'select'", "'SELECT'"),
        ("((insert into songs values (1)))", "INSERT"),
        ("", "nothing"),
        ("-- nothing", "nothing"),
    ],
)
def test_what_does_not_begin_as_a_query_is_refused(text: str, verb: str) -> None:
    with pytest.raises(UsageError, match=f"not with {verb}"):
        statement.read(text)


@pytest.mark.parametrize(
    "text", ["select 'a", 'select "a', "select $$a$", "select $a$ $b$", "select E'\\'", "/* /* */"]
)
def test_what_is_never_closed_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="never closed"):
        statement.read(text)


def test_only_explain_and_show_come_whole() -> None:
    assert [
        statement.read(text).has_cursor for text in ("select 1", "table a", "explain select 1", "show all")
    ] == [
        True,
        True,
        False,
        False,
    ]


def test_parameters_are_literals_outside_of_quotes_alone() -> None:
    read = statement.read("select %(a)s, '%(a)s', 10 % 3, \"%(b)s\", x like 'a%' -- %(c)s\n, %(b)s")
    assert read.bound({"a": "O'Hara", "b": "back\\slash"}) == (
        "select  'O''Hara' , '%(a)s', 10 % 3, \"%(b)s\", x like 'a%' -- %(c)s\n,  E'back\\\\slash' "
    )


def test_parameters_that_do_not_fit_are_refused() -> None:
    read = statement.read("select %(a)s")
    with pytest.raises(UsageError, match=r"has %\(a\)s, which no --param sets"):
        read.bound({})
    with pytest.raises(UsageError, match=r"--param b is for a %\(b\)s that the query does not have"):
        read.bound({"a": "1", "b": "2"})


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_value_is_one_literal_whatever_it_is(value: str) -> None:
    bound = statement.read("select E'x'\n, %(a)s , 1").bound({"a": value})
    pieces = statement.read(bound).pieces
    assert [piece.text for piece in pieces[-4:]][1:] == [",", " ", "1"]
    quoted = [piece.text for piece in pieces if piece.kind is statement.Kind.QUOTED]
    assert len(quoted) == 2
