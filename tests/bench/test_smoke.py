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
FREE = "pace-free"
SIZES = {20: [name for name in BENCHMARKS if name != FREE], 2: [FREE]}
"""About the burst of every plan: no benchmark has to wait long for the rate limit."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
def test_every_benchmark_runs_and_leaves_nothing_behind(size: int, tmp_path: Path) -> None:
    """All in one sandbox, as they do without a name: to make one takes longer than most of them."""
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "tests.bench", *SIZES[size], "--size", str(size)]
    command += ["--rounds", "1", "--json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [result["name"] for result in results] == SIZES[size]
    for result in results:
        assert set(result) == KEYS
        assert (result["size"], result["target"]) == (size, None), result
        assert min(result["ours"], result["reference"], result["ratio"], result["memory_mb"]) > 0, result
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nope"])
    assert "no such benchmark: nope" in capsys.readouterr().err
