"""The tenant's state on disk: bulk writes, several writers, and what is wrong with a file that is not one."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from musicctl.errors import MusicctlError
from musicctl.sandbox.local_tenant import keys
from musicctl.sandbox.local_tenant.records import Job, NewUser, StoredUser
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.storage import Storage
from tests.sandbox.tenant_fixtures import RunningTenant


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with Storage.open(tmp_path / "tenant.sqlite") as opened:
        yield opened


def test_adds_the_missing_and_leaves_the_others(storage: Storage) -> None:
    there = StoredUser("auth0|a", "a@x.example", 1, 2, '{"roles":["x"]}', None, '{"name":"A"}')
    storage.put_user(there)
    new = [
        NewUser("auth0|c", "c@x.example", '{"plan":"premium"}', '{"displayName":"C"}'),
        NewUser("auth0|a", "other@x.example"),
        NewUser("auth0|b", None),
        NewUser("auth0|c", "twice@x.example"),
    ]
    assert storage.add_missing_users(new) == 2
    assert storage.add_missing_users(new) == 0
    assert storage.count_users() == 3
    assert storage.get_user("auth0|a") == there
    added = storage.get_user("auth0|c")
    assert added is not None
    assert added.created_at == added.updated_at > 1_700_000_000_000
    assert added[4:] == ('{"plan":"premium"}', '{"displayName":"C"}', None)
    assert added.email == "c@x.example"
    assert [user.user_id for page in storage.all_users() for user in page] == [
        "auth0|a",
        "auth0|b",
        "auth0|c",
    ]


def test_adds_all_or_none(storage: Storage) -> None:
    def users() -> Iterator[NewUser]:
        yield NewUser("auth0|a", None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.add_missing_users(users())
    assert storage.count_users() == 0
    assert storage.add_missing_users([NewUser("auth0|a", None)]) == 1


def test_addresses_are_found_exactly_or_in_any_case(storage: Storage) -> None:
    for number, email in enumerate(["a@x.example", "A@x.example", "b@x.example", None]):
        storage.put_user(StoredUser(f"auth0|{number}", email, 1, 1))
    assert [user.user_id for user in storage.users_by_email("a@x.example")] == ["auth0|0"]
    found = storage.users_by_email("a@X.example", any_case=True)
    assert [user.user_id for user in found] == ["auth0|0", "auth0|1"]
    storage.delete_user("auth0|0")
    storage.delete_user("auth0|nobody")
    assert storage.users_by_email("a@x.example") == []
    assert storage.count_users() == 3


def test_a_block_that_fails_is_undone_whole(storage: Storage) -> None:
    def fail() -> None:
        with storage.writing():
            storage.put_user(StoredUser("auth0|a", None, 1, 1))
            with storage.writing():
                storage.log_effect(method="PUT", path="/", user_id="auth0|a", body="{}", correlation_id=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert storage.count_users() == 0
    assert storage.effects() == []


def test_clear_leaves_the_signing_key_alone(storage: Storage) -> None:
    [key] = keys.pairs(storage)
    link_key = storage.document("link-key", lambda: "secret")
    storage.put_user(StoredUser("auth0|a", None, 1, 1))
    storage.add_job(Job("job_1", "{}", 1))
    storage.log_request("GET", "/", 200)
    storage.log_effect(method="PATCH", path="/", user_id="auth0|a", body="{}", correlation_id=None)
    storage.change_settings(TenantSettings(scopes="read:users"))
    storage.clear()
    assert storage.count_users() == 0
    assert storage.get_job("job_1") is None
    assert storage.requests() == []
    assert storage.effects() == []
    assert storage.settings() == TenantSettings()
    assert [pair.kid for pair in keys.pairs(storage)] == [key.kid]
    assert storage.document("link-key", lambda: "another") == link_key


def test_keys_are_made_once_rotated_and_revoked(storage: Storage) -> None:
    first = keys.pairs(storage)
    assert len(first) == 1
    before = keys.versions(storage)
    keys.rotate(storage)
    assert keys.versions(storage) != before
    new, old = [pair.kid for pair in keys.pairs(storage)]
    assert old == first[0].kid != new
    keys.revoke(storage)
    assert [pair.kid for pair in keys.pairs(storage)] == [new]
    before = keys.versions(storage)
    keys.rotate(storage)
    keys.revoke(storage)
    assert keys.versions(storage) != before


def test_a_first_key_is_the_previous_one_when_rotated_at_once(storage: Storage) -> None:
    keys.rotate(storage)
    assert len(keys.pairs(storage)) == 2


def test_state_is_kept_between_openings(tmp_path: Path) -> None:
    settings = TenantSettings(scopes="read:users", link_lifetime=0.5)
    with Storage.open(tmp_path / "x.sqlite") as first:
        first.put_user(StoredUser("auth0|é⭐\0", "e@x.example", 1, 2, "{}", None, None))
        first.change_settings(settings)
    with Storage.open(tmp_path / "x.sqlite") as second:
        assert second.get_user("auth0|é⭐\0") == StoredUser(
            "auth0|é⭐\0", "e@x.example", 1, 2, "{}", None, None
        )
        assert second.settings() == settings


def test_several_may_open_and_write_at_once(tmp_path: Path) -> None:
    def write(number: int) -> None:
        try:
            with Storage.open(tmp_path / "x.sqlite") as mine:
                keys.add(mine.document("key", lambda: f"made by {number}"))
                for turn in range(50):
                    mine.put_user(StoredUser(f"auth0|{number}-{turn}", None, 1, 1))
        except MusicctlError as error:
            failures.append(error)

    keys: set[str] = set()
    failures: list[MusicctlError] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(keys) == 1
    with Storage.open(tmp_path / "x.sqlite") as storage:
        assert storage.count_users() == 400


def test_loads_while_the_server_writes(tenant: RunningTenant) -> None:
    tenant.put("auth0|ringo")
    statuses: set[int] = set()
    loaded = threading.Event()

    def patch() -> None:
        number = 0
        while not loaded.is_set():
            number += 1
            body = {"app_metadata": {"number": number}}
            statuses.add(tenant.send("PATCH", "/api/v2/users/auth0%7Cringo", body).status)

    writer = threading.Thread(target=patch)
    writer.start()
    try:
        with Storage.open(tenant.folder / "tenant.sqlite") as other:
            assert (
                other.add_missing_users(NewUser(f"auth0|{number}", None) for number in range(30_000))
                == 30_000
            )
    finally:
        loaded.set()
        writer.join()
    assert statuses == {200}
    assert tenant.storage.count_users() == 30_001


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, None], ids=["text", "a folder"])
def test_what_is_no_database_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tenant.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(MusicctlError) as refused:
        Storage.open(path)
    assert str(path) in refused.value.what
    assert refused.value.hint == "musicctl sandbox reset"


def test_a_write_outlives_others_who_come_and_go(tmp_path: Path) -> None:
    """A file that is opened and closed loses every lock of its process, and with them the log of writes."""
    path = tmp_path / "x.sqlite"
    come_and_go = (
        "import sys; from pathlib import Path; from musicctl.sandbox.local_tenant.storage import Storage;"
        "Storage.open(Path(sys.argv[1])).close()"
    )
    with Storage.open(path) as mine:
        mine.put_user(StoredUser("auth0|a", None, 1, 1))
        assert len(list(mine.all_users())) == 1
        subprocess.run([sys.executable, "-c", come_and_go, str(path)], check=True)
        mine.put_user(StoredUser("auth0|b", None, 1, 1))
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT count(*) FROM users").fetchone() == (2,)
