"""`musicctl songs`."""

from musicctl.cli.commands import saved

app = saved.commands("songs", "Saved songs of a listener.")
