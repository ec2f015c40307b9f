"""The user search: whom a query finds, pages and totals, what it refuses, and how late and slow it may be."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from auth0.management.client import Auth0
from auth0.management.errors import BadRequestError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musicctl.sandbox.local_tenant.records import NewUser, StoredUser
from musicctl.sandbox.local_tenant.settings import TenantSettings
from tests.sandbox.tenant_fixtures import MADE, Reply, RunningTenant

USERS = "/api/v2/users"


def ask(tenant: RunningTenant, **query: object) -> Reply:
    return tenant.send("GET", f"{USERS}?{urlencode(query)}")


def found(tenant: RunningTenant, q: str, **query: object) -> list[str]:
    """The ids of those whom a query finds, without what they all begin with."""
    reply = ask(tenant, q=q, fields="user_id", **query)
    assert reply.status == 200, reply.body
    return [user["user_id"].removeprefix("auth0|") for user in reply.json]


def invalid(message: str) -> dict[str, object]:
    return {
        "statusCode": 400,
        "error": "Bad Request",
        "message": f"Query validation error: {message}.",
        "errorCode": "invalid_query_string",
    }


@pytest.fixture
def band(tenant: RunningTenant) -> RunningTenant:
    """A tenant with four users who differ in everything that can be searched."""
    people: list[tuple[str, Any, Any, Any]] = [
        (
            "john",
            {"name": "John Winston Lennon", "given_name": "John", "logins_count": 150, "blocked": True},
            {"roles": ["playlist editor", "admin"], "plan": {"level": "gold", "seats": 5}},
            {"displayName": "John", "addresses": [{"city": "Paris"}, {"city": "Oslo"}], "gone": None},
        ),
        (
            "paul",
            {"name": "Paul McCartney", "logins_count": 100, "last_login": "2017-12-15T10:00:00.000Z"},
            {"roles": ["Playlist Editor"], "plan": {"level": "Gold"}, "trial": False},
            {"displayName": "paul"},
        ),
        (
            "george",
            {"name": "George", "nickname": "The Quiet One", "last_login": "2018-01-01T00:00:00.000Z"},
            {"roles": [], "plan": {}, "score": 2.5},
            {},
        ),
        ("ringo", {"name": "ringo"}, None, {"displayName": "Ringo ⭐"}),
    ]
    for name, root, app, user in people:
        tenant.put(
            f"auth0|{name}",
            email=f"{name}@{'apple' if name == 'john' else 'example'}.com",
            root=json.dumps(root),
            app_metadata=None if app is None else json.dumps(app),
            user_metadata=json.dumps(user),
        )
    return tenant


FINDS = [
    ("", "john paul george ringo"),
    ("*", "john paul george ringo"),
    # Five fields are the same in any case, and in three of them a word is enough; the rest is exact.
    ('name:"JOHN winston lennon"', "john"),
    ('name:"john"', ""),
    ("name:WINSTON", "john"),
    ("name:john", "john"),
    ("nickname:quiet", "george"),
    ('email:"PAUL@example.com"', "paul"),
    ("email:paul", ""),
    ('user_id:"auth0|paul"', "paul"),
    ('user_id:"AUTH0|PAUL"', ""),
    ("user_id:auth0", ""),
    ("user_id:auth0*", "john paul george ringo"),
    ("email.domain:apple.com", "john"),
    ('identities.connection:"Username-Password-Authentication"', "john paul george ringo"),
    ("identities.provider:AUTH0", ""),
    ("identities.isSocial:false", "john paul george ringo"),
    ("connection:x", ""),
    # Metadata: arrays count by their members, objects by their paths.
    ('app_metadata.roles:"playlist editor"', "john"),
    ("app_metadata.roles:admin", "john"),
    ("app_metadata.roles:playlist*", "john"),
    ("app_metadata.roles:playlist", ""),
    ("app_metadata.plan.level:gold", "john"),
    ("app_metadata.plan:gold", ""),
    ("app_metadata.plan.seats:5", "john"),
    ("app_metadata.plan.seats:5.0", "john"),
    ("app_metadata.score:2.5", "george"),
    ("app_metadata.trial:false", "paul"),
    ("app_metadata.trial:0", ""),
    ('user_metadata.addresses.city:"Paris"', "john"),
    ('user_metadata.displayName:"Ringo ⭐"', "ringo"),
    ("user_metadata.displayName:Paul", ""),
    # A term without a field is looked for in the profile, not in the metadata.
    ("mccartney", "paul"),
    ('"george@example.com"', "george"),
    ("Paris", ""),
    ("admin", ""),
    # Asterisks.
    ("name:p*", "paul"),
    ("name:*car*", "paul"),
    ("name:*lennon", "john"),
    ("name:john*lennon", "john"),
    ("name:john*john*", ""),
    ("email:*@EXAMPLE.com", "paul george ringo"),
    ("logins_count:1*", ""),
    # Ranges: of numbers, of dates as far as they are written, of texts.
    ("logins_count:[100 TO 150]", "john paul"),
    ("logins_count:{100 TO 150]", "john"),
    ("logins_count:[100 TO 150}", "paul"),
    ("logins_count:{99 TO *]", "john paul"),
    ("logins_count:[a TO b]", ""),
    ("last_login:[* TO 2017-12]", "paul"),
    ("last_login:[* TO 2017-12}", ""),
    ("last_login:{2017-12 TO *]", "george"),
    ("last_login:[2017-12-15T10:00:00Z TO 2017-12-31]", "paul"),
    ("last_login:2017-12", "paul"),
    ("created_at:2023-07-22", "john paul george ringo"),
    ("created_at:[2023-07-23 TO *]", ""),
    ("name:[G TO K]", "john george"),
    ("app_metadata.score:[2 TO 3]", "george"),
    ("app_metadata.trial:[* TO *]", "paul"),
    # What is null or empty is not there.
    ("_exists_:app_metadata.roles", "john paul"),
    ("_exists_:app_metadata.plan", "john paul"),
    ("_exists_:app_metadata", "john paul george"),
    ("_exists_:user_metadata.gone", ""),
    ("_exists_:last_login", "paul george"),
    ("NOT _exists_:logins_count", "george ringo"),
    ("_exists_:blocked", "john"),
    # Operators.
    ("logins_count:150 OR name:george", "john george"),
    ("name:john AND blocked:true", "john"),
    ("name:john AND blocked:false", ""),
    ("blocked:false OR NOT _exists_:blocked", "paul george ringo"),
    ("(NOT _exists_:logins_count OR logins_count:100)", "paul george ringo"),
    ('email:("john@apple.com" OR "ringo@example.com")', "john ringo"),
    ('email:"ringo@example.com" OR name:paul', "paul ringo"),
    ('email:"ringo@example.com" AND name:paul', ""),
    ("john ringo", "john ringo"),
    ("email:*example.com NOT name:paul", "george ringo"),
    ("email:*example.com -name:paul -name:ringo", "george"),
]


@pytest.mark.parametrize(("q", "names"), FINDS, ids=[q or "empty" for q, _ in FINDS])
def test_finds(band: RunningTenant, q: str, names: str) -> None:
    assert found(band, q) == names.split()


def test_without_a_query_everybody_is_found(band: RunningTenant) -> None:
    reply = band.send("GET", USERS)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    names = ("john", "paul", "george", "ringo")
    assert reply.json == [band.send("GET", f"{USERS}/auth0%7C{name}").json for name in names]


def test_totals_are_in_the_recorded_order_of_keys(band: RunningTenant) -> None:
    reply = ask(band, q="email:*example.com", include_totals="true", per_page=2, page=1, fields="email")
    assert reply.body == (
        b'{"start":2,"limit":2,"length":1,"users":[{"email":"ringo@example.com"}],"total":3}'
    )
    plain = ask(band, include_totals="false", per_page=1, fields="email,user_id", include_fields="false")
    [shown] = plain.json
    assert "name" in shown
    assert not {"email", "user_id"} & set(shown)


def test_a_page_of_none_has_only_totals(band: RunningTenant) -> None:
    nothing = {"start": 0, "limit": 0, "length": 0, "users": []}
    for q, total in (("", 4), ("_exists_:last_login", 2)):
        for sort in ({}, {"sort": "name:1"}, {"sort": "name:-1"}):
            asked = ask(band, q=q, per_page=0, include_totals="true", **sort)
            assert asked.json == {**nothing, "total": total}
            assert ask(band, q=q, per_page=0, **sort).json == []


@pytest.mark.parametrize("q", ["", "*", 'user_id:"auth0|1" OR user_id:auth0*'])
def test_pages(tenant: RunningTenant, q: str) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number:04}", None) for number in range(1_234))
    everybody = [f"{number:04}" for number in range(1_234)]
    assert found(tenant, q) == everybody[:50]
    assert found(tenant, q, page=1, per_page=7) == everybody[7:14]
    pages = [found(tenant, q, page=page, per_page=100) for page in range(10)]
    assert [name for page in pages for name in page] == everybody[:1000]
    totals = ask(tenant, q=q, page=9, per_page=100, include_totals="true").json
    assert (totals["start"], totals["length"], totals["total"]) == (900, 100, 1234)


@pytest.mark.parametrize(
    ("page", "per_page", "status"),
    [(9, 100, 200), (10, 100, 400), (19, 50, 200), (20, None, 400), (0, 100, 200), (999_999, 0, 200)],
)
def test_there_are_no_pages_beyond_the_first_thousand(
    tenant: RunningTenant, page: int, per_page: int | None, status: int
) -> None:
    query = {"page": page} if per_page is None else {"page": page, "per_page": per_page}
    reply = ask(tenant, **query)
    assert reply.status == status
    if status == 400:
        assert reply.body == (
            b'{"statusCode":400,"error":"Bad Request","message":"You can only page through the first 1000'
            b" records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation"
            b'","errorCode":"invalid_paging"}'
        )


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name:1", "george john paul ringo"),
        ("name:-1", "ringo paul john george"),
        ("email:1", "george john paul ringo"),
        ("user_id:-1", "ringo paul john george"),
        # Who lacks the field comes last in either order.
        ("logins_count:1", "paul john george ringo"),
        ("logins_count:-1", "john paul george ringo"),
        ("last_login:-1", "george paul john ringo"),
        ("created_at:1", "john paul george ringo"),
        ("identities.user_id:1", "george john paul ringo"),
        ("no_such_field:1", "john paul george ringo"),
    ],
)
def test_sorts(band: RunningTenant, sort: str, names: str) -> None:
    assert found(band, "", sort=sort) == names.split()
    assert found(band, "*", sort=sort, per_page=2, page=1) == names.split()[2:]
    assert ask(band, sort=sort, include_totals="true", per_page=1, q="*").json["total"] == 4


def test_sorts_fields_of_several_types(tenant: RunningTenant) -> None:
    for number, name in enumerate(['"b"', "7", "null", '["A", "z"]', "{}", str(10**30), "true"]):
        tenant.put(f"auth0|{number}", email=None, root=f'{{"name": {name}}}')
    assert found(tenant, "", sort="name:1") == ["6", "1", "5", "3", "0", "2", "4"]
    assert found(tenant, "", sort="name:-1") == ["0", "3", "5", "1", "6", "2", "4"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"per_page": 101},
            "'Value 101 is greater than maximum 100' on property per_page (Number of results per page)",
        ),
        (
            {"page": -1},
            "'Value -1 is less than minimum 0' on property page (Page index of the results to return. First"
            " page is 0)",
        ),
        (
            {"per_page": "x"},
            "'Expected type integer but found type string' on property per_page (Number of results per page)",
        ),
        ({"page": "9" * 400}, None),
        ({"page": "٣"}, None),
        ({"include_totals": "yes"}, None),
        ({"include_fields": "yes"}, None),
        ({"primary_order": "yes"}, None),
        ({"from": "x"}, "'Additional properties not allowed: from'"),
        ({"take": 5}, "'Additional properties not allowed: take'"),
        ({"sort": "name"}, None),
        ({"sort": "name:2"}, None),
        ({"sort": "app_metadata.score:1"}, None),
        ({"sort": "user_metadata.displayName:-1"}, None),
        ({"search_engine": "v4"}, "'No enum match for: v4' on property search_engine (The version of the"
         " search engine)"),
        (
            {"q": "(name:a"},
            "'unexpected the end' on property q (Query in Lucene query string syntax)",
        ),
        ({"q": "user_metadata.displayName:R*"}, None),
        ({"q": "user_metadata.n:[1 TO 2]"}, None),
        ({"q": "name:*sa"}, None),
        ({"q": "created_at:[yesterday TO *]"}, None),
        ({"q": "last_login:soon"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_refuses(tenant: RunningTenant, query: dict[str, object], message: str | None) -> None:
    reply = ask(tenant, **query)
    assert (reply.status, reply.json["errorCode"]) == (400, "invalid_query_string")
    assert message is None or reply.json == invalid(message)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("v1", "You are not allowed to use search_engine=v1."),
        ("v2", "You are not allowed to use search_engine=v2. Use search_engine=v3 instead."),
    ],
)
def test_the_older_engines_are_gone(tenant: RunningTenant, engine: str, message: str) -> None:
    reply = ask(tenant, q="x", search_engine=engine)
    assert (reply.status, reply.json["message"]) == (400, message)
    assert ask(tenant, q="x", search_engine="v3", primary_order="false").json == []


def test_a_query_can_be_too_long(tenant: RunningTenant) -> None:
    head = f"{USERS}?q="
    assert tenant.send("GET", head + "a" * (8000 - len(head))).status == 200
    reply = tenant.send("GET", head + "a" * (8001 - len(head)))
    assert reply.status == 414
    assert reply.json == {
        "statusCode": 414,
        "error": "Request-URI Too Large",
        "message": "Request-URI Too Large",
    }


def test_a_slow_query_is_given_up_and_harms_nobody(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number}", None) for number in range(5_000))
    tenant.storage.change_settings(TenantSettings(query_timeout=0))
    for query in ({"q": "name:x"}, {"sort": "name:1"}):
        reply = ask(tenant, **query)
        assert reply.status == 503
        assert reply.json == {
            "statusCode": 503,
            "error": "Service Unavailable",
            "message": "The query exceeded the timeout. Please try refining your search criteria. See"
            " https://auth0.com/docs/best-practices/search-best-practices.",
        }
    assert tenant.send("GET", f"{USERS}/auth0%7C1").status == 200
    assert len(ask(tenant, per_page=5).json) == 5


def test_others_are_served_while_a_search_takes_its_time(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number}", None) for number in range(5_000))
    tenant.storage.change_settings(TenantSettings(query_timeout=1))
    heavy = quote(" ".join(["*abc*"] * 600), safe="*")
    order: list[str] = []

    def search() -> None:
        assert tenant.send("GET", f"{USERS}?q={heavy}").status == 503
        order.append("the search")

    thread = threading.Thread(target=search)
    thread.start()
    try:
        for _ in range(5):
            assert tenant.send("GET", f"{USERS}/auth0%7C1").status == 200
        order.append("five users")
    finally:
        thread.join()
    assert order == ["five users", "the search"]


def test_an_exact_id_or_address_spares_the_look_at_everybody(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{n}", f"{n}@X.com") for n in range(20_000))
    tenant.storage.change_settings(TenantSettings(query_timeout=0))
    assert ask(tenant, q='name:x OR user_id:"auth0|7"').status == 503
    for q, names in (
        ('user_id:"auth0|19999"', ["19999"]),
        ('email:"19999@x.com" AND name:*', ["19999"]),
        ('email:("7@x.com" OR "19999@X.COM" OR "nobody@x.com")', ["7", "19999"]),
        ('user_id:"auth0|7" OR email:"7@x.com"', ["7"]),
        ('user_id:"auth0|nobody"', []),
    ):
        assert found(tenant, q) == names


class TestIndexingDelay:
    """A write shows up in the search once it is indexed, and everywhere else at once."""

    @pytest.fixture(autouse=True)
    def _delayed(self, tenant: RunningTenant) -> Iterator[None]:
        for name in ("a", "b"):
            tenant.put(f"auth0|{name}", email=f"{name}@example.com", app_metadata='{"roles":["old"]}')
        self.delay(tenant, 3600)
        yield
        self.delay(tenant, 0)

    def delay(self, tenant: RunningTenant, seconds: float) -> None:
        tenant.storage.change_settings(TenantSettings(index_delay=seconds))

    def patch(self, tenant: RunningTenant, role: str) -> None:
        body = {"app_metadata": {"roles": [role]}}
        assert tenant.send("PATCH", f"{USERS}/auth0%7Ca", body).json["app_metadata"]["roles"] == [role]

    def test_of_a_change(self, tenant: RunningTenant) -> None:
        self.patch(tenant, "new")
        self.patch(tenant, "newer")
        assert found(tenant, "app_metadata.roles:old") == ["a", "b"]
        assert found(tenant, "app_metadata.roles:newer") == []
        assert found(tenant, 'user_id:"auth0|a" AND app_metadata.roles:old') == ["a"]
        [shown] = ask(tenant, q='email:"a@example.com"').json
        assert shown["app_metadata"] == {"roles": ["old"]}
        assert tenant.send("GET", f"{USERS}/auth0%7Ca").json["app_metadata"] == {"roles": ["newer"]}
        [exact] = tenant.send("GET", "/api/v2/users-by-email?email=a%40example.com").json
        assert exact["app_metadata"] == {"roles": ["newer"]}
        self.delay(tenant, 0)
        assert found(tenant, "app_metadata.roles:newer") == ["a"]
        assert found(tenant, "app_metadata.roles:old") == ["b"]

    def test_of_a_new_user(self, tenant: RunningTenant) -> None:
        body = {"connection": "Username-Password-Authentication", "email": "c@x.com", "user_id": "c"}
        assert tenant.send("POST", USERS, body).status == 201
        for q in ("", "*", 'email:"c@x.com"'):
            asked = {"q": q, "include_totals": "true"}
            assert "c" not in found(tenant, q)
            assert ask(tenant, **asked).json["total"] == (0 if "c@" in q else 2)
        self.delay(tenant, 0)
        assert found(tenant, "") == ["a", "b", "c"]

    def test_of_a_removal(self, tenant: RunningTenant) -> None:
        assert tenant.send("DELETE", f"{USERS}/auth0%7Ca").status == 204
        assert tenant.send("GET", f"{USERS}/auth0%7Ca").status == 404
        assert set(found(tenant, "")) == {"a", "b"}
        assert found(tenant, 'user_id:"auth0|a"') == ["a"]
        assert ask(tenant, include_totals="true").json["total"] == 2
        self.delay(tenant, 0)
        assert found(tenant, "") == ["b"]
        assert ask(tenant, include_totals="true").json["total"] == 1

    def test_ends_by_itself(self, tenant: RunningTenant) -> None:
        self.delay(tenant, 0.3)
        self.patch(tenant, "new")
        while not found(tenant, "app_metadata.roles:new"):
            time.sleep(0.02)
        # What is indexed by now is forgotten with the next write.
        self.patch(tenant, "newer")
        assert len(tenant.storage.rows("SELECT * FROM unindexed")) == 1


def test_odd_profiles_are_served_searched_and_exported(tenant: RunningTenant) -> None:
    odd: list[StoredUser] = []
    for number, value in enumerate(['"text"', "7", "null", "[]", "[[1]]", '{"roles":7}', '{"a":{"b":[{}]}}']):
        root = f'{{"name":{value},"nickname":{value},"created_at":{value},"identities":{value}}}'
        odd.append(StoredUser(f"auth0|{number}", None, MADE, MADE, value, value, root))
    odd.append(StoredUser("no-provider", "", MADE, MADE, None, None, "[]"))
    odd.append(StoredUser("", "é@é", 0, 0, "1e300", "true", '"x"'))
    for user in odd:
        tenant.storage.put_user(user)
    profiles = {user.user_id: tenant.send("GET", f"{USERS}/{quote(user.user_id)}") for user in odd}
    assert {reply.status for reply in profiles.values()} == {200}
    shown = ask(tenant).json
    assert shown == [reply.json for reply in profiles.values()]
    assert [user["app_metadata"] for user in shown[:5]] == ["text", 7, None, [], [[1]]]
    assert [shown[2].get(name, "absent") for name in ("app_metadata", "name")] == [None, "absent"]
    lines = tenant.exported(fields=[{"name": name} for name in ("user_id", "name", "app_metadata")])
    for line, user in zip(lines, shown, strict=True):
        keys = ("user_id", "name", "app_metadata")
        assert line == {key: user[key] for key in keys if user.get(key) is not None}
    for q, names in (
        ("app_metadata:text", ["0"]),
        ("app_metadata:1", ["4"]),
        ("name:7", ["1"]),
        ("app_metadata.roles:7", ["5"]),
        ("_exists_:app_metadata.a", []),
        ("created_at:[2000 TO *]", ["no-provider"]),
    ):
        assert found(tenant, q) == names
    body = {"app_metadata": {"roles": ["x"]}}
    for user in odd:
        reply = tenant.send("PATCH", f"{USERS}/{quote(user.user_id)}", body)
        assert reply.json["app_metadata"]["roles"] == ["x"]


FIELDS = (
    "name:",
    "email:",
    "user_id:",
    "created_at:",
    "app_metadata.roles:",
    "user_metadata.x:",
    "_exists_:",
)
VALUES = ("john", "2017-12", "100", "[1 TO *]", "auth0|john", "%", "\0", "é⭐", "\ud800")
SIGNS = (*'"\\()[]{}:*-!~ ', " AND ", " OR ", " NOT ", " TO ")
QUERY_PARTS = st.sampled_from(FIELDS) | st.sampled_from(VALUES) | st.sampled_from(SIGNS)
QUERIES = st.lists(QUERY_PARTS | st.text(max_size=4), max_size=12).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=QUERIES, sort=st.sampled_from(["", "name:1", "created_at:-1", "x.y:1", ":", "*:1"]))
def test_no_query_makes_the_server_fail(band: RunningTenant, q: str, sort: str) -> None:
    path = f"{USERS}?q={quote(q, safe='', errors='surrogatepass')}&sort={quote(sort)}&include_totals=true"
    reply = band.send("GET", path)
    assert reply.status in (200, 400)
    assert reply.status == 400 or 0 <= reply.json["total"] <= 4
    assert reply.status == 200 or reply.json["errorCode"] == "invalid_query_string"


def test_the_sdk_reads_a_thousand_users_and_then_raises(tenant: RunningTenant) -> None:
    tenant.storage.add_missing_users(NewUser(f"auth0|{number:04}", None) for number in range(1_050))
    with closing(httpx.Client(trust_env=False)) as client:
        token = tenant.headers["Authorization"].removeprefix("Bearer ")
        sdk = Auth0(base_url=f"{tenant.url}/api/v2", token=token, httpx_client=client, max_retries=0)
        read: list[str] = []

        def read_on() -> None:
            for user in sdk.users.list(per_page=100):
                assert user.user_id is not None
                read.append(user.user_id)

        with pytest.raises(BadRequestError) as refused:
            read_on()
        assert refused.value.body["errorCode"] == "invalid_paging"
        assert read == [f"auth0|{number:04}" for number in range(1_000)]
        few = sdk.users.list(q='user_id:"auth0|0007"', sort="email:1", fields="user_id", search_engine="v3")
        assert [user.user_id for user in few] == ["auth0|0007"]
        sdk.users.delete("auth0|0007")
        assert tenant.storage.count_users() == 1_049
