"""User ids: what could become another path is refused before any call."""

import pytest

from musicctl.errors import UsageError
from musicctl.tenant.user_ids import checked


@pytest.mark.parametrize(
    "user_id",
    [
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "google-oauth2|100355950495504286959",
        "auth0|a/b",
        "auth0|x?y#z",
        "auth0|..",
        "samlp|idp|user@example.com",
        "auth0|é 🎵",
        "a|" + "x" * 1022,
    ],
)
def test_ids(user_id: str) -> None:
    assert checked(user_id) == user_id


@pytest.mark.parametrize(
    "text",
    [
        *["", ".", "..", "a/b", "|", "auth0|", "|x", "auth0|a\nb", "auth0|a\0", "auth0|\x9b", "auth0|\ud800"],
        *["a|" + "x" * 1023, "auth0|" + "é" * 512, "x" * 2**20],
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        checked(text)
