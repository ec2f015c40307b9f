"""`musicctl artists`."""

from musicctl.cli.commands import saved

app = saved.commands("artists", "Saved artists of a listener.")
