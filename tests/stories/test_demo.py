"""The demo is shown again and again on the same day."""

from pathlib import Path

from musicctl.sandbox import load
from tests.program import Program, Sandbox


def test_what_earlier_demos_took_away_trips_no_guard(
    demo: Sandbox, sandbox_folder: Path, program: Program
) -> None:
    taken_away = []
    for _ in range(6):
        load.load_cast(sandbox_folder, demo.state)
        done = program("roles", "sync", "--yes", "--json")
        assert done.code == 0, done.err
        taken_away.append(done.json["applied"]["revoke"])
    assert taken_away == [3, 1, 1, 1, 1, 1]
