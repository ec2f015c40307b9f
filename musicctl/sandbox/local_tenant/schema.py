"""The tables of the tenant's state in SQLite."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    seq           INTEGER PRIMARY KEY,
    user_id       TEXT NOT NULL UNIQUE,
    email         TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    app_metadata  TEXT,
    user_metadata TEXT,
    root          TEXT
);
DROP INDEX IF EXISTS users_by_email;
CREATE INDEX IF NOT EXISTS users_by_any_case ON users (email COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS unindexed (
    seq INTEGER PRIMARY KEY, user_id TEXT NOT NULL, at INTEGER NOT NULL, prior TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS signing_keys (seq INTEGER PRIMARY KEY AUTOINCREMENT, pem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS client_keys (pem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS assertions (jti TEXT PRIMARY KEY, ends REAL NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, body TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    user_id TEXT, body TEXT NOT NULL, correlation_id TEXT
);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    status INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS actions (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, content TEXT NOT NULL,
    drafted_at INTEGER NOT NULL, built_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS action_versions (
    id TEXT PRIMARY KEY, action_id TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL,
    drafted_at INTEGER NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS action_bindings (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trigger_id TEXT NOT NULL, action_id TEXT NOT NULL,
    display_name TEXT NOT NULL, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS rules (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, script TEXT NOT NULL,
    enabled INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS passwords (
    user_id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (
    name TEXT NOT NULL, value TEXT NOT NULL, endpoint TEXT NOT NULL, rate REAL NOT NULL, count INTEGER,
    seed INTEGER NOT NULL, requests INTEGER NOT NULL, hits INTEGER NOT NULL, PRIMARY KEY (name, endpoint)
);
"""

EMPTIED = (
    "users",
    "unindexed",
    "client_keys",
    "assertions",
    "jobs",
    "effects",
    "requests",
    "actions",
    "action_versions",
    "action_bindings",
    "rules",
    "passwords",
    "faults",
)
"""What a reset empties."""
