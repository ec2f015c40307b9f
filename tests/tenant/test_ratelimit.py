"""What headers say about the rate limit, sense and nonsense."""

import pytest

from musicctl.tenant.ratelimit import RateLimit, read

DATE = "Mon, 23 Nov 2026 10:00:00 GMT"
THEN = 1795428000


def headers(limit: object, remaining: object, reset: object, date: str = DATE) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
        "date": date,
    }


def test_a_plain_reply() -> None:
    assert read(headers(50, 12, THEN + 2)) == RateLimit(50, 12, 2.0)
    assert read({}) == RateLimit()


@pytest.mark.parametrize("reset", [THEN, THEN - 1, 0, -5, "soon", "", "9" * 30, "1e9", "nan"])
def test_a_reset_without_sense_is_not_said(reset: object) -> None:
    assert read(headers(50, 0, reset)) == RateLimit(50, 0, None)


def test_waits_are_capped() -> None:
    assert read(headers(50, 0, THEN + 61)).wait == 60.0
    assert read(headers(50, 0, 9_999_999_999_999)).wait == 60.0


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 10:00:00 GMT"])
def test_a_date_without_sense_leaves_the_wait_unsaid(date: str) -> None:
    assert read(headers(50, 0, THEN + 2, date)).wait is None


@pytest.mark.parametrize("limit", ["many", "", 0, -3, "1e3", "9" * 30])
def test_a_limit_without_sense_is_no_limit(limit: object) -> None:
    assert read(headers(limit, 5, THEN + 2)) == RateLimit(None, None, 2.0)


@pytest.mark.parametrize(("remaining", "read_as"), [(-1, 0), (51, 50), ("few", None), ("", None)])
def test_a_remainder_is_within_the_limit(remaining: object, read_as: int | None) -> None:
    assert read(headers(50, remaining, THEN + 2)).remaining == read_as


def test_the_wait_may_be_told_in_seconds() -> None:
    assert read({"retry-after": "3"}).wait == 3.0
    assert read({"retry-after": "3600"}).wait == 60.0
    for nonsense in ("0", "-1", "later", "Mon, 23 Nov 2026 10:00:00 GMT"):
        assert read({"retry-after": nonsense}).wait is None
