"""Values that stand elsewhere: `env:NAME`, `file:PATH` and `cmd:COMMAND`, read when they are asked for."""

from pathlib import Path

from musicctl import disk
from musicctl.settings.environment import variables

PATIENCE = 30.0
"""Seconds that a command may take."""

KINDS = ("env", "file", "cmd")
PRIVATE = 0o077
LARGEST = 1 << 20
"""Bytes that are read of a file, or of what a command prints; a secret is never near that long."""


def kind(value: object) -> str | None:
    """Return which kind of reference a value is, or None for a value that stands for itself."""
    if not isinstance(value, str):
        return None
    word, colon, _ = value.partition(":")
    return word if colon and word in KINDS else None


def shown(value: object) -> str:
    """Return a reference as people may see it: the text of a command may hold a secret."""
    return "cmd:" if kind(value) == "cmd" else str(value)


def resolved(value: object, *, secret: bool) -> object:
    """Return what a value stands for; raises ValueError, which never repeats what was read."""
    found = kind(value)
    if found is None:
        return value
    target = str(value).partition(":")[2]
    if found == "env":
        return _variable(target)
    return _file(_path(target), secret=secret) if found == "file" else _command(target)


def _variable(name: str) -> str:
    value = variables().get(name)
    if value is None:
        raise ValueError(f"the environment variable {name} is not set")
    return value


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("the file is in the home folder of a user who is not there") from None


def _file(path: Path, *, secret: bool) -> str:
    try:
        if secret and path.stat().st_mode & PRIVATE:
            raise ValueError(f"the file {path} can be read by others; chmod 600 it")
        return disk.read(path, LARGEST, pipes=True).decode().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not UTF-8") from None


def _command(command: str) -> str:
    from musicctl.settings import commands

    try:
        return commands.output(command, most=LARGEST, seconds=PATIENCE).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("the command printed something that is not UTF-8") from None
