"""Database URLs: every form that people write, and no word of a password in an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.errors import ConfigError
from musicctl.secret import Secret
from musicctl.store.address import parse


@pytest.mark.parametrize(
    ("url", "keywords", "password", "shown"),
    [
        (
            "postgresql://u:p@h:5433/d?sslmode=require",
            {"user": "u", "host": "h", "port": "5433", "dbname": "d", "sslmode": "require"},
            "p",
            "h:5433/d",
        ),
        ("postgres://u:p%40%2F@h/d", {"user": "u", "host": "h", "dbname": "d"}, "p@/", "h/d"),
        (
            "postgresql://m@/m?host=%2Ftmp%2Fx&port=5432",
            {"user": "m", "dbname": "m", "host": "/tmp/x", "port": "5432"},
            None,
            "m on the socket /tmp/x",
        ),
        ("postgresql://%2Frun/d", {"host": "/run", "dbname": "d"}, None, "d on the socket /run"),
        ("postgres:///d", {"dbname": "d"}, None, "d on the local socket"),
        ("postgres://[::1]:5432/d", {"host": "::1", "port": "5432", "dbname": "d"}, None, "::1:5432/d"),
        ("postgres://a:1,b:2/d", {"host": "a,b", "port": "1,2", "dbname": "d"}, None, "a:1,b:2/d"),
        ("postgres://u@h/d?password=x%2By+z", {"user": "u", "host": "h", "dbname": "d"}, "x+y+z", "h/d"),
        ("postgresql://h/d?ssl=true", {"host": "h", "dbname": "d", "sslmode": "require"}, None, "h/d"),
    ],
)
def test_forms(url: str, keywords: dict[str, str], password: str | None, shown: str) -> None:
    address = parse(Secret(url))
    assert address.keywords == keywords
    assert (address.password.reveal() if address.password else None) == password
    assert str(address) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter2/x@h/d",
        "postgres://u:12/hunter2@h/d",
        "postgres://u:12?hunter2@h/d",
        "postgres://u:hunter2#x@h/d",
        "postgres://u:hunter2%ZZ@h/d",
        "postgres://u:hunter2%F@h/d",
        "postgres://u:hunter2[@h/d",
        "postgres://u:hunter2%00@h/d",
        "postgres://u:hunter2%FF@h/d",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2@h:70000/d",
        "postgres://u:hunter2@h/d?colour=red",
        "mysql://u:hunter2@h/d",
        "hunter2",
        "",
    ],
)
def test_malformed_is_said_without_the_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Secret(url))
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.hint}"


@given(st.text(min_size=6, alphabet=st.characters(codec="utf-8")))
def test_no_text_gets_out_of_a_url(password: str) -> None:
    try:
        shown = str(parse(Secret(f"postgresql://user:{password}@127.0.0.1:5432/music")))
    except ConfigError as error:
        shown = str(error)
    assert password not in shown or password in "127.0.0.1:5432/music"
