"""What people may see of a database URL: all but its password, and nothing when that cannot be told apart."""

import re

HIDDEN = "***"
HOST = r"(?:\[[\w:.%]+\]|[\w.%-]*)(?::[0-9]{1,5})?"
URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)"
    # The password ends at the last @: one that was not percent-encoded is hidden as a whole.
    r"(?:(?P<user>[^:/?#@]*)(?::(?P<password>.*))?(?P<at>@))?"
    rf"(?P<place>{HOST}(?:,{HOST})*(?:/[^?#@]*)?)"
    r"(?:\?(?P<query>[^#@]*))?",
    re.DOTALL,
)
PLAIN = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "dbname", "host", "hostaddr", "port"}
    | {"ssl", "sslmode", "sslrootcert", "target_session_attrs", "user"}
)


def address(url: str) -> str:
    """Return a database URL with user, host, port and database, or asterisks when it is malformed."""
    match = URL.fullmatch(url)
    if match is None:
        return HIDDEN
    query = "&".join(map(_parameter, match["query"].split("&"))) if match["query"] else ""
    return "".join(
        [match["scheme"], match["user"] or "", match["at"] or "", match["place"], "?" if query else "", query]
    )


def has_password(url: str) -> bool:
    """Tell whether a database URL holds a password, or may do so since it is malformed."""
    match = URL.fullmatch(url)
    if match is None:
        return bool(url.strip())
    return bool(match["password"]) or "password=" in (match["query"] or "")


def _parameter(pair: str) -> str:
    return pair if pair.partition("=")[0] in PLAIN else HIDDEN
