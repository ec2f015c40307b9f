"""`-v`, the option of every command with a profile: whether each request to the tenant is told of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from musicctl.cli.options import Verbose, options_of

_VERBOSE: ContextVar[bool] = ContextVar("verbose", default=False)


def options(own: Sequence[Any]) -> list[Any]:
    """Return the option for a command with these of its own: none for one without a profile."""
    return list(_options()) if any("--profile" in param.opts for param in own) else []


@contextmanager
def telling(given: dict[str, Any]) -> Iterator[None]:
    """Take the option out of what a command was given; inside, `is_on` says what it was."""
    token = _VERBOSE.set(given.pop("verbose", False))
    try:
        yield
    finally:
        _VERBOSE.reset(token)


def is_on() -> bool:
    """Tell whether the command was asked to be verbose."""
    return _VERBOSE.get()


@cache
def _options() -> list[Any]:
    def having(verbose: Verbose = False) -> None:
        pass

    return options_of(having)
