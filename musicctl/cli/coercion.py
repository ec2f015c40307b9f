"""Turns the words of a command line into values without pydantic, which would cost every start 100 ms.

Typer 0.29 builds a pydantic adapter for each parameter when it is first used, unless the private attribute
`_runtime_param` is set already. pyproject.toml pins 0.29 and a test fails when that changes.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args, get_origin

import typer
from typer._coercion import RuntimeParam

NAMES = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class PlainParam(RuntimeParam):
    """Coerces str, int, float, bool, Path and Enum, and lists of them."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        annotation: Any = self.annotation
        if get_origin(annotation) is list:
            item = get_args(annotation)[0]
            return [_coerced(each, item, param, ctx, self.parameter_info) for each in value]
        return _coerced(value, annotation, param, ctx, self.parameter_info)


def _coerced(value: Any, kind: Any, param: Any, ctx: Any, info: Any) -> Any:
    if isinstance(value, kind):
        return value
    try:
        made = kind(value)
    except ValueError:
        told = f"{value!r} is not {_wanted(kind)}{_did_you_mean(value, kind)}"
        raise typer.BadParameter(told, ctx=ctx, param=param) from None
    if kind in NAMES and not _within(made, info.min, info.max):
        raise typer.BadParameter(f"{value} is not {_range(info.min, info.max)}.", ctx=ctx, param=param)
    return made


def _wanted(kind: Any) -> str:
    if issubclass(kind, Enum):
        return "one of " + ", ".join(str(each.value) for each in kind)
    return NAMES.get(kind, f"a {kind.__name__}")


def _did_you_mean(value: str, kind: Any) -> str:
    if not issubclass(kind, Enum):
        return ""
    from difflib import get_close_matches

    near = get_close_matches(value.lower(), [str(each.value) for each in kind], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _within(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low} or more"
    return f"{high} or less" if low is None else f"from {low} to {high}"


def plain(param: Any) -> Any:
    """Make a parameter of Typer's coerce its words here, and return it."""
    descriptor = param.type_descriptor
    param._runtime_param = PlainParam(descriptor.parameter_info, descriptor.annotation)
    return param
