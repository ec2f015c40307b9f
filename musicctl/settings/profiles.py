"""Which profile is in force, and the values it gives: from the file, the environment or the sandbox."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from musicctl import disk
from musicctl.errors import ConfigError, UnavailableError
from musicctl.settings import libpqs, references, shown
from musicctl.settings.environment import (
    PROGRAM_VARIABLES,
    config_path,
    person_present,
    sandbox_folder,
    variables,
)
from musicctl.settings.model import FROM_PLAIN_VARIABLES, SETTINGS, Settings, Value, environment_variable

SECRET_FILE = "AUTH0_CLIENT_SECRET_FILE"  # noqa: S105 -- a name
RESERVED = ("env", "sandbox")
PREFIX = "MUSICCTL_"
LARGEST = 1 << 20
"""Bytes that are read of the file; none is near that long."""

SANDBOX_NAMESPACE = "https://music.example.com"


def load(profile: str | None = None, *, present: bool | None = None) -> Settings:
    """Return the settings of `profile`, or of the one that the environment, file or sandbox offers.

    Raises ConfigError when there is none, or several and none is named, and UnavailableError when the
    sandbox is named and down. A named profile never takes a value from the environment.
    """
    named = profile or variables().get("MUSICCTL_PROFILE")
    if named is not None:
        return _named(named)
    default = _default_of_file()
    if _in_environment() and default not in {None, "env"}:
        raise ConfigError(
            f"both the environment and {config_path()} (profile {default}) say where to go",
            hint=f"choose with -P env or -P {default}",
        )
    if _in_environment():
        return _environment()
    if default is not None:
        return _named(default)
    return _sandbox_if_up(person_present() if present is None else present)


def profile_names() -> tuple[str, ...]:
    """Return what -P may name: the tables of the file, and the two that are always there."""
    return (*_tables(), *RESERVED)


def unused_variables(profile: str) -> list[str]:
    """Return a sentence for each MUSICCTL_ variable that is set and means nothing to the profile in force."""
    said = []
    settings = {environment_variable(name) for name in SETTINGS}
    for variable in sorted(name for name in variables() if name.startswith(PREFIX)):
        if variable in settings and profile != "env":
            said.append(f"{variable} is set, and the profile {profile} does not use it")
        elif variable not in {*settings, *PROGRAM_VARIABLES}:
            said.append(f"{variable} is set, and means nothing to musicctl{_did_you_mean(variable)}")
    return said + _of_libpq(profile)


def _of_libpq(profile: str) -> list[str]:
    """Say that libpq's variables have no effect: an exported PGSSLMODE is not to be relied on in silence."""
    found = [] if profile in RESERVED else libpqs.variables_set()
    if not found:
        return []
    are = "is" if len(found) == 1 else "are"
    return [f"{', '.join(found)} {are} set, and the profile {profile} does not use libpq's variables"]


def _did_you_mean(variable: str) -> str:
    known = (*map(environment_variable, SETTINGS), SECRET_FILE, *PROGRAM_VARIABLES)
    bare = {each.removeprefix(PREFIX): each for each in known}  # with it, all would be much alike
    near = get_close_matches(variable.removeprefix(PREFIX), bare, n=1)
    return f"; did you mean {bare[near[0]]}?" if near else ""


def _named(name: str) -> Settings:
    if name == "env":
        return _environment()
    if name == "sandbox":
        return _sandbox()
    tables = _tables()
    if name not in tables:
        known = [*tables, *RESERVED]
        meant = "".join(f"did you mean -P {each}? " for each in get_close_matches(name, known, n=1))
        nearest_first = get_close_matches(name, known, n=len(known), cutoff=0.0)
        raise ConfigError(
            f"there is no profile {name} in {config_path()}",
            hint=f"{meant}there are: {', '.join(nearest_first)}",
        )
    if any(map(_has_literal_secret, tables.values())):
        _refuse_readable(config_path())
    return Settings(name, _of_table(name, tables[name]))


def _environment() -> Settings:
    found, given = variables(), {}
    if not _in_environment():
        raise ConfigError("the profile env has no settings", hint="set DATABASE_URL and AUTH0_DOMAIN")
    if SECRET_FILE in found and "AUTH0_CLIENT_SECRET" in found:
        raise ConfigError(f"both AUTH0_CLIENT_SECRET and {SECRET_FILE} are set", hint="unset one of them")
    for name in SETTINGS:
        variable = environment_variable(name)
        if variable in found:
            given[name] = Value(found[variable], f"environment {variable}")
    if SECRET_FILE in found:
        given["auth0_client_secret"] = Value(f"file:{found[SECRET_FILE]}", f"environment {SECRET_FILE}")
    libpqs.give_back()
    return Settings("env", given)


def _in_environment() -> bool:
    names = {SECRET_FILE, *(environment_variable(name) for name in FROM_PLAIN_VARIABLES)}
    return not names.isdisjoint(variables())


def _sandbox(note: str = "") -> Settings:
    from musicctl.settings import sandbox_state

    state = sandbox_state.read(sandbox_folder())
    if state is None or not sandbox_state.is_up(sandbox_folder(), state):
        raise UnavailableError("the sandbox is down", hint="musicctl sandbox up")
    given = {name: Value(getattr(state, name), "sandbox") for name in FROM_PLAIN_VARIABLES}
    given["claim_namespace"] = Value(SANDBOX_NAMESPACE, "sandbox")
    return Settings("sandbox", given, note)


def _sandbox_if_up(present: bool) -> Settings:
    first = "try `musicctl demo`"
    with suppress(UnavailableError):
        found = _sandbox("using the sandbox, since nothing else is configured")
        if present:
            return found
        first = "name the sandbox, which is up, with -P sandbox"  # a script is to say what it works on
    raise ConfigError(
        "nothing is configured: no profile, no environment variable, no default in a file",
        hint=f"{first}; or set DATABASE_URL and AUTH0_DOMAIN, or write {config_path()}",
    )


def _default_of_file() -> str | None:
    default = _file().get("profile")
    return None if default is None else str(default)


def _tables() -> Mapping[str, object]:
    tables = _file().get("profiles", {})
    assert isinstance(tables, dict)  # _file says so
    return tables


def _file() -> Mapping[str, object]:
    import tomllib

    path = config_path()
    written = _written(path)
    if written is None:
        return {}
    try:
        found = tomllib.loads(written.content.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is no TOML: {_where(error)}", hint="mend it there, or name another with MUSICCTL_CONFIG"
        ) from None
    for key in found:
        _refuse_unknown(key, ("profile", "profiles"), str(path))
    if not isinstance(found.get("profile", ""), str):
        raise ConfigError(
            f"{path}: profile must be the name of a profile",
            hint='write profile = "NAME", with a [profiles.NAME] below',
        )
    _refuse_wrong_tables(found.get("profiles", {}), path)
    return found


def _written(path: Path) -> disk.Found | None:
    """Return the file, or None when there is none; a `cmd:` in it is run: nobody else may write it."""
    try:
        return disk.read_trusted(path, LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        refused = error.errno == errno.EPERM  # by us: the system's is EACCES
        raise ConfigError(
            f"{path} {'is not used' if refused else 'cannot be read'}: {error.strerror}",
            hint="a file that says which commands are run must be yours or root's, on all of its path"
            if refused
            else "make it readable to you, or name another with MUSICCTL_CONFIG",
        ) from None


def _refuse_wrong_tables(tables: object, path: Path) -> None:
    if not isinstance(tables, dict):
        raise ConfigError(
            f"{path}: profiles must be tables such as [profiles.prod]",
            hint="musicctl help settings says what stands in them",
        )
    for name in RESERVED:
        if name in tables:
            raise ConfigError(f"{path}: the profile name {name} is reserved", hint="rename it")


def _where(error: ValueError | RecursionError) -> str:
    """Return the line of a syntax error and nothing of the text, which may hold a secret."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    _, bracket, place = str(error).rpartition("(at ")
    # The two errors of tomllib that give no place (Python 3.11).
    return f"at {place.rstrip(')')}" if bracket else "it is nested too deeply, or a number is too long"


def _of_table(name: str, table: object) -> dict[str, Value]:
    path = config_path()
    if not isinstance(table, dict):
        raise ConfigError(
            f"{path}: [profiles.{name}] must be a table", hint="musicctl help settings says what stands in it"
        )
    origin = f"{path.name} [profiles.{name}]"
    for key in table:
        _refuse_unknown(key, tuple(SETTINGS), f"{path} [profiles.{name}]")
    return {key: Value(value, origin) for key, value in table.items()}


def _refuse_unknown(key: str, known: tuple[str, ...], place: str) -> None:
    if key not in known:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise ConfigError(f"{place}: there is no setting {key}", hint=hint)


def _has_literal_secret(table: object) -> bool:
    return isinstance(table, dict) and any(_is_literal_secret(key, value) for key, value in table.items())


def _is_literal_secret(key: str, value: object) -> bool:
    if key not in SETTINGS or not SETTINGS[key].secret or references.kind(value) is not None:
        return False
    return not key.startswith("database") or shown.has_password(str(value))


def _refuse_readable(path: Path) -> None:
    """Raise ConfigError unless a file that holds a secret is ours and nobody else can read it."""
    written = _written(path)
    found = written and written.stat
    if found and (found.st_mode & references.PRIVATE or found.st_uid != os.getuid()):
        raise ConfigError(
            f"{path} holds a secret and can be read by others, or is not ours",
            hint=f"chmod 600 {path}; or move the secret out with file:, env: or cmd:",
        )
