"""Settings: made once by each command, passed down, and never read from anywhere else."""

from musicctl.settings.model import Settings
from musicctl.settings.profiles import load, profile_names, unused_variables

__all__ = ["Settings", "load", "profile_names", "unused_variables"]
