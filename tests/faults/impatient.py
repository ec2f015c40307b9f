"""`python -m tests.faults.impatient TIMES ARGUMENT...`: the program, so many times less patient.

Whatever it waits for of a tenant that does not answer is shorter by the same: a reply, a connection, the
next attempt, and how long it takes until all that fails is an outage.
"""

import sys
from collections.abc import Sequence

from musicctl.cli import main
from musicctl.operations.runs import apply
from musicctl.tenant import http, outage, retries
from musicctl.tenant.client import Tenant
from musicctl.tenant.retries import Patience

SHORTENED = (
    (http, "CONNECT_TIMEOUT"),
    (http, "REPLY_TIMEOUT"),
    (apply, "LOSING"),
    (outage, "SILENT"),
    (outage, "SILENT_KIND"),
    (outage, "FORGOTTEN"),
    (retries, "FIRST_PAUSE"),
    (retries, "LONGEST_PAUSE"),
)


def run(times: float, arguments: Sequence[str]) -> int:
    """Run the program so shortened."""
    for owner, name in SHORTENED:
        setattr(owner, name, getattr(owner, name) / times)
    patience = Patience(failing=Patience().failing / times)
    Tenant.__init__.__kwdefaults__ = {**(Tenant.__init__.__kwdefaults__ or {}), "patience": patience}
    return main(arguments)


if __name__ == "__main__":
    TIMES, *REST = sys.argv[1:]
    sys.exit(run(float(TIMES), REST))
