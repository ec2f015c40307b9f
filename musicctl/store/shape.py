"""What one of the app's tables looks like here: an app may have fewer columns, other types, no key."""

from collections.abc import Iterable
from typing import NamedTuple

from psycopg2 import sql

from musicctl.errors import ConfigError
from musicctl.store.database import Cursor
from musicctl.store.kinds import Kind

# A unique index counts when it is on the column alone, and on every row.
COLUMNS = """
    SELECT space.nspname, class.relname, attribute.attname, format_type(atttypid, atttypmod), attnotnull,
           atthasdef OR attidentity <> '', attidentity = 'a', EXISTS (
               SELECT 1 FROM pg_index AS index
               WHERE indrelid = class.oid AND indisunique AND indisvalid AND indnkeyatts = 1
                 AND indkey[0] = attnum AND indpred IS NULL)
    FROM pg_class AS class
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    JOIN pg_attribute AS attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
    WHERE class.oid = to_regclass(%s) ORDER BY attnum"""
TEXTS = ("text", "character varying")


class Column(NamedTuple):
    """One column: `type` is its SQL, `always` that Postgres alone makes its values."""

    type: str
    required: bool
    default: bool
    always: bool
    unique: bool

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, and compares with them as they stand."""
        return self.type.partition("(")[0] in TEXTS


class Shape(NamedTuple):
    """Where the table of a kind is, and its columns by their names."""

    kind: Kind
    table: sql.Identifier
    columns: dict[str, Column]

    @property
    def known(self) -> tuple[str, ...]:
        """Those of the kind's columns that the table has."""
        return tuple(name for name in self.kind.columns if name in self.columns)

    @property
    def has_key(self) -> bool:
        """Whether the id tells one row from every other."""
        return self.kind.key in self.columns and self.columns[self.kind.key].unique

    @property
    def shown(self) -> sql.Composable:
        """The kind's columns as SQL, with NULL for those that the table lacks."""
        names = (sql.Identifier(name) if name in self.columns else sql.NULL for name in self.kind.columns)
        return sql.SQL(", ").join(names)

    @property
    def overriding(self) -> sql.SQL:
        """What an INSERT with ids must say where Postgres alone makes them."""
        column = self.columns.get(self.kind.key)
        return sql.SQL("OVERRIDING SYSTEM VALUE" if column is not None and column.always else "")

    def as_text(self, name: str) -> sql.Composable:
        """Return a column as text; one that is text stays as it is, for the sake of its index."""
        return sql.SQL("{}" if self.columns[name].is_text else "{}::text").format(sql.Identifier(name))

    def require(self, names: Iterable[str], doing: str) -> None:
        """Raise ConfigError when one of the columns is missing that `doing`, a verb, cannot do without."""
        for name in names:
            if name not in self.columns:
                raise ConfigError(
                    f"cannot {doing}: the table {self.kind.table} has no column {name}",
                    hint=f"it has {', '.join(self.columns) or 'no column'}",
                )

    def require_insertable(self, doing: str) -> None:
        """Raise ConfigError when a column of the app's own needs a value that we do not know."""
        for name, column in self.columns.items():
            if name not in self.kind.columns and column.required and not column.default:
                raise ConfigError(
                    f"cannot {doing}: each row of the table {self.kind.table} needs a value for {name},"
                    " which has no default",
                    hint="add rows where the app does, or give the column a default",
                )


def usual(kind: Kind) -> Shape:
    """Return the shape that `db init` gives the table, where types and keys do not matter."""
    columns = {
        name: Column("text", name == kind.key, False, False, name == kind.key) for name in kind.columns
    }
    return Shape(kind, sql.Identifier(kind.table), columns)


def of(cursor: Cursor, kind: Kind, doing: str) -> Shape:
    """Return the shape of the table that the search path finds; raises ConfigError when there is none."""
    cursor.execute(COLUMNS, (kind.table,))
    rows = cursor.fetchall()
    if not rows:
        raise ConfigError(
            f'cannot {doing}: the table "{kind.table}" does not exist',
            hint="musicctl db status shows what is there, and db init makes what is missing",
        )
    columns = {str(row[2]): Column(*row[3:]) for row in rows}
    return Shape(kind, sql.Identifier(rows[0][0], rows[0][1]), columns)
