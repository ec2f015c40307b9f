"""The query of a request: its parameters, what they may be, and the fields of a profile that they select."""

import re
from collections.abc import Mapping

from musicctl.sandbox.local_tenant import profiles, refusals
from musicctl.sandbox.local_tenant.records import StoredUser

FIELDS = frozenset({"fields", "include_fields"})
DESCRIPTIONS = {
    "deployed": "Optional filter to only retrieve actions that are deployed.",
    "enabled": "Optional filter on whether a rule is enabled (true) or disabled (false).",
    "force": "Force action deletion detaching bindings",
    "include_fields": "Whether specified fields are to be included (true) or excluded (false)",
    "include_totals": "Return results inside an object that contains the total result count (true) or as a"
    " direct array of results (false, default)",
    "installed": "Optional. When true, return only installed actions. When false, return only custom"
    " actions.",
    "page": "Page index of the results to return. First page is 0",
    "per_page": "Number of results per page",
    "primary_order": "If true (default), results are returned in a deterministic order",
    "q": "Query in Lucene query string syntax",
    "search_engine": "The version of the search engine",
    "sort": "Field to sort by",
}


def check_names(query: Mapping[str, str], allowed: frozenset[str]) -> None:
    """Refuse a parameter that the endpoint does not have."""
    for name in query:
        if name not in allowed:
            raise refusals.invalid(f"Additional properties not allowed: {name}", "", "", "Query")


def boolean(query: Mapping[str, str], name: str, default: bool) -> bool:
    """Return a parameter that is true or false."""
    text = query.get(name)
    if text not in (None, "true", "false"):
        raise refused("Expected type boolean but found type string", name)
    return default if text is None else text == "true"


def integer(query: Mapping[str, str], name: str, default: int, maximum: int | None = None) -> int:
    """Return a parameter that is a whole number from 0 to `maximum`."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise refused("Expected type integer but found type string", name)
    if int(text) < 0:
        raise refused(f"Value {int(text)} is less than minimum 0", name)
    if maximum is not None and int(text) > maximum:
        raise refused(f"Value {int(text)} is greater than maximum {maximum}", name)
    return int(text)


def selected(query: Mapping[str, str], user: StoredUser) -> dict[str, object]:
    """Return the profile with, or without, the fields that the query names."""
    included = boolean(query, "include_fields", True)
    shown = profiles.profile(user)
    if not query.get("fields"):
        return shown
    named = set(query["fields"].split(","))
    return {name: value for name, value in shown.items() if (name in named) == included}


def refused(reason: str, name: str) -> refusals.Refusal:
    """Return the refusal of a parameter."""
    return refusals.invalid(reason, name, DESCRIPTIONS[name], "Query")
