"""Administer a music app's listeners over Postgres and Auth0."""

__version__ = "0.1.0"
