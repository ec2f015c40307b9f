"""Answers a shell that asks what the word under the cursor may become; silent where it does not know."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from typer._click.shell_completion import _resolve_context, _resolve_incomplete, split_arg_string

from musicctl import settings
from musicctl.cli.deadline import promptly
from musicctl.cli.root import command
from musicctl.cli.shared_options import COLUMNS
from musicctl.render.text import safe

RUNS = 20
FILES = ("FILE", "@FILE|-", "TOKEN")
"""What arguments and options are called that take a file."""


class Candidate(NamedTuple):
    """What a word may become, and a few words about it."""

    value: str
    told: str = ""


def answer(shell: str, arguments: Sequence[str]) -> list[str]:
    """Return the lines of the answer: `files` or `words`, then what the last word may become.

    Bash gives the line as it stands and the part of its last word behind a `=` or `@`; the others give words.
    """
    if shell == "bash":
        line, part = arguments
        words = split_arg_string(line)[1:]
        words += [""] if line[-1:].isspace() else []
    else:
        words, part = list(arguments), arguments[-1]
    *before, last = [word for word in words if word != "--version"] or [""]
    found = list(_candidates(before, last))
    if found and found[0].value == "":
        return ["files"]
    kept = len(last) - len(part) if last.endswith(part) else 0
    shown = (each for each in found if each.value.startswith(last) and safe(each.value) == each.value)
    return ["words", *(_line(shell, each, kept) for each in shown)]


def _candidates(before: list[str], last: str) -> Iterator[Candidate]:
    """Yield what may stand there, each as a whole word; a single empty one for any file."""
    context = _resolve_context(command(), {}, "musicctl", before)
    asked, part = _resolve_incomplete(context, before, last)
    named: list[str] = []
    if asked.name == "columns":
        *named, part = part.split(",")
    head = last.removesuffix(part)  # --output= in --output=js
    if asked is context.command:
        yield from _words_of(asked, context, last)
        return
    for each in _values(asked, context):
        if each.value not in named:
            yield each._replace(value=head + each.value) if each.value else each


def _words_of(asked: Any, context: Any, last: str) -> Iterator[Candidate]:
    """Yield the commands of a group, and options once a dash is there."""
    from musicctl.cli.command import purpose

    if last.startswith("-"):
        for param in asked.get_params(context):
            for name in getattr(param, "opts", ()) if param.param_type_name == "option" else ():
                yield Candidate(name, param.help or "")
    elif hasattr(asked, "list_commands"):
        for name in asked.list_commands(context):
            yield Candidate(name, purpose(asked.get_command(context, name)))


def _values(param: Any, context: Any) -> Iterator[Candidate]:
    """Yield what an option or an argument may be."""
    names = {*param.opts, param.metavar}
    if "--columns" in names:
        yield from map(Candidate, COLUMNS.get(context.command_path.removeprefix("musicctl "), ()))
    elif "--profile" in names:
        yield from map(Candidate, settings.profile_names())
    elif "RUN" in names:
        yield from _runs(context.params.get("profile"))
    elif context.command_path == "musicctl help":
        yield from _help_words(context)
    elif not names.isdisjoint(FILES):
        yield Candidate("")
    else:
        yield from (Candidate(str(item.value)) for item in param.shell_complete(context, ""))


def _help_words(context: Any) -> Iterator[Candidate]:
    """Yield the topics and the commands, or the commands of the group that is named already."""
    from musicctl.cli.topics import TOPICS

    given = context.params.get("words") or []
    if given and given[0] in TOPICS:
        return
    if not given:
        yield from (Candidate(name, said) for name, (said, _) in TOPICS.items())
    inner = _resolve_context(command(), {}, "musicctl", list(given))
    yield from _words_of(inner.command, inner, "")


def _runs(profile: str | None) -> list[Candidate]:
    """Return the newest runs, or none where the database does not answer at once."""
    return [Candidate("last", "the newest"), *promptly(lambda: _newest_runs(profile))]


def _newest_runs(profile: str | None) -> list[Candidate]:
    from musicctl.operations import connect
    from musicctl.operations.runs import history

    chosen = settings.load(profile)
    if str(chosen.describe()["database_url"]["origin"]).endswith("by cmd:"):
        return []  # the command might ask for a password, in the middle of a line
    database = connect.database(chosen.database_url)
    try:
        rows = history.list_runs(database, history.Filter(limit=RUNS), list)
    finally:
        database.close()
    return [Candidate(str(row[0]), f"{row[1]}, {row[5]}") for row in rows]


def _line(shell: str, candidate: Candidate, kept: int) -> str:
    """Return one candidate as a shell reads it; bash has put down `kept` characters already."""
    value, told = candidate.value, safe(" ".join(candidate.told.split()))
    if shell == "bash":
        return re.sub(r"([^\w@%+=:,./-])", r"\\\1", value[kept:])
    if shell == "zsh":
        value = value.replace(":", r"\:")
        return f"{value}:{told}" if told else value
    return f"{value}\t{told}" if told else value
