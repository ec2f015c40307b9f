import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicctl.errors import ConfigError, MusicctlError, UnavailableError
from musicctl.sandbox import lifecycle, process
from musicctl.sandbox.local_tenant.records import NewUser
from musicctl.sandbox.local_tenant.storage import Storage
from musicctl.sandbox.postgres import postmaster
from musicctl.settings import sandbox_state
from musicctl.settings.sandbox_state import SandboxState
from tests.sandbox.sandbox_fixtures import ask, data, hush, is_up

UP = """
import sys
from pathlib import Path
from musicctl.sandbox import lifecycle
lifecycle.up(Path(sys.argv[1]), print)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("shared") / "sandbox"
    yield home
    lifecycle.remove(home, hush)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "sandbox"
    lifecycle.remove(tmp_path / "sandbox", hush)


def processes(home: Path) -> tuple[int, int]:
    """Return the process ids of Postgres and of the local tenant."""
    state = sandbox_state.read(home)
    assert state is not None
    server = postmaster.running(data(state))
    assert server is not None
    return server, int((home / "tenant.lock").read_text())


def answers(state: SandboxState) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", state.port)) == 0


def test_up_leaves_both_stores_running_and_their_addresses_written_down(shared: Path) -> None:
    state = lifecycle.up(shared, hush)
    assert sandbox_state.read(shared) == state
    assert state.auth0_domain == f"http://127.0.0.1:{state.port}"
    assert state.auth0_audience == f"{state.auth0_domain}/api/v2/"
    assert answers(state)
    assert ask(state, "SELECT count(*) FROM musicctl.tenant_users") == [(0,)]
    assert ask(state, "SELECT count(*) FROM songs") == [(0,)]


def test_what_it_makes_is_for_its_owner_alone(shared: Path) -> None:
    state = lifecycle.up(shared, hush)
    assert shared.stat().st_mode & 0o777 == 0o700
    assert (shared / "state.json").stat().st_mode & 0o777 == 0o600
    assert Path(state.cluster).stat().st_mode & 0o777 == 0o700


def test_a_second_up_changes_and_says_nothing(shared: Path) -> None:
    lifecycle.up(shared, hush)
    before, written = processes(shared), (shared / "state.json").read_bytes()
    said: list[str] = []
    lifecycle.up(shared, said.append)
    assert (processes(shared), (shared / "state.json").read_bytes(), said) == (before, written, [])


def test_down_stops_both_and_up_finds_the_data_again(shared: Path) -> None:
    state = lifecycle.up(shared, hush)
    ask(state, "DELETE FROM songs; INSERT INTO songs VALUES ('1a', 'Yellow Submarine', 'auth0|1')")
    old = processes(shared)
    assert lifecycle.down(shared, hush) is True
    assert not is_up(shared)
    assert not process.is_running(old[0], data(state))
    assert lifecycle.down(shared, hush) is False
    assert lifecycle.up(shared, hush) == state
    assert ask(state, "SELECT songname FROM songs") == [("Yellow Submarine",)]


@pytest.mark.parametrize("victims", [(0,), (1,), (0, 1)], ids=["postgres", "tenant", "both"])
def test_up_recovers_from_kill_9(shared: Path, victims: tuple[int, ...]) -> None:
    state = lifecycle.up(shared, hush)
    ask(state, "DELETE FROM user_data; INSERT INTO user_data VALUES ('auth0|1', 'skiffle')")
    before = processes(shared)
    for victim in victims:
        os.kill(before[victim], signal.SIGKILL)
    assert lifecycle.up(shared, hush) == state
    after = processes(shared)
    assert [after[each] != before[each] for each in (0, 1)] == [each in victims for each in (0, 1)]
    assert is_up(shared)
    assert ask(state, "SELECT fav_genre FROM user_data") == [("skiffle",)]


def test_down_after_kill_9_of_postgres_stops_the_tenant(shared: Path) -> None:
    lifecycle.up(shared, hush)
    os.kill(processes(shared)[0], signal.SIGKILL)
    assert lifecycle.down(shared, hush) is True
    assert not sandbox_state.tenant_is_up(shared)


def test_a_port_that_is_taken_is_replaced_and_the_mirror_follows(shared: Path) -> None:
    before = lifecycle.up(shared, hush)
    ask(before, f"INSERT INTO musicctl.mirror (id, domain) VALUES (1, '{before.auth0_domain}')")
    lifecycle.down(shared, hush)
    with socket.create_server(("127.0.0.1", before.port)):
        after = lifecycle.up(shared, hush)
    assert after.port != before.port
    assert sandbox_state.read(shared) == after
    assert (after.auth0_client_id, after.auth0_client_secret) == (
        before.auth0_client_id,
        before.auth0_client_secret,
    )
    assert answers(after)
    assert ask(after, "SELECT domain FROM musicctl.mirror") == [(after.auth0_domain,)]


def test_status_tells_what_other_programs_need(shared: Path, tmp_path: Path) -> None:
    state = lifecycle.up(shared, hush)
    assert lifecycle.status(shared) == {
        "up": True,
        "database_url": state.database_url,
        "auth0_domain": state.auth0_domain,
        "auth0_client_id": state.auth0_client_id,
        "auth0_client_secret": state.auth0_client_secret,
        "auth0_audience": state.auth0_audience,
        "users": 0,
        "plan": "none",
    }
    lifecycle.down(shared, hush)
    down = lifecycle.status(shared)
    assert (down["up"], down["database_url"], down["users"]) == (False, state.database_url, 0)
    never = lifecycle.status(tmp_path / "never")
    assert not never.pop("up")
    assert never.pop("users") == 0
    assert set(never.values()) == {None}
    assert not (tmp_path / "never").exists()


def test_reset_empties_both_stores_and_keeps_the_credentials(shared: Path) -> None:
    before = lifecycle.up(shared, hush)
    ask(before, "DELETE FROM artists; INSERT INTO artists VALUES ('1', 'Ringo', 'auth0|1')")
    with Storage.open(shared / "tenant.sqlite") as storage:
        storage.add_missing_users([NewUser("auth0|1", "ringo@example.com")])
    assert lifecycle.status(shared)["users"] == 1
    after = lifecycle.reset(shared, hush)
    assert is_up(shared)
    assert ask(after, "SELECT count(*) FROM artists") == [(0,)]
    assert lifecycle.status(shared)["users"] == 0
    assert (after.auth0_client_secret, after.port) == (before.auth0_client_secret, before.port)


def test_reset_makes_a_sandbox_where_there_is_none(home: Path) -> None:
    lifecycle.reset(home, hush)
    assert is_up(home)


def test_reset_mends_a_state_that_cannot_be_read(home: Path) -> None:
    home.mkdir()
    (home / "state.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be read") as raised:
        lifecycle.up(home, hush)
    assert raised.value.hint == "musicctl sandbox reset"
    lifecycle.reset(home, hush)
    assert is_up(home)


def test_a_tenant_that_cannot_start_says_why_and_reset_mends_it(home: Path) -> None:
    home.mkdir()
    (home / "lock").touch()
    (home / "tenant.sqlite").write_text("this is no database" * 100)
    with pytest.raises(UnavailableError, match=r"local tenant does not start: .*tenant\.sqlite") as raised:
        lifecycle.up(home, hush)
    assert str(home / "tenant.log") in raised.value.hint
    lifecycle.reset(home, hush)
    assert is_up(home)


def test_two_ups_at_once_make_one_sandbox(home: Path) -> None:
    commands = [subprocess.Popen([sys.executable, "-c", UP, str(home)], stdout=subprocess.PIPE) for _ in "ab"]
    outputs = [command.communicate()[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0]
    assert sum(b"starting" in output for output in outputs) == 1
    assert is_up(home)


def test_an_up_that_was_killed_half_way_is_made_good(home: Path) -> None:
    command = subprocess.Popen([sys.executable, "-c", UP, str(home)], stdout=subprocess.DEVNULL)
    state = None
    while not (state and any(Path(state.cluster).glob("new-*"))):
        assert command.poll() is None
        time.sleep(0.01)
        state = sandbox_state.read(home) if home.exists() else None
    command.kill()
    command.wait()
    again = lifecycle.up(home, hush)
    assert again.cluster == state.cluster
    assert not any(Path(state.cluster).glob("new-*"))
    assert ask(again, "SELECT count(*) FROM songs") == [(0,)]


def test_a_shell_does_not_wait_for_the_background(home: Path) -> None:
    script = 'said=$("$1" -c "$2" "$3" 2>&1) && echo "done: $said"'
    command = ["/bin/sh", "-c", script, "sh", sys.executable, UP, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("done: starting the sandbox")
    assert is_up(home)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear Ringo")
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigError, match="holds other files"):
        lifecycle.up(tmp_path, hush)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_that_cannot_be_made_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MusicctlError, match="could not bring the sandbox up") as raised:
        lifecycle.up(tmp_path / "file" / "sandbox", hush)
    assert "MUSICCTL_SANDBOX" in raised.value.hint
    assert lifecycle.down(tmp_path / "file" / "sandbox", hush) is False
