"""A refusal in other words than Auth0's is a lost reply: it says nothing of users, credentials or writes."""

import pytest

from musicctl.errors import DeniedError, NotFoundError, UnavailableError
from musicctl.tenant.border import LostReplyError, UncertainError
from musicctl.tenant.client import Tenant
from tests.tenant.relay import Misbehaviour, Relay, answering

PAGE = b"<html><title>404 Not Found</title></html>"
ROUTER = b'{"statusCode":404,"error":"Not Found","message":"Not Found"}'
GONE = b'{"statusCode":404,"error":"Not Found","message":"The user does not exist."}'
CODE = b'{"statusCode":404,"message":"Benutzer unbekannt","errorCode":"inexistent_user"}'
FOREIGN = [
    answering(404, PAGE, "text/html"),
    answering(404, b""),
    answering(404, ROUTER),
    answering(404, b'{"error":"no route"}'),
    answering(404, b'["The user does not exist."]'),
    answering(404, b'"inexistent_user"'),
    answering(410, PAGE, "text/html"),
    answering(401, PAGE, "text/html"),
    answering(403, b"<html>Request blocked</html>", "text/html"),
    answering(400, b"Bad Request", "text/plain"),
    answering(413, PAGE, "text/html"),
    answering(200, PAGE, "text/html"),
    answering(200, b"{}"),
]


@pytest.mark.parametrize("how", FOREIGN)
def test_a_gateway_s_refusal_says_nothing_about_a_user(
    tenant: Tenant, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("GET", how)
    with pytest.raises(LostReplyError):
        tenant.user("auth0|a")
    between.misbehave("GET", how, "/api/v2/users-by-email")
    with pytest.raises(UnavailableError):
        tenant.users_by_email("a@example.com")


@pytest.mark.parametrize("how", FOREIGN)
def test_a_gateway_s_refusal_leaves_open_what_became_of_a_write(
    tenant: Tenant, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("PATCH", how)
    with pytest.raises(UncertainError):
        tenant.set_roles("auth0|a", [])


@pytest.mark.parametrize("body", [GONE, CODE])
def test_the_tenant_s_own_word_that_a_user_is_gone(tenant: Tenant, between: Relay, body: bytes) -> None:
    between.misbehave("GET", answering(404, body))
    assert tenant.user("auth0|a") is None
    between.misbehave("PATCH", answering(404, body))
    with pytest.raises(NotFoundError):
        tenant.set_roles("auth0|a", [])


@pytest.mark.parametrize(
    "how", [answering(404, PAGE, "text/html"), answering(404, ROUTER), answering(410, PAGE, "text/html")]
)
def test_an_export_job_that_a_gateway_knows_nothing_of(
    tenant: Tenant, between: Relay, how: Misbehaviour
) -> None:
    between.misbehave("GET", how, "/api/v2/jobs/")
    with pytest.raises(UnavailableError):
        list(tenant.export())


def test_a_gateway_before_the_token_is_no_wrong_secret(tenant: Tenant, between: Relay) -> None:
    between.misbehave("POST", answering(403, PAGE, "text/html"), "/oauth/token")
    with pytest.raises(UnavailableError):
        tenant.user("auth0|a")
    between.misbehave("POST", answering(403, b'{"error":"access_denied"}'), "/oauth/token")
    with pytest.raises(DeniedError):
        tenant.user("auth0|a")
