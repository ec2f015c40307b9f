"""Which of the app's tables are meant, and SQL that means the same whatever others put into the database.

Whoever may CREATE in a schema of the account's search path may define what an operator or a function means.
Ours are all of pg_catalog: the path of our transactions has nothing else, and SQL that must share a statement
with a person's own, who counts on the account's path, says so at each of them.
"""

import re
from collections.abc import Mapping, Sequence

from psycopg2 import sql

from musicctl.store.database import Cursor
from musicctl.store.opening import PATH, TO_ACCOUNTS

# The first schema of the account's path that has it. Where several do, others may have put one before the
# app's own: then it is the first of those whose owner is not just anybody.
FIND = f"""
    SELECT class.oid
    FROM unnest(current_setting('{PATH}')::name[]) WITH ORDINALITY AS path (name, place)
    JOIN pg_namespace AS space ON space.nspname = path.name
    JOIN pg_class AS class ON class.relnamespace = space.oid AND class.relname = {{name}}
         AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY class.relowner = space.nspowner
             OR class.relowner = (SELECT datdba FROM pg_database WHERE datname = current_database())
             OR EXISTS (SELECT FROM pg_roles AS owner WHERE owner.oid = class.relowner AND (
                 owner.rolsuper OR owner.rolname = current_user OR (
                     NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                     AND pg_has_role(owner.oid, 'MEMBER')))) DESC,
             path.place LIMIT 1"""

AS_ACCOUNT = f"SELECT {TO_ACCOUNTS}"
"""What makes names mean what they mean to the account, until the transaction ends or AS_OURS."""

AS_OURS = "SET LOCAL search_path = pg_catalog, pg_temp"

LEAVING = f"({AS_ACCOUNT} IS NOT NULL)"
"""A condition that is always true, of statements that write to the app's tables, for `write`.

The app's triggers, and what else of it runs then, may name things without their schema. Our own names have
been read by the time that the condition is looked at, once, before the first row."""

# Of those that our SQL beside a person's own has. What is not here is grammar, and means one thing only.
FUNCTIONS = "abs|clock_timestamp|count|floor|lower|max|min|now|strpos|sum|width_bucket"
OPERATOR = re.compile(r"(?<= )(<=|>=|<>|=|<|>|@>|\|\||\+|-)(?= )")
FUNCTION = re.compile(rf"(?<![\w.])({FUNCTIONS})\(")
TYPE = re.compile(r"::(text|float8|date)\b")


def table(cursor: Cursor, name: str) -> str:
    """Return where one of the app's tables is, as SQL for a statement with parameters.

    It is the bare name where there is none, for Postgres to say so.
    """
    return found(cursor, [name]).get(name, name)


def found(cursor: Cursor, names: list[str]) -> dict[str, str]:
    """Return where those of the app's tables are that there are, as SQL for a statement with parameters."""
    cursor.execute(
        "SELECT asked.name, quote_ident(space.nspname) || '.' || quote_ident(class.relname)"
        f" FROM unnest(%s) AS asked (name)"
        f" JOIN pg_class AS class ON class.oid = ({FIND.format(name='asked.name')})"
        " JOIN pg_namespace AS space ON space.oid = class.relnamespace",
        (names,),
    )
    # psycopg2 reads % as the start of a parameter.
    return {name: table.replace("%", "%%") for name, table in cursor.fetchall()}


def write(
    cursor: Cursor,
    statement: str | sql.Composable,
    values: Sequence[object] | Mapping[str, object] | None = None,
) -> None:
    """Run a statement with the condition LEAVING, and go back to our path behind it."""
    cursor.execute(statement, values)
    with cursor.connection.cursor() as other:  # `cursor` keeps what the statement returned
        other.execute(AS_OURS)


def qualified(statement: str) -> str:
    """Return SQL of ours with the schema of every operator, function and type in it.

    It must have spaces around its operators, and none that the grammar hides: no IN, BETWEEN or USING.
    """
    statement = OPERATOR.sub(r"OPERATOR(pg_catalog.\1)", statement)
    statement = FUNCTION.sub(r"pg_catalog.\1(", statement)
    return TYPE.sub(r"::pg_catalog.\1", statement)
