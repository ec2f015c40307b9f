"""Postgres: connections, the app's tables, and our own schema. All SQL is here."""
