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
CREATE INDEX IF NOT EXISTS users_by_email ON users (email);
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
"""

EMPTIED = ("users", "jobs", "effects", "requests")
"""What a reset empties."""
