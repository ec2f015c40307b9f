"""Embedded Postgres under our own lifecycle: its programs, its account, its folders, its server process."""
