"""Where the file of an export may be: no address needs the network here, each is written as a number."""

import pytest

from musicctl.errors import UnavailableError
from musicctl.tenant.links import link

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]"),
    *("2130706433", "0x7f.1", "127.1", "localhost"),
]
PUBLIC, LOCAL = "https://8.8.8.8", "http://127.0.0.1:1234"


@pytest.mark.parametrize(
    "host",
    PRIVATE,
)
def test_a_public_tenant_leads_to_nothing_private(host: str) -> None:
    with pytest.raises(UnavailableError, match="no public address"):
        link("job_1", f"https://{host}/x", PUBLIC)


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1:8443", "[2606:4700::1111]", "[::ffff:1.1.1.1]"])
def test_a_public_tenant_leads_to_the_public(host: str) -> None:
    assert link("job_1", f"https://{host}/x?sig=1", PUBLIC).address == f"https://{host}/x?sig=1"
    assert link("job_1", f"https://{host}/x", LOCAL) == (f"https://{host}/x", False)


def test_a_link_without_a_scheme_is_https() -> None:
    assert link("job_1", "8.8.8.8/x?y=://", PUBLIC).address == "https://8.8.8.8/x?y=://"


def test_http_is_for_a_tenant_of_this_machine() -> None:
    assert link("job_1", f"{LOCAL}/x", LOCAL).address == f"{LOCAL}/x"
    with pytest.raises(UnavailableError, match="by http, and not by https"):
        link("job_1", "http://8.8.8.8/x", PUBLIC)


def test_a_private_tenant_leads_to_where_it_is() -> None:
    assert link("job_1", "https://10.0.0.2/x", "https://10.0.0.1").address == "https://10.0.0.2/x"
