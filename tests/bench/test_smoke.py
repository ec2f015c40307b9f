"""Every benchmark runs, at a small size, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHMARKS

KEYS = {
    "name",
    "size",
    "ours",
    "reference",
    "ratio",
    "target",
    "memory_mb",
    "memory_limit_mb",
    "note",
}
ROOT = Path(__file__).parent.parent.parent
SIZE = 30


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "tests.bench", name, "--size", str(SIZE), "--rounds", "1", "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    (result,) = json.loads(done.stdout)
    assert set(result) == KEYS
    assert (result["name"], result["size"], result["target"]) == (name, SIZE, None)
    assert min(result["ours"], result["reference"], result["ratio"], result["memory_mb"]) > 0
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_said() -> None:
    command = [sys.executable, "-m", "tests.bench", "nope"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such benchmark: nope" in done.stderr
