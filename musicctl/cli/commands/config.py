"""`musicctl config`."""

from musicctl import settings
from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile
from musicctl.cli.output import chosen, document, listing, terminal_width, text, verbatim, whole
from musicctl.cli.session import talk, tell_of_settings
from musicctl.render.formats import Format
from musicctl.render.text import safe, wrapped
from musicctl.settings.environment import config_path

app = group("Which settings are in force, and where they come from.")


@command(app, "show")
def show(profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show every setting of the profile and where it comes from, and never what a secret is."""
    form = chosen(output, as_json)
    chosen_settings = settings.load(profile)
    tell_of_settings(chosen_settings, talk(False))
    described = chosen_settings.describe()
    if whole(form, Format.JSON):
        document(described, form)
        return
    rows = [(name, each["value"], each["origin"], each.get("error")) for name, each in described.items()]
    if not whole(form, Format.TABLE):
        listing(("setting", "value", "origin", "error"), rows, form, empty="")
        return
    listing(("setting", "value", "origin"), [row[:3] for row in rows], form, empty="No settings.")
    for error in filter(None, (row[3] for row in rows)):
        text(f"\n{wrapped(f'Wrong: {safe(error)}', terminal_width())}\n")


@command(app, "path")
def path() -> None:
    """Print the path of the configuration file, whether or not it is there."""
    verbatim(f"{config_path()}\n")
