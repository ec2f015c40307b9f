"""Other programs: run to their end, or left in the background, under another account where told."""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from musicctl import disk
from musicctl.errors import UnavailableError
from musicctl.settings import environment

PATIENCE = 120.0
"""Seconds that a program may take to its end; the slowest, initdb, needs one."""

FIXED = {"LC_ALL": "C", "TZ": "UTC", "PGCONNECT_TIMEOUT": "10"}
"""What the environment of every program has: plain messages, and no endless wait for a frozen server."""

LONGEST_LOG = 64 << 20

PULSE = 0.005
"""Seconds between two looks at a process that starts or stops."""

# The shell ends at once, so that whatever happens to the program later is no child's death of ours; it opens
# the log itself, since root must not open files in a folder where another account can plant links. A core
# file would hold what the program knows.
BACKGROUND = 'ulimit -c 0; log=$1; shift; : >"$log"; "$@" </dev/null >>"$log" 2>&1 & echo $!'


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine that programs of the sandbox run under."""

    name: str
    uid: int
    gid: int


def run(
    command: Sequence[str], account: Account | None = None, *, inherit: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end in a session of its own, and return its exit code and what it printed.

    Raises OSError when it cannot be started, UnavailableError when it does not end within two minutes.
    """
    uid = os.geteuid() if account is None else account.uid
    try:
        return subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            cwd="/",
            env=environment.handed_on(uid) | FIXED,
            umask=0o077,
            start_new_session=True,
            pass_fds=inherit,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            f"{Path(command[0]).name} did not end within {PATIENCE:.0f} s",
            hint="the machine may be busy; try again",
        ) from None


def spawn(
    command: Sequence[str],
    account: Account | None = None,
    *,
    log: Path,
    inherit: tuple[int, ...] = (),
) -> int:
    """Leave `command` running in the background and return its process id.

    It has a session of its own, so Ctrl-C in the terminal does not reach it, and none of our standard
    streams, so a shell's $(...) does not wait for it. Its output replaces the file `log`. The descriptors
    `inherit` stay open in it.
    """
    started = run(["/bin/sh", "-c", BACKGROUND, "sh", str(log), *command], account, inherit=inherit)
    return int(started.stdout)


def is_running(pid: int, argument: Path) -> bool:
    """Tell whether process `pid` lives and was started with `argument` on its command line.

    In containers nobody may reap a zombie, and a mere signal 0 would call it alive. Linux shows the command
    lines of other accounts' processes to everyone, unlike their working folders.
    """
    try:
        line = _command_line(pid)
    except OSError:
        return False if Path("/proc/self").exists() else _is_listed(pid, argument)
    return os.fsencode(argument) in line.split(b"\0")


def _command_line(pid: int) -> bytes:
    """Return the words of a process, each with a NUL behind it: a zombie has none.

    A process has none either while it becomes another program, as the shell does that starts Postgres; a
    thread of the kernel, which never has any, is given up after a second.
    """
    place, deadline = Path(f"/proc/{pid}"), time.monotonic() + 1.0
    while True:
        line = (place / "cmdline").read_bytes()
        if line or time.monotonic() > deadline or _has_ended(place):
            return line
        time.sleep(PULSE)


def _has_ended(place: Path) -> bool:
    state = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    return state in {"Z", "X"}


def _is_listed(pid: int, argument: Path) -> bool:
    """As above where there is no /proc, as on macOS."""
    return f" {argument} " in run(["ps", "-ww", "-o", "command=", "-p", str(pid)]).stdout.replace("\n", " ")


def stop(pid: int, is_alive: Callable[[], bool], signals: Iterable[tuple[int, float]]) -> bool:
    """Send process `pid` each signal in turn until it is no longer alive; False when it outlives them all.

    With each signal go the seconds to wait after it.
    """
    for number, patience in signals:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_alive():
                return True
            time.sleep(PULSE)
    return False


def last_lines(log: Path, count: int = 3) -> str:
    """Return the last lines of a log as one line, for an error's message; empty when there is none."""
    try:
        lines = disk.read(log, LONGEST_LOG).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join(line.strip() for line in lines[-count:])
