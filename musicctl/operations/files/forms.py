"""Which format a file is in: what an option says, or else its name."""

from pathlib import PurePath

from musicctl.errors import UsageError
from musicctl.operations.files.csv_records import CSV
from musicctl.operations.files.json_records import JSON_LINES
from musicctl.operations.files.records import Dialect
from musicctl.operations.files.tsv_records import TSV

DIALECTS = {"csv": CSV, "tsv": TSV, "jsonl": JSON_LINES}
DEFAULT = "csv"


def of(name: str | None, given: str | None) -> str:
    """Return the format of a file: `given`, or what its name ends in; CSV for a pipe (None or `-`).

    Raises UsageError when the name says nothing.
    """
    if given is not None:
        return given
    if name in {None, "-"}:
        return DEFAULT
    if (found := named(str(name))) is None:
        raise UsageError(
            f"the name of {name} does not say which format it has",
            hint=f"--format says it, or -o for an export: {', '.join(DIALECTS)}",
        )
    return found


def named(name: str) -> str | None:
    """Return the format that a file's name ends in, but for `.gz`, or None."""
    ending = PurePath(name.removesuffix(".gz")).suffix.removeprefix(".").lower()
    return ending if ending in DIALECTS else None


def dialect(form: str) -> Dialect:
    """Return how a format is read."""
    return DIALECTS[form]
