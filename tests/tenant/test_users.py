"""Profiles in our own types: one odd field spoils nothing but itself."""

import pytest

from musicctl.errors import UnavailableError
from musicctl.tenant.users import decode, decode_list


def test_a_profile() -> None:
    user = decode(
        b'{"user_id":"auth0|a","email":"a@example.com","name":7,"blocked":"maybe","created_at":{},'
        b'"app_metadata":{"roles":["x"]},"user_metadata":{"displayName":"A"}}'
    )
    assert (user.user_id, user.email, user.display_name) == ("auth0|a", "a@example.com", "A")
    assert user.app_metadata == {"roles": ["x"]}


@pytest.mark.parametrize(
    "rest",
    [b"", b',"email":null', b',"email":7', b',"user_metadata":"x"', b',"user_metadata":{"displayName":7}'],
)
def test_what_is_absent_or_odd_is_none(rest: bytes) -> None:
    user = decode(b'{"user_id":"auth0|a"' + rest + b"}")
    assert (user.email, user.display_name, user.app_metadata) == (None, None, None)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"user_id":7}', b'{"user_id":"a|b"', b"null"]
)
def test_what_is_no_profile_is_an_error(body: bytes) -> None:
    with pytest.raises(UnavailableError):
        decode(body)
    with pytest.raises(UnavailableError):
        decode_list(b"[" + body + b",]")


def test_a_list_of_profiles() -> None:
    assert [user.user_id for user in decode_list(b'[{"user_id":"a|1"},{"user_id":"a|2"}]')] == ["a|1", "a|2"]
    assert decode_list(b"[]") == []
