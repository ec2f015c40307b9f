"""What others own, or have hung on something, in the schema musicctl, and where others may create.

Whoever writes to a table runs its triggers, rules and policies with his own rights: a DBA with all of them.
"""

from typing import NamedTuple

from musicctl.errors import ConfigError
from musicctl.store import naming
from musicctl.store.database import Cursor, Database
from musicctl.store.opening import PATH

SHOWN = 5

# A superuser can do anything without us; of others we trust ourselves, and the roles that we are members of.
# To a superuser every role is one of those, so that there only the account itself counts.
TRUSTED = """
    SELECT owner.oid FROM pg_roles AS owner
    WHERE owner.rolsuper OR owner.rolname = current_user
       OR (pg_has_role(owner.oid, 'MEMBER') AND NOT current_setting('is_superuser')::boolean)"""

# The staging table of an import belongs to whoever imports, and no migration touches it.
FOREIGN = f"""
    WITH trusted (owner) AS ({TRUSTED}),
         ours AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = 'musicctl'),
         tables AS (SELECT class.oid, class.relname, class.relowner, class.relkind FROM pg_class AS class
                    JOIN ours ON ours.oid = class.relnamespace WHERE class.relname NOT LIKE 'staging%%'),
         owned (what, owner) AS (
             SELECT 'the schema itself', nspowner FROM ours
             UNION ALL SELECT 'the relation ' || relname, relowner FROM tables WHERE relkind <> 't'
             UNION ALL SELECT 'the function ' || proname, proowner FROM pg_proc
                       WHERE pronamespace IN (SELECT oid FROM ours)
             UNION ALL SELECT 'the operator ' || oprname, oprowner FROM pg_operator
                       WHERE oprnamespace IN (SELECT oid FROM ours)
             UNION ALL SELECT 'the type ' || typname, typowner FROM pg_type
                       WHERE typnamespace IN (SELECT oid FROM ours) AND typrelid = 0 AND typelem = 0
             UNION ALL SELECT 'the heir ' || heir.relname || ' of ' || tables.relname, heir.relowner
                       FROM pg_inherits JOIN tables ON tables.oid = inhparent
                       JOIN pg_class AS heir ON heir.oid = inhrelid)
    SELECT what || ', which belongs to ' || pg_get_userbyid(owner) FROM owned
    WHERE owner NOT IN (SELECT owner FROM trusted)
    UNION ALL
    SELECT 'the trigger ' || tgname || ' on ' || relname FROM pg_trigger JOIN tables ON tables.oid = tgrelid
    WHERE NOT tgisinternal
    UNION ALL
    SELECT 'the rule ' || rulename || ' on ' || relname FROM pg_rewrite JOIN tables ON tables.oid = ev_class
    WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT 'the policy ' || polname || ' on ' || relname FROM pg_policy JOIN tables ON tables.oid = polrelid
    UNION ALL
    SELECT DISTINCT 'the call of ' || proname || ' in ' || tables.relname
    FROM pg_depend AS calls
    JOIN pg_proc ON pg_proc.oid = calls.refobjid AND calls.refclassid = 'pg_proc'::regclass
    LEFT JOIN pg_attrdef ON calls.classid = 'pg_attrdef'::regclass AND pg_attrdef.oid = calls.objid
    LEFT JOIN pg_constraint ON calls.classid = 'pg_constraint'::regclass AND pg_constraint.oid = calls.objid
    LEFT JOIN pg_index ON calls.classid = 'pg_class'::regclass AND indexrelid = calls.objid
    JOIN tables ON tables.oid IN (adrelid, conrelid, indrelid)
    WHERE pronamespace <> 'pg_catalog'::regnamespace
    ORDER BY 1"""

CREATORS = f"""
    WITH trusted (owner) AS ({TRUSTED})
    SELECT nspname, string_agg(
        DISTINCT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, ', ')
    FROM pg_namespace CROSS JOIN LATERAL aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS granted
    WHERE (nspname = 'musicctl' OR nspname = ANY(current_setting('{PATH}')::name[]))
      AND nspname NOT IN ('pg_catalog', 'information_schema')
      AND privilege_type = 'CREATE' AND grantee NOT IN (SELECT owner FROM trusted)
      AND pg_get_userbyid(grantee) <> 'pg_database_owner'
    GROUP BY nspname ORDER BY nspname"""

# What runs with the rights of whoever writes to a table: its triggers, and what its expressions call. Who
# owns the table may do with it what he likes, and it is his app; a third role may not.
CALLED = f"""
    WITH RECURSIVE trusted (owner) AS ({TRUSTED}),
         tables AS (
             SELECT oid, relname, relowner FROM pg_class WHERE oid = ANY(%(tables)s::regclass[])
             UNION SELECT heir.oid, heir.relname, heir.relowner FROM tables
             JOIN pg_inherits ON inhparent = tables.oid JOIN pg_class AS heir ON heir.oid = inhrelid),
         called (tied, function) AS (
             SELECT tgrelid, tgfoid FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
             UNION
             SELECT coalesce(adrelid, conrelid, indrelid, polrelid, ev_class), calls.refobjid
             FROM pg_depend AS calls
             LEFT JOIN pg_attrdef ON classid = 'pg_attrdef'::regclass AND pg_attrdef.oid = objid
             LEFT JOIN pg_constraint ON classid = 'pg_constraint'::regclass AND pg_constraint.oid = objid
             LEFT JOIN pg_index ON classid = 'pg_class'::regclass AND indexrelid = objid
             LEFT JOIN pg_policy ON classid = 'pg_policy'::regclass AND pg_policy.oid = objid
             LEFT JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = objid
             WHERE refclassid = 'pg_proc'::regclass)
    SELECT relname, proname, pg_get_userbyid(proowner) FROM tables
    JOIN called ON tied = tables.oid JOIN pg_proc ON pg_proc.oid = function
    WHERE proowner <> relowner AND proowner NOT IN (SELECT owner FROM trusted)
    ORDER BY 1, 2, 3"""

EVENTS = """
    SELECT evtname, proname, pg_get_userbyid(proowner) FROM pg_event_trigger
    JOIN pg_proc ON pg_proc.oid = evtfoid WHERE evtenabled IN ('O', 'A') ORDER BY evtname"""


class Hook(NamedTuple):
    """A function that runs with our rights, whose it is, and the table or event trigger that calls it."""

    place: str
    function: str
    owner: str


def refuse(cursor: Cursor) -> None:
    """Raise ConfigError, naming it, where anything in the schema musicctl may be the work of others."""
    cursor.execute(FOREIGN, ())
    found = [what for (what,) in cursor.fetchall()]
    if found:
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise ConfigError(
            f"the schema musicctl has what this account did not make: {'; '.join(found[:SHOWN])}{more}",
            hint="run it as the role that made the schema; what that did not make either, look at and drop",
        )


def creators(database: Database) -> list[tuple[str, str]]:
    """Return each schema where others may create, of those where we look for tables, and who they are."""

    def work(cursor: Cursor) -> list[tuple[str, str]]:
        cursor.execute(CREATORS)
        return cursor.fetchall()

    return database.run(work, doing="look who may create", read_only=True)


def called(database: Database, tables: list[str]) -> list[Hook]:
    """Return what runs with the rights of whoever writes to these tables, and is of a third role."""

    def work(cursor: Cursor) -> list[Hook]:
        there = [name.replace("%%", "%") for name in naming.found(cursor, tables).values()]
        cursor.execute(CALLED, {"tables": there})
        return [Hook(*row) for row in cursor.fetchall()]

    return database.run(work, doing="look what runs on a write", read_only=True)


def events(database: Database) -> list[Hook]:
    """Return the event triggers, which run with the rights of whoever creates anything in the database."""

    def work(cursor: Cursor) -> list[Hook]:
        cursor.execute(EVENTS)
        return [Hook(*row) for row in cursor.fetchall()]

    return database.run(work, doing="look what runs when something is created", read_only=True)
