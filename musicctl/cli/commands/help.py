"""`musicctl help`."""

from difflib import get_close_matches
from typing import Annotated, Any

import typer

from musicctl.cli.command import alone, command
from musicctl.cli.output import text
from musicctl.errors import UsageError

app = alone()
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="WORD", help="A topic, or the words of a command; without any, all of them."),
]


@command(app, "help")
def explain(context: typer.Context, words: Words = None) -> None:
    """Explain a command, the exit codes, the settings, the formats or the safety.

    The topics are exit-codes, settings, formats and safety.
    """
    from musicctl.cli.topics import TOPICS

    formatter = context.make_formatter()
    if words and words[0] in TOPICS and len(words) == 1:
        TOPICS[words[0]][1](formatter)
        text(f"{formatter.getvalue().rstrip()}\n")
        return
    text(f"{_named(context.find_root(), words or []).get_help()}\n")
    if not words:
        formatter.write("\n")
        with formatter.section("Topics of musicctl help"):
            formatter.write_dl([(name, said) for name, (said, _) in TOPICS.items()])
        text(formatter.getvalue())


def _named(context: Any, words: list[str]) -> Any:
    """Return the context of the command that `words` lead to; raises UsageError."""
    for word in words:
        found = None
        if hasattr(context.command, "list_commands"):
            found = context.command.get_command(context, word)
        if found is None:
            raise _unknown(context, words, word)
        context = type(context)(found, info_name=word, parent=context)
    return context


def _unknown(context: Any, words: list[str], word: str) -> UsageError:
    from musicctl.cli.topics import TOPICS

    known = context.command.list_commands(context) if hasattr(context.command, "list_commands") else []
    if context.parent is None:
        known = [*known, *TOPICS]
    near = get_close_matches(word, known, n=1)
    before = " ".join(words[: words.index(word)])
    return UsageError(
        f"there is no help on {' '.join(words)}",
        hint=f"did you mean musicctl help {f'{before} {near[0]}'.strip()}?" if near else "musicctl help",
    )
