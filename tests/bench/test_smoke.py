"""Every benchmark runs, at a small size, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHMARKS, main

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
SIZE = 20
"""Within the burst of every plan: no benchmark has to wait for the rate limit."""


@pytest.mark.timeout(300)
def test_every_benchmark_runs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """All in one sandbox, as they do without a name: to make one takes longer than most of them."""
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "tests.bench", "--size", str(SIZE), "--rounds", "1", "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [result["name"] for result in results] == list(BENCHMARKS)
    for result in results:
        assert set(result) == KEYS
        assert (result["size"], result["target"]) == (SIZE, None), result
        assert min(result["ours"], result["reference"], result["ratio"], result["memory_mb"]) > 0, result
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nope"])
    assert "no such benchmark: nope" in capsys.readouterr().err
