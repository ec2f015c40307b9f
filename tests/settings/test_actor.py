"""Who runs this, as the journal names it."""

import os
import pwd
import subprocess
import sys

import pytest

from musicctl.settings.environment import actor


def test_it_is_the_system_s_account_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "HOSTNAME"):
        monkeypatch.setenv(name, "mallory")
    account, _, host = actor().partition("@")
    assert account == pwd.getpwuid(os.geteuid()).pw_name
    assert host == os.uname().nodename


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_account_without_a_name_is_its_number() -> None:
    code = (
        "import os; from musicctl.settings.environment import actor;"
        "os.setuid(54321); print(actor().partition('@')[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "54321\n"
