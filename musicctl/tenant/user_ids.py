"""Which texts may stand as a user id in a path: anything else never reaches the network."""

from musicctl.errors import UsageError

LONGEST = 1024
"""Bytes of UTF-8."""


def checked(user_id: str) -> str:
    """Return `user_id` when it is of the form `provider|id`, else raise UsageError.

    An empty id, `.` and `..` would turn /users/{id} into another path. Both sides are non-empty, without
    control characters, and the whole has at most 1,024 bytes; what remains is percent-encoded by the SDK.
    """
    provider, bar, rest = user_id.partition("|")
    length = len(encoded(user_id, "a user id"))
    if length > LONGEST:
        raise UsageError(
            f"a user id has {length} bytes, but at most {LONGEST} will do",
            hint="a user id looks like auth0|5f7c8ec7c33c6c004bbafe82",
        )
    if not (bar and provider and rest):
        raise UsageError(
            f"{user_id!r} is no user id", hint="write it like auth0|5f7c8ec7c33c6c004bbafe82, in quotes"
        )
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in user_id):
        raise UsageError(
            f"the user id {user_id!r} has a control character",
            hint="copy the id again; musicctl users list shows them",
        )
    return user_id


def encoded(text: str, what: str) -> bytes:
    """Return `text` as UTF-8; raises UsageError, which calls it `what`, when that cannot be."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} has a lone surrogate, which none has", hint="it is no valid UTF-8: copy it again"
        ) from None
