"""The process environment: the only place that reads os.environ, handed on as plain values."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from musicctl.errors import ConfigError
from musicctl.settings import libpqs

PROGRAM_VARIABLES = (
    "MUSICCTL_CONFIG",
    "MUSICCTL_OUTPUT",
    "MUSICCTL_PG_BIN",
    "MUSICCTL_PROFILE",
    "MUSICCTL_SANDBOX",
)
"""What is read here and by the choice of a profile, beside the settings."""

HANDED_ON = frozenset({"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH"})
"""What background processes are given, with the variables of the locale; of all others, none."""


def variables() -> Mapping[str, str]:
    """Return the environment without its empty variables: an empty one counts as unset."""
    return {name: value for name, value in libpqs.whole_environment().items() if value}


def person_present() -> bool:
    """Tell whether any standard stream is a terminal; cron has none."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def actor() -> str:
    """Return who runs this, as account@host; an account without a name, as in a container, is its number.

    The account is the system's own: variables such as USER can say anything.
    """
    account = os.geteuid()
    try:
        name = pwd.getpwuid(account).pw_name
    except KeyError:
        name = str(account)
    return f"{name}@{os.uname().nodename}"


def config_path() -> Path:
    """Return the path of the configuration file: MUSICCTL_CONFIG, else config.toml in the user's folder."""
    named = _path("MUSICCTL_CONFIG")
    if named is not None:
        return named
    from platformdirs import user_config_path

    return user_config_path("musicctl") / "config.toml"


def sandbox_folder() -> Path:
    """Return the folder of the sandbox: MUSICCTL_SANDBOX, else `sandbox` in the user's data folder."""
    named = _path("MUSICCTL_SANDBOX")
    if named is not None:
        return named.absolute()
    from platformdirs import user_data_path

    return user_data_path("musicctl") / "sandbox"


def postgres_programs() -> Path | None:
    """Return the folder of the server programs that MUSICCTL_PG_BIN names, or None."""
    named = _path("MUSICCTL_PG_BIN")
    return None if named is None else named.absolute()


def handed_on(account: int) -> dict[str, str]:
    """Return the environment for background processes of an account: what a program needs, and no secret.

    Whatever runs as that account can read it for as long as they live.
    """
    found = {name: value for name, value in os.environ.items() if name in HANDED_ON or name.startswith("LC_")}
    try:
        entry = pwd.getpwuid(account)
    except KeyError:
        return found
    return found | {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}


def cache_folder() -> Path:
    """Return the user's cache folder of this program."""
    from platformdirs import user_cache_path

    return user_cache_path("musicctl")


def output_format() -> str | None:
    """Return the format that MUSICCTL_OUTPUT asks for, or None."""
    return variables().get("MUSICCTL_OUTPUT")


def completing() -> str | None:
    """Return the shell that asks what a word may become, or None."""
    return os.environ.get("_MUSICCTL_COMPLETE") or None


def _path(variable: str) -> Path | None:
    named = variables().get(variable)
    try:
        return None if named is None else Path(named).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{variable} starts with the home folder of a user who is not there", hint="name a whole path"
        ) from None
