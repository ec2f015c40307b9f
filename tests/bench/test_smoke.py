"""Every benchmark runs, at a small size, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.__main__ import BENCHMARKS

ROOT = Path(__file__).parent.parent.parent


def test_every_benchmark_runs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "tests.bench", "--size", "50", "--rounds", "1", "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)
    assert [result["name"] for result in results] == list(BENCHMARKS)
    for result in results:
        assert set(result) == {"name", "size", "ours", "reference", "ratio", "target", "memory_mb"}
        assert (result["size"], result["target"]) == (50, None)
        assert min(result["ours"], result["reference"], result["ratio"], result["memory_mb"]) > 0
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_said() -> None:
    command = [sys.executable, "-m", "tests.bench", "nope"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such benchmark: nope" in done.stderr
