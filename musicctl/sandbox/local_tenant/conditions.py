"""Under which conditions requests are answered: the tenant's settings, and its faults."""

from musicctl.sandbox.local_tenant.faults import RATELIMIT_HEADER, Fault, switched_on
from musicctl.sandbox.local_tenant.settings import TenantSettings
from musicctl.sandbox.local_tenant.storage import Storage


class Conditions:
    """What is set in storage, kept until another process writes there: looking costs every request little."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._version = 0
        self.settings = TenantSettings()
        self.faults: tuple[Fault, ...] = ()
        self.misleading: tuple[Fault, ...] = ()

    def refresh(self) -> None:
        """Take in what another process has set meanwhile."""
        # It changes with every write of others, and never with one of ours.
        version = self._storage.rows("PRAGMA data_version")[0][0]
        if version != self._version:
            found = switched_on(self._storage)
            self.faults = tuple(fault for fault in found if fault.name != RATELIMIT_HEADER)
            self.misleading = tuple(fault for fault in found if fault.name == RATELIMIT_HEADER)
            self.settings = self._storage.settings()
            self._version = version
