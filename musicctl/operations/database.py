"""`db init` and `db status`."""

from musicctl.operations import leftovers
from musicctl.store import schema, strangers
from musicctl.store.database import Database


def init(database: Database) -> tuple[str, ...]:
    """Create what is missing and return its names; never alters a table of the app."""
    return schema.init(database)


def warnings(database: Database) -> list[str]:
    """Return what to say of where others may create, and of what of theirs runs with our rights."""
    return [
        *(
            f"warning: in the schema {name}, where tables are looked for, others may create: {roles}"
            for name, roles in strangers.creators(database)
        ),
        *(
            f"warning: a write to {table} runs {function}, a function of {owner}, with the writer's rights"
            for table, function, owner in strangers.called(database, list(schema.APP_TABLES))
        ),
        *(
            f"warning: the event trigger {name} runs {function}, a function of {owner}, with the rights of"
            " whoever creates or drops something, such as db init"
            for name, function, owner in strangers.events(database)
        ),
    ]


def left_behind(database: Database, actor: str) -> list[str]:
    """Return what to say of what imports left in our schema when they were killed."""
    return leftovers.warnings(database, actor)


def script(database: Database) -> str:
    """Return the SQL that `init` would run now."""
    return schema.script(database)


def status(database: Database) -> dict[str, object]:
    """Return `version`, `pending` and `tables`: the migrations it has and lacks, and which tables exist.

    `columns` are those of each table, in the app's order: what a command lacks is seen there.
    """
    found = schema.status(database)
    return {
        "version": found.version,
        "pending": list(found.pending),
        "tables": found.tables,
        "columns": schema.columns(database),
    }
