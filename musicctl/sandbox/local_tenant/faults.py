"""Faults: which there are, which are switched on, and whether one strikes a request.

They are kept in the tenant's storage, so that a running server obeys them from its next request on.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TypeAlias

from musicctl.sandbox.local_tenant.endpoints import pattern
from musicctl.sandbox.local_tenant.storage import Storage

Struck: TypeAlias = Mapping[str, str]
"""The names of the faults that strike a request, and their values."""

STATUS, LATENCY, CUT_BEFORE, CUT_AFTER = "status", "latency", "cut-before", "cut-after"
HTML, HALF_JSON, LATE = "html", "half-json", "late"
TRUNCATE_EXPORT, JOB_STUCK, JOB_FAILED = "truncate-export", "job-stuck", "job-failed"
OUTSIDE_EDIT, RATELIMIT_HEADER = "outside-edit", "ratelimit-header"

AT_READ = "@read"
"""How the value of an outside edit ends that is made when the user has been read, not before a change."""

JSON = ("/api/v2", "/oauth", "/.well-known")
ANYTHING = (*JSON, "/exports")
REACH: Mapping[str, tuple[str, ...]] = {
    STATUS: ANYTHING,
    LATENCY: ANYTHING,
    CUT_BEFORE: ANYTHING,
    CUT_AFTER: JSON,
    HTML: ANYTHING,
    HALF_JSON: JSON,
    TRUNCATE_EXPORT: ("GET /exports",),
    JOB_STUCK: ("GET /jobs/*",),
    JOB_FAILED: ("GET /jobs/*",),
    LATE: ("PATCH /api/v2", "DELETE /api/v2"),
    OUTSIDE_EDIT: ("PATCH /users/*",),
    RATELIMIT_HEADER: ("/api/v2", "/oauth/token"),
}
"""What each fault can strike. What makes something new is never late: its reply tells an id."""

COLUMNS = ("name", "value", "endpoint", "rate", "count", "seed", "requests", "hits")
KEY = "name = ? AND endpoint = ?"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is switched on: where, with which probability and seed, and for how many hits at most.

    `requests` is how many it might have struck, `hits` how many it did. Without an endpoint it strikes all of
    the Management API that it can.
    """

    name: str
    value: str
    endpoint: str
    rate: float
    count: int | None
    seed: int
    requests: int = 0
    hits: int = 0

    @property
    def reach(self) -> tuple[str, ...]:
        """What it can strike."""
        return ("GET /users/*",) if self.value.endswith(AT_READ) else REACH[self.name]

    def covers(self, method: str, path: str) -> bool:
        """Tell whether it may strike this request."""
        wanted = self.endpoint or ("/exports" if self.name == TRUNCATE_EXPORT else "/api/v2")
        return pattern(wanted).covers(method, path) and any(
            pattern(each).covers(method, path) for each in self.reach
        )

    def chooses(self, number: int) -> bool:
        """Tell whether it strikes its n-th request, by its seed, its name, its endpoint and n alone."""
        text = f"{self.seed} {self.name} {self.endpoint} {number}"
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return drawn < self.rate * 2**64


def switched_on(storage: Storage) -> tuple[Fault, ...]:
    """Return the faults that are switched on, in the order in which they were, and how often they struck."""
    return tuple(
        Fault(*row) for row in storage.rows(f"SELECT {', '.join(COLUMNS)} FROM faults ORDER BY rowid")
    )


def put(storage: Storage, faults: Iterable[Fault]) -> None:
    """Switch faults on, all or none; each replaces the one with its name and its endpoint."""
    marks = ", ".join("?" for _ in COLUMNS)
    with storage.writing():
        for fault in faults:
            storage.write(f"DELETE FROM faults WHERE {KEY}", fault.name, fault.endpoint)
            storage.write(f"INSERT INTO faults ({', '.join(COLUMNS)}) VALUES ({marks})", *astuple(fault))


def clear(storage: Storage) -> int:
    """Switch all faults off, and return how many there were."""
    with storage.writing():
        found = len(switched_on(storage))
        storage.write("DELETE FROM faults")
    return found


def strike(storage: Storage, faults: Sequence[Fault], method: str, path: str) -> Struck:
    """Count a request, and return which of the faults strike it; of two of one name, the later one."""
    return {
        fault.name: fault.value
        for fault in faults
        if fault.covers(method, path) and _takes_turn(storage, fault)
    }


def _takes_turn(storage: Storage, fault: Fault) -> bool:
    with storage.writing():
        rows = storage.rows(f"SELECT requests, hits FROM faults WHERE {KEY}", fault.name, fault.endpoint)
        if not rows:  # switched off a moment ago
            return False
        requests, hits = rows[0][0] + 1, rows[0][1]
        strikes = (fault.count is None or hits < fault.count) and fault.chooses(requests)
        storage.write(
            f"UPDATE faults SET requests = ?, hits = ? WHERE {KEY}",
            *(requests, hits + strikes, fault.name, fault.endpoint),
        )
    return strikes
