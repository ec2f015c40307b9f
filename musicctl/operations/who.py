"""Who runs a command that writes: what the journal says of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musicctl.store.journal import NewRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """An account@host, whether a person is present (cron otherwise), and the profile it goes by."""

    actor: str
    present: bool
    profile: str

    def run(self, command: str) -> "NewRun":
        """Return a run of `command`, as it is typed; what more the journal keeps of it is for `replace`."""
        from musicctl.store.journal import NewRun  # 20 ms, which a listing need not wait for

        return NewRun(command=command, actor=self.actor, present=self.present, profile=self.profile)
