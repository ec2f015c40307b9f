"""What one of the app's tables looks like here: an app may have fewer columns, other types, no key."""

from collections.abc import Iterable
from typing import NamedTuple

from psycopg2 import sql

from musicctl.errors import ConfigError
from musicctl.store import naming
from musicctl.store.database import Cursor
from musicctl.store.kinds import Kind

# A unique index counts when it is on columns alone, and on every row.
UNIQUE = """
    SELECT coalesce(jsonb_agg(names), '[]') FROM (
        SELECT (SELECT jsonb_agg(attname ORDER BY place)
                FROM unnest(indkey::int2[]) WITH ORDINALITY AS part (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number
                WHERE place <= indnkeyatts) AS names
        FROM pg_index WHERE indrelid = class.oid AND indisunique AND indisvalid
          AND indpred IS NULL AND indexprs IS NULL) AS indexes"""
COLUMNS = f"""
    SELECT space.nspname, class.relname, class.relkind::text,
           class.relkind = 'v' OR class.relrowsecurity
               OR EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = class.oid AND NOT tgisinternal)
               OR EXISTS (SELECT 1 FROM pg_rewrite WHERE ev_class = class.oid AND rulename <> '_RETURN'),
           ({UNIQUE}), attribute.attname, format_type(atttypid, atttypmod), attnotnull,
           atthasdef OR attidentity <> '', attidentity = 'a', attgenerated <> '', format_type(atttypid, NULL)
    FROM pg_class AS class
    JOIN pg_namespace AS space ON space.oid = class.relnamespace
    JOIN pg_attribute AS attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
    WHERE class.oid = ({naming.FIND.format(name="%s")}) ORDER BY attnum"""
TEXTS = ("text", "character varying")


class Column(NamedTuple):
    """One column: `type` is its SQL, and `base` the same without a length.

    `always` says that Postgres alone numbers it, `generated` that it computes it.
    """

    type: str
    required: bool
    default: bool
    always: bool
    generated: bool = False
    base: str = "text"

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, and compares with them as they stand."""
        return self.type.partition("(")[0] in TEXTS


class Shape(NamedTuple):
    """Where the table of a kind is, and its columns by their names.

    `relkind` is what Postgres' catalogue calls it, `v` a view; `watched` says that triggers, rules or
    policies may do something else with a write than it says; `unique` are the columns of each unique index.
    """

    kind: Kind
    table: sql.Identifier
    columns: dict[str, Column]
    relkind: str = "r"
    watched: bool = False
    unique: tuple[tuple[str, ...], ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """Those of the kind's columns that the table has."""
        return tuple(name for name in self.kind.columns if name in self.columns)

    @property
    def is_view(self) -> bool:
        """Whether it is a view, which has no indexes that could tell what is unique."""
        return self.relkind == "v"

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns of ours that tell one row from every other: the id, or it and others; else none."""
        ours = [names for names in self.unique if self.kind.key in names and set(names) <= set(self.known)]
        return min(ours, key=len, default=())

    @property
    def has_key(self) -> bool:
        """Whether one row can be told from every other."""
        return bool(self.identity)

    @property
    def name(self) -> str:
        """Its name for people, with its schema."""
        return ".".join(self.table.strings)

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

    def compared(self, name: str) -> sql.Composable:
        """Return a column as it is compared with a text: types that others define compare as texts."""
        foreign = "." in self.columns[name].base
        return sql.SQL("{}::text" if foreign else "{}").format(sql.Identifier(name))

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


def of(cursor: Cursor, kind: Kind, doing: str) -> Shape:
    """Return the shape of the table that the account would find; raises ConfigError when there is none."""
    cursor.execute(COLUMNS, (kind.table,))
    rows = cursor.fetchall()
    if not rows:
        raise ConfigError(
            f'cannot {doing}: the table "{kind.table}" does not exist',
            hint="musicctl db status shows what is there, and db init makes what is missing",
        )
    schema, name, relkind, watched, unique = rows[0][:5]
    columns = {str(row[5]): Column(*row[6:]) for row in rows}
    return Shape(
        kind, sql.Identifier(schema, name), columns, relkind, watched, tuple(tuple(names) for names in unique)
    )
