"""What a person may say about faults: names, values and places, read strictly."""

import re
import secrets
from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from typing import NamedTuple

from musicctl.errors import UsageError
from musicctl.sandbox.local_tenant import faults
from musicctl.sandbox.local_tenant.app import ROUTES
from musicctl.sandbox.local_tenant.calls import Route
from musicctl.sandbox.local_tenant.endpoints import pattern
from musicctl.sandbox.local_tenant.faults import REACH, Fault
from musicctl.sandbox.local_tenant.storage import Storage

FAILURES = "|".join(str(int(status)) for status in HTTPStatus if status >= 400)
SECONDS = r"[0-9]{1,4}(?:\.[0-9]{1,6})?"


class Value(NamedTuple):
    """What a fault may be set to: a pattern, the same in words, and what it is when nothing is said."""

    pattern: str
    words: str
    default: str | None = None


VALUES = {
    faults.STATUS: Value(FAILURES, "an HTTP status from 400 to 599, such as status=503"),
    faults.LATENCY: Value(SECONDS, "seconds, such as latency=0.05"),
    faults.LATE: Value(rf"(?![0.]+$){SECONDS}", "seconds above 0, such as late=0.3", "0.3"),
    faults.TRUNCATE_EXPORT: Value("gzip|half-line", "gzip or half-line", "gzip"),
    faults.OUTSIDE_EDIT: Value(
        r"(?:[+-]|(?![+-]))(?!@read$).+", "a role, such as outside-edit=+ROLE, -ROLE or +ROLE@read"
    ),
    faults.RATELIMIT_HEADER: Value("past|far|junk|-?[0-9]{1,20}", "past, far, junk or a number"),
}
"""All other faults are just on."""


def switch_on(
    storage: Storage,
    *words: str,
    endpoint: str = "",
    rate: float = 1.0,
    count: int | None = None,
    seed: int | None = None,
) -> None:
    """Switch faults on, each a NAME or NAME=VALUE, all or none.

    Without a seed one is drawn, and shown with the fault. Raises UsageError, naming what is allowed.
    """
    chosen = secrets.randbelow(2**31) if seed is None else seed
    place = _endpoint(endpoint)
    faults.put(storage, [_placed(Fault(*_named(word), place, rate, count, chosen)) for word in words])


def _named(word: str) -> tuple[str, str]:
    """Return the name and the value of one word."""
    name, given, text = word.partition("=")
    if name not in REACH:
        raise _unknown(name)
    wanted = VALUES.get(name)
    if wanted is None:
        if given:
            raise UsageError(f"{name} takes no value", hint=f"musicctl sandbox faults set {name}")
        return name, ""
    if not given and wanted.default is not None:
        return name, wanted.default
    if not given:
        raise UsageError(f"{name} needs a value", hint=wanted.words)
    if not re.fullmatch(wanted.pattern, text):
        raise UsageError(f"{word}: this value is not allowed", hint=wanted.words)
    return name, text


def _unknown(name: str) -> UsageError:
    near = get_close_matches(name, REACH, n=1)
    told = f"did you mean {near[0]}?" if near else f"there are: {', '.join(REACH)}"
    return UsageError(f"there is no fault {name}", hint=told)


def _endpoint(text: str) -> str:
    """Return a pattern of endpoints as it is kept; raises UsageError when none of the tenant's is meant."""
    if not text:
        return ""
    try:
        routes = _routes(text)
    except ValueError:
        hint = "a method and a path, such as PATCH /users"
        raise UsageError(f"{text!r} is no endpoint", hint=hint) from None
    if not routes:
        raise UsageError(f"the local tenant has no endpoint {text}", hint=_known())
    method, _, path = text.strip().rpartition(" ")
    return f"{method.strip().upper()} {path}".strip()


def _placed(fault: Fault) -> Fault:
    """Return a fault that can strike something where it was put."""
    if fault.endpoint:
        routes = _routes(fault.endpoint)
        if not any(route in routes for each in fault.reach for route in _routes(each)):
            places = ", ".join(fault.reach)
            raise UsageError(f"{fault.name} cannot strike {fault.endpoint}", hint=f"it strikes {places}")
    return fault


def _routes(text: str) -> list[Route]:
    """Return the tenant's endpoints that a pattern may mean; raises ValueError when it is none."""
    wanted = pattern(text)
    return [route for route in ROUTES if wanted.overlaps(route.method, route.path)]


def _known() -> str:
    found: Iterable[str] = (f"{route.method} {route.path.removeprefix('/api/v2')}" for route in ROUTES)
    return f"there are: {', '.join(sorted(found))}"
