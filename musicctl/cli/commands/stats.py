"""`musicctl stats`."""

import sys
from codecs import lookup

from musicctl.cli.command import alone, command
from musicctl.cli.options import Json, Output, Profile, Quiet
from musicctl.cli.output import chosen, document, terminal_width, text, whole
from musicctl.cli.reading import reading
from musicctl.cli.session import Session
from musicctl.render.formats import Format
from musicctl.settings.environment import variables

app = alone()
ON_A_PIPE = 80


@command(app, "stats")
def stats(
    profile: Profile = None, output: Output = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Show plays, editors, genres and songs as pictures.

    How many plays listeners have, who is about to cross the bar, how many editors there were, which genres
    they favour and how many songs are saved.
    """
    from musicctl.operations import stats as gathering
    from musicctl.render.charts import stats_text

    form = chosen(output, as_json)
    with Session(profile, quiet=quiet) as session, reading(session) as database:
        found, shown = gathering.gather(database, session.question(), session.say)
        if not whole(form, Format.TABLE):
            document(shown, form)
            return
        text(stats_text(found, columns=terminal_width() or ON_A_PIPE, unicode=_draws_unicode()))
        if shown["tenant_as_of"] is None:
            session.say("the mirror of the tenant was never filled, so that no roles are known")


def _draws_unicode() -> bool:
    """Tell whether what reads our output can be trusted with more than ASCII."""
    encoding = sys.stdout.encoding or "ascii"
    return lookup(encoding).name == "utf-8" and variables().get("TERM") != "dumb"
