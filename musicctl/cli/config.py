"""`musicctl config`."""

from musicctl import settings
from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Profile
from musicctl.cli.output import chosen, document, listing, text
from musicctl.render.records import Format
from musicctl.settings.environment import config_path

app = group("Which settings are in force, and where they come from.")


@command(app, "show")
def show(profile: Profile = None, output: Output = None, as_json: Json = False) -> None:
    """Show every setting of the profile and where it comes from, and never what a secret is."""
    form = chosen(output, as_json)
    chosen_settings = settings.load(profile)

    if form is Format.JSON:
        document(chosen_settings.describe(), form)
        return
    rows = [
        (name, each["value"], each["origin"], each.get("error"))
        for name, each in chosen_settings.describe().items()
    ]
    wrong = any(row[3] for row in rows)
    columns = ("setting", "value", "origin", "error")[: 4 if wrong or form is not Format.TABLE else 3]
    listing(columns, [row[: len(columns)] for row in rows], form, empty="No settings.")


@command(app, "path")
def path() -> None:
    """Print the path of the configuration file, whether or not it is there."""
    text(f"{config_path()}\n")
