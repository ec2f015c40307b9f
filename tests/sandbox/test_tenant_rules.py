"""Rules, which are retired: what is left of them is shown, and nothing is made or changed."""

import pytest

from musicctl.sandbox.local_tenant import rules
from musicctl.sandbox.local_tenant.settings import SCOPES, TenantSettings
from tests.sandbox.tenant_fixtures import RunningTenant


def test_rules_of_old_are_shown(tenant: RunningTenant) -> None:
    assert tenant.send("GET", "/api/v2/rules").json == []
    totals = tenant.send("GET", "/api/v2/rules?page=0&per_page=100&include_totals=true").json
    assert totals == {"total": 0, "start": 0, "limit": 100, "rules": []}
    rules.add(tenant.storage, rules.Rule("rul_2", "second", "function () {}", 2, enabled=False))
    rules.add(tenant.storage, rules.Rule("rul_1", "first", "function (user) {}", 1))
    first = tenant.send("GET", "/api/v2/rules/rul_1").json
    assert list(first.items()) == [
        ("id", "rul_1"),
        ("enabled", True),
        ("script", "function (user) {}"),
        ("name", "first"),
        ("order", 1),
        ("stage", "login_success"),
    ]
    listed = tenant.send("GET", "/api/v2/rules").json
    assert [rule["id"] for rule in listed] == ["rul_1", "rul_2"]
    assert listed[0] == first
    for query, ids in (
        ("enabled=true", ["rul_1"]),
        ("enabled=false", ["rul_2"]),
        ("page=1&per_page=1", ["rul_2"]),
    ):
        assert [rule["id"] for rule in tenant.send("GET", f"/api/v2/rules?{query}").json] == ids
    reply = tenant.send("GET", "/api/v2/rules/rul_3")
    assert (reply.status, reply.json["errorCode"]) == (404, "inexistent_rule")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v2/rules"), ("PATCH", "/api/v2/rules/x"), ("DELETE", "/api/v2/rules/x")],
)
def test_rules_are_retired(tenant: RunningTenant, method: str, path: str) -> None:
    tenant.storage.change_settings(TenantSettings(scopes=f"{SCOPES} create:rules update:rules delete:rules"))
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    reply = tenant.send(method, path, {"name": "x", "script": "function () {}"}, headers=headers)
    assert reply.json == {
        "statusCode": 403,
        "error": "Forbidden",
        "message": "Insufficient privileges to use this deprecated feature",
    }
