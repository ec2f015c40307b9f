"""Which profile is in force, and the values it gives: from the file, the environment or the sandbox."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from musicctl.errors import ConfigError, UnavailableError
from musicctl.settings import references, sandbox_state
from musicctl.settings.environment import config_path, person_present, sandbox_folder, variables
from musicctl.settings.model import FROM_PLAIN_VARIABLES, SETTINGS, Settings, Value, environment_variable

SECRET_FILE = "AUTH0_CLIENT_SECRET_FILE"  # noqa: S105 -- a name
RESERVED = ("env", "sandbox")


def load(profile: str | None = None, *, present: bool | None = None) -> Settings:
    """Return the settings of `profile`, or of the one that the environment, file or sandbox offers.

    Raises ConfigError when there is none, or several and none is named, and UnavailableError when the
    sandbox is named and down. A named profile never takes a value from the environment.
    """
    named = profile or variables().get("MUSICCTL_PROFILE")
    if named is not None:
        return _named(named)
    default = _default_of_file()
    if _in_environment() and default is not None:
        raise ConfigError(
            f"both the environment and {config_path()} (profile {default}) say where to go",
            hint=f"choose with -P env or -P {default}",
        )
    if _in_environment():
        return _environment()
    if default is not None:
        return _named(default)
    return _sandbox_if_up(person_present() if present is None else present)


def _named(name: str) -> Settings:
    if name == "env":
        return _environment()
    if name == "sandbox":
        return _sandbox()
    tables = _tables()
    if name not in tables:
        known = [*tables, *RESERVED]
        near = get_close_matches(name, known) or known
        raise ConfigError(f"there is no profile {name}", hint=f"there are: {', '.join(near)}")
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
    return Settings("env", given)


def _in_environment() -> bool:
    names = {SECRET_FILE, *(environment_variable(name) for name in FROM_PLAIN_VARIABLES)}
    return not names.isdisjoint(variables())


def _sandbox() -> Settings:
    state = sandbox_state.read(sandbox_folder())
    if state is None or not sandbox_state.is_up(sandbox_folder(), state):
        raise UnavailableError("the sandbox is down", hint="musicctl sandbox up")
    given = {name: Value(getattr(state, name), "sandbox") for name in FROM_PLAIN_VARIABLES}
    return Settings("sandbox", given)


def _sandbox_if_up(present: bool) -> Settings:
    if present:
        try:
            chosen = _sandbox()
        except UnavailableError:
            pass
        else:
            chosen.note = "using the sandbox, since nothing else is configured"
            return chosen
    raise ConfigError(
        "nothing is configured: no profile, no environment variable, no default in a file",
        hint=f"try `musicctl demo`; or set DATABASE_URL and AUTH0_DOMAIN, or write {config_path()}",
    )


def _default_of_file() -> str | None:
    default = _file().get("profile")
    return None if default is None else str(default)


def _tables() -> Mapping[str, object]:
    tables = _file().get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(f"{config_path()}: profiles must be tables such as [profiles.prod]")
    for name in RESERVED:
        if name in tables:
            raise ConfigError(f"{config_path()}: the profile name {name} is reserved", hint="rename it")
    return tables


def _file() -> Mapping[str, object]:
    import tomllib

    path = config_path()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {_where(error)}") from None
    for key in found:
        _refuse_unknown(key, ("profile", "profiles"), str(path))
    if not isinstance(found.get("profile", ""), str):
        raise ConfigError(f"{path}: profile must be the name of a profile")
    return found


def _where(error: ValueError) -> str:
    """Return the line of a syntax error and nothing of the text, which may hold a secret."""
    return str(error).rpartition("(")[2].rstrip(")") if "(at " in str(error) else "it is not UTF-8"


def _of_table(name: str, table: object) -> dict[str, Value]:
    path = config_path()
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [profiles.{name}] must be a table")
    origin = f"{path.name} [profiles.{name}]"
    for key in table:
        _refuse_unknown(key, tuple(SETTINGS), f"{path} [profiles.{name}]")
    if any(_is_literal_secret(key, value) for key, value in table.items()):
        _refuse_readable(path)
    return {key: Value(value, origin) for key, value in table.items()}


def _refuse_unknown(key: str, known: tuple[str, ...], place: str) -> None:
    if key not in known:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise ConfigError(f"{place}: there is no setting {key}", hint=hint)


def _is_literal_secret(key: str, value: object) -> bool:
    if not SETTINGS[key].secret or references.kind(value) is not None:
        return False
    return not key.startswith("database") or _has_password(str(value))


def _has_password(url: str) -> bool:
    authority = url.partition("://")[2]
    return ":" in authority.rpartition("@")[0] or "password=" in url


def _refuse_readable(path: Path) -> None:
    """Raise ConfigError unless a file that holds a secret is ours and nobody else can read it."""
    found = path.stat()
    if found.st_mode & references.PRIVATE or found.st_uid != os.getuid():
        raise ConfigError(
            f"{path} holds a secret and can be read by others, or is not ours",
            hint=f"chmod 600 {path}; or move the secret out with file:, env: or cmd:",
        )
