"""Sets the display names that a file asks for, each read from the tenant just before it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from musicctl.errors import NotFoundError
from musicctl.operations import lookup
from musicctl.operations.files.problems import Problem as BadLine
from musicctl.operations.names import bulk, file
from musicctl.operations.names.writing import NameChange, NameWriting
from musicctl.operations.runs.apply import Done
from musicctl.operations.runs.context import Context
from musicctl.operations.runs.fields import UnreadableError, name_of
from musicctl.operations.runs.preview import BY_ID, NOT_THERE, in_batches
from musicctl.operations.runs.threads import in_threads
from musicctl.policy.bulk_names import Named, NamesPreview, NamesReport, Naming, Renaming
from musicctl.policy.report import Outcome, Problem, Report
from musicctl.store import app_values, mirror
from musicctl.tenant.client import Tenant

COMMAND = "profile set-names"
NOT_MIRRORED = "the mirror has no such user; the tenant may"
UNSENT = "unsent"
NOT_TRIED = "the tenant could not be reached"


def read(context: Context, name: str) -> tuple[Naming, ...]:
    """Return what a file asks for, with the ids of those who are named by their email address.

    Raises MusicctlError that names the bad lines, those too that name one account twice.
    """
    found = file.read(name)
    tenant = context.tenant()
    by_email = [naming for naming in found if "|" not in naming.user]
    looked_up = in_threads(
        by_email, lambda naming: _looked_up(naming, tenant), context.threads, interrupt=tenant.stop
    )
    ids = {naming.line: naming for naming in looked_up}
    namings = tuple(ids.get(each.line) or replace(each, user_id=each.user) for each in found)
    _refuse_repeated(name, namings)
    return namings


def preview(context: Context, namings: Sequence[Naming]) -> NamesPreview:
    """Return what setting the names would change now; writes nothing."""
    wanted = [naming for naming in namings if naming.user_id is not None]
    seen = "tenant" if len(wanted) <= BY_ID else "mirror"
    now = dict(_in_tenant(context, wanted) if seen == "tenant" else _in_mirror(context, wanted))
    changes, problems, already = [], [_nobody(each) for each in namings if each.user_id is None], 0
    for naming in wanted:
        user_id, before = naming.user_id or "", now[naming.line]
        if isinstance(before, Problem):
            problems.append(before)
        elif before == naming.name:
            already += 1
        else:
            changes.append(Renaming(user_id, before, naming.name))
    return NamesPreview(seen=seen, changes=tuple(changes), already=already, problems=tuple(problems))


def perform(context: Context, namings: Sequence[Naming], *, wait: float) -> NamesReport:
    """Set the names, as one run of the journal, and say of every line what became of it."""
    changes = [NameChange(each.user_id, each.name) for each in namings if each.user_id is not None]
    done: dict[str, Done[NameChange]] = {}
    report = Report(run=None, plan="")
    if changes:
        report, done = bulk.carry_out(context, COMMAND, changes, NameWriting(), wait=wait)
    lines = tuple(_named(naming, done) for naming in namings)
    nobody = [_nobody(naming) for naming in namings if naming.user_id is None]
    return NamesReport(
        report=replace(
            report,
            failed=report.failed + len(nobody),
            problems=(*report.problems, *_gone(lines), *nobody),
        ),
        applied=sum(each.state == Outcome.APPLIED.value for each in lines),
        lines=lines,
    )


def _looked_up(naming: Naming, tenant: Tenant) -> Naming:
    try:
        return replace(naming, user_id=lookup.user_id(naming.user, lambda: tenant))
    except NotFoundError as error:
        return replace(naming, detail=error.what)


def _refuse_repeated(name: str, namings: Sequence[Naming]) -> None:
    """Raise MusicctlError where two lines name one account, by its id and by its address."""
    problems = file.problems_of(name)
    first: dict[str, int] = {}
    for naming in namings:
        line = naming.line if naming.user_id is None else first.setdefault(naming.user_id, naming.line)
        if line != naming.line:
            why = f"is the account {naming.user_id}, which line {line} names already"
            problems.add(BadLine(naming.line, "user", why))
    if problems.count:
        raise problems.refusal()


def _in_tenant(context: Context, namings: Sequence[Naming]) -> Iterator[tuple[int, object]]:
    """Yield the name that each has now, or the problem with it, by the line."""
    tenant = context.tenant()

    def look(naming: Naming) -> tuple[int, object]:
        user_id = naming.user_id or ""
        user = tenant.user(user_id)
        if user is None:
            return naming.line, Problem(user_id, Outcome.GONE, NOT_THERE)
        try:
            return naming.line, name_of(user)
        except UnreadableError as why:
            return naming.line, Problem(user_id, Outcome.CONFLICT, str(why))

    yield from in_threads(namings, look, context.threads, interrupt=tenant.stop)


def _in_mirror(context: Context, namings: Sequence[Naming]) -> Iterator[tuple[int, object]]:
    mirror.claim(context.database, context.tenant().base_url)
    for batch in in_batches(namings):
        known = app_values.mirrored(context.database, [naming.user_id or "" for naming in batch])
        for naming in batch:
            user_id = naming.user_id or ""
            nobody = Problem(user_id, Outcome.UNKNOWN, NOT_MIRRORED)
            yield naming.line, known[user_id][0] if user_id in known else nobody


def _nobody(naming: Naming) -> Problem:
    return Problem(naming.user, Outcome.FAILED, naming.detail)


def _named(naming: Naming, done: dict[str, Done[NameChange]]) -> Named:
    if naming.user_id is None:
        return Named(naming, Outcome.FAILED.value, naming.detail)
    became = done.get(naming.user_id)
    if became is None:
        return Named(naming, UNSENT, NOT_TRIED)
    return Named(naming, became.outcome.value, became.detail)


def _gone(lines: Sequence[Named]) -> list[Problem]:
    return [
        Problem(each.naming.user_id or "", Outcome.GONE, each.detail)
        for each in lines
        if each.state == Outcome.GONE.value
    ]
