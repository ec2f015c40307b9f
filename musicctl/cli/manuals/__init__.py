"""What the help of each command shows beside its options: two examples, and the exit codes it can give.

Loaded when a help is printed, and when a hint names a command; never before a command does its work.
"""

from musicctl.cli.manuals import listeners, operation, tenant
from musicctl.cli.manuals.manual import Manual

MANUALS: dict[str, Manual] = {**listeners.MANUALS, **tenant.MANUALS, **operation.MANUALS}
"""By the command's words, such as `songs list`."""
