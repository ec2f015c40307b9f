"""`musicctl artists`."""

from musicctl.cli import saved

app = saved.commands("artists", "Saved artists of a listener.")
