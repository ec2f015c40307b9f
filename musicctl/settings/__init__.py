"""Settings: made once by each command, passed down, and never read from anywhere else."""

from musicctl.settings.model import Settings
from musicctl.settings.profiles import load, unused_variables

__all__ = ["Settings", "load", "unused_variables"]
