"""`musicctl songs`."""

from musicctl.cli import saved

app = saved.commands("songs", "Saved songs of a listener.")
