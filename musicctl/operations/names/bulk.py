"""What every run of names in bulk shares: the lease `names`, the truth about earlier runs, and the run."""

from collections.abc import Sequence

from musicctl.operations.names import writing as name_writing
from musicctl.operations.names.writing import NameChange, NameWriting
from musicctl.operations.runs import recovery
from musicctl.operations.runs.apply import Done
from musicctl.operations.runs.context import Context
from musicctl.operations.runs.lease import held
from musicctl.policy.report import Report
from musicctl.store import mirror

LEASE = "names"


def carry_out(
    context: Context,
    command: str,
    changes: Sequence[NameChange],
    writing: NameWriting,
    *,
    wait: float,
) -> tuple[Report, dict[str, Done[NameChange]]]:
    """Perform the changes as one run of `command`, and return its report and what became of each user.

    Raises BusyError when somebody else writes names for longer than `wait` seconds.
    """
    database = context.database
    found: dict[str, Done[NameChange]] = {}
    mirror.claim(database, context.tenant().base_url)
    with held(database, LEASE, context.who.actor, wait=wait, say=context.say) as lease:
        recovery.recover(
            database,
            context.tenant(),
            lease,
            settle=context.settle,
            threads=context.threads,
            say=context.say,
        )
        with context.progress(len(changes)) as advance:

            def dealt_with(done: object) -> None:
                if isinstance(done, Done):
                    found[done.change.user_id] = done
                advance(done)

            report = name_writing.run(
                database,
                context.tenant(),
                changes,
                writing,
                new=context.who.run(command),
                lease=lease,
                pace=context.pace(dealt_with),
            )
    return report, found
