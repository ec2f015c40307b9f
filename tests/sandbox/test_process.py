"""Which processes are alive: also one that becomes another program just now, and not a zombie."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from musicctl.sandbox import process

ARGUMENT = Path("60")
BECOMING = ["/bin/sh", "-c", 'exec sleep "$1"', "sh", str(ARGUMENT)]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the command line is read from /proc")
def test_a_process_that_becomes_another_program_is_alive_all_the_time() -> None:
    for _ in range(40):
        with subprocess.Popen(BECOMING) as child:
            began = time.monotonic()
            seen = set()
            while time.monotonic() < began + 0.02:
                seen.add(process.is_running(child.pid, ARGUMENT))
            child.kill()
        assert seen == {True}


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen(BECOMING) as child:
        assert process.is_running(child.pid, ARGUMENT)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert not process.is_running(child.pid, ARGUMENT)


def test_a_stranger_with_the_same_number_is_not_it() -> None:
    with subprocess.Popen(BECOMING) as child:
        assert not process.is_running(child.pid, Path("61"))
        child.kill()
    assert not process.is_running(child.pid, ARGUMENT)
