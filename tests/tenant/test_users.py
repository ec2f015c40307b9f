"""Profiles in our own types: one odd field spoils nothing but itself."""

import pytest

from musicctl.errors import UnavailableError
from musicctl.tenant.users import TenantUser, decode, decode_list


def read(line: bytes) -> TenantUser:
    user = decode(line)
    assert user is not None
    assert [each.user_id for each in decode_list(b"[" + line + b"]")] == [user.user_id]
    return user


def test_a_profile() -> None:
    user = read(
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
    user = read(b'{"user_id":"auth0|a"' + rest + b"}")
    assert (user.email, user.display_name, user.app_metadata) == (None, None, None)


DEEP = b"[" * 5000 + b"]" * 5000
HUGE = b"9" * 5000


@pytest.mark.parametrize("odd", [DEEP, b'{"a":' * 3000 + b"1" + b"}" * 3000, HUGE, b"NaN", b"1e999"])
@pytest.mark.parametrize("field", [b"user_metadata", b"picture", b"email"])
def test_what_a_decoder_may_choke_on_spoils_only_itself(field: bytes, odd: bytes) -> None:
    user = read(b'{"' + field + b'":' + odd + b',"user_id":"auth0|a","app_metadata":{"roles":["x"]}}')
    assert (user.user_id, user.app_metadata) == ("auth0|a", {"roles": ["x"]})


def test_half_a_surrogate_pair_is_null_and_never_repaired() -> None:
    user = read(
        rb'{"user_id":"auth0|a","email":"\ud800","user_metadata":{"displayName":"\udc00 A"},'
        rb'"app_metadata":{"roles":["x","y\ud83d"],"\ud800":1}}'
    )
    assert (user.email, user.display_name) == (None, None)
    assert user.app_metadata == {"roles": ["x", None]}
    whole = read(rb'{"user_id":"auth0|a","user_metadata":{"displayName":"\ud83c\udfb5","x":"\ud800"}}')
    assert whole.display_name == "🎵"


@pytest.mark.parametrize(
    "body",
    [
        *[
            b"",
            b"<html>",
            b"[]",
            b'{"user_id":"a|b"',
            b"null",
            b'{"user_id":"a|b"}x',
            b'{"user_id":"a|b","x":tru',
        ],
        *[
            b'{"user_id":"a|b","x":' + b"[" * 5000,
            b'{"user_id":"a|b","x":' + b"[" * 5000 + b"]" * 4999 + b"}",
        ],
        *[b'{"user_id":"a|b","x":"\\ud800"', b'{"user_id":"a|b","x":"\xff', b"\xff\xfe"],
    ],
)
def test_what_is_no_whole_object_is_an_error(body: bytes) -> None:
    with pytest.raises(UnavailableError):
        decode(body)
    with pytest.raises(UnavailableError):
        decode_list(b"[" + body + b",]")


@pytest.mark.parametrize(
    "user_id", [b"", b',"user_id":7', b',"user_id":null', b',"user_id":""', b',"user_id":[]']
)
def test_an_object_without_an_id_is_nobody(user_id: bytes) -> None:
    assert decode(b'{"email":"a@example.com"' + user_id + b"}") is None


def test_a_list_of_profiles() -> None:
    body = b'[{"user_id":"a|1"},{"user_id":7},{"user_id":"a|2"}]'
    assert [user.user_id for user in decode_list(body)] == ["a|1", "a|2"]
    assert decode_list(b"[]") == []
    assert [user.user_id for user in decode_list(b'[{"user_id":"a|1"},7,{"x":' + DEEP + b"}]")] == ["a|1"]
    for body in (b"{}", b"<html>", b"[", b""):
        with pytest.raises(UnavailableError):
            decode_list(body)
