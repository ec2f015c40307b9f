"""What `musicctl help TOPIC` explains, from where the program itself has it."""

from collections.abc import Callable
from typing import Any

from musicctl.errors import Exit
from musicctl.render.formats import Format
from musicctl.render.text import wrapped
from musicctl.settings.environment import PROGRAM_VARIABLES, config_path
from musicctl.settings.meanings import MEANINGS
from musicctl.settings.model import GUARDS, SETTINGS, environment_variable

FORMATS = {
    Format.TABLE: "For people: fits the terminal, with dates in local time. On a pipe, the whole of it.",
    Format.JSON: "One document; [] when there is nothing.",
    Format.JSONL: "One object a line, written as it is read.",
    Format.CSV: 'RFC 4180 with a header. NULL is an empty field, the empty text is "".',
    Format.TSV: "As Postgres' COPY writes it, with a header: NULL is \\N.",
    Format.IDS: "The first column alone, a line each: for a pipe into a command that takes -.",
}
PROGRAM = {
    "MUSICCTL_CONFIG": "the configuration file, in place of the user's",
    "MUSICCTL_OUTPUT": "the format of every command that is given none",
    "MUSICCTL_PG_BIN": "the folder of the sandbox's initdb and postgres",
    "MUSICCTL_PROFILE": "the profile of every command that is given none",
    "MUSICCTL_SANDBOX": "the folder of the sandbox",
}
UNSET_GUARDS = {
    "rule": "another role, threshold or plays source than at the last sync",
    "row_security": "plays that row-level security may hide from the account",
}
"""Those that no setting is for."""

SAFETY = {
    "--dry-run": "Shows what would be done, and writes nothing, whatever else is given.",
    "asking": "What removes or overwrites is shown first, and asks a person who is present; where nobody is,"
    " it needs --yes. `roles sync` and `promote` ask a person, but are made for cron and go on.",
    "journal": "Every change is in Postgres before it is sent, and what became of it afterwards:"
    " `musicctl history list`. A run that is cut off is cleared up by the next.",
    "lease": "One run writes at a time; another exits 75 and says who runs, or waits with --wait.",
    "undo": "`musicctl undo RUN` puts back what is still as the run left it, and names what it skipped.",
    "pins": "`musicctl roles pin` decides over the plays for one user, `musicctl roles hold` stops all.",
}


TRUSTED = {
    "the database": (
        "Whoever may write to the schema musicctl can move the baselines of the guards, the pins, the"
        " holds, the lease and the journal: give that right to the account of cron and to those who decide"
        " on roles, to nobody else. A listener who may write to playlists sets the plays. The journal is a"
        " record, and no order: an undo gives back or takes away our role alone. A superuser is refused"
        " nothing: use an account with the rights that the README lists."
    ),
    "the configuration": (
        "A cmd: in it is run by the shell, as you, with all of your environment, for 30 s at most; what"
        " it leaves behind is ended. So the file and every folder and link on its path must be yours or"
        " root's, and nobody else may write there. One with a secret in it is mode 0600."
    ),
    "the tenant": (
        "Over TLS, it is sent the client id and its secret, or an assertion signed with the key, for a"
        " token; then that token, with ids and addresses of users, and the roles, names and Actions that"
        " are written. Nothing is sent to anybody else. What it answers is bounded in size, unpacked too, and"
        " in time; a redirect is never followed, and the link of a public tenant's export only to a public"
        " host."
    ),
    "Postgres": (
        "The mirror (id, address, display name and roles of every user), plans, runs, changes, pins and"
        " holds. sslmode=verify-full in database_url makes sure of the server; a connection that leaves this"
        " machine without TLS is warned of."
    ),
    "what they answer": (
        "Where it repeats a secret that they were sent, or a part of one, however it is written, there is ***"
        " in messages, logs and the journal. Names and usual words stay, though a secret may be made of them."
    ),
    "listeners' tokens": ("They are verified here, with the public keys of the tenant, and kept nowhere."),
}
ON_DISK = {
    "access tokens": ("In the cache folder, mode 0600 in a folder of 0700: good for a day at most."),
    "signing keys": ("There too: the tenant's public ones."),
    "the sandbox": (
        "A folder of mode 0700 with credentials that protect nothing. Root's server runs under the"
        " account postgres, else nobody, and is told nothing of root's environment."
    ),
    "exports, reports": (
        "Mode 0600. Each file is made beside its place and renamed: a link there is replaced and never"
        " followed, and another account's file is refused."
    ),
}


def exit_codes(formatter: Any) -> None:
    """Write every exit code."""
    with formatter.section("Exit codes"):
        rows = [(f"{int(each):3} {each.name}", each.meaning) for each in Exit]
        formatter.write_dl(rows)
    _paragraph(
        formatter,
        "With -o json an error is one line of JSON, the last on stderr:"
        ' {"error": {"code": "not_found", "exit": 3, "message": ..., "hint": ...}}',
    )


def settings(formatter: Any) -> None:
    """Write every setting with its default and its variable, and which profile is in force."""
    with formatter.section("Settings"):
        formatter.write_dl([(name, _with_default(name)) for name in SETTINGS], 24)
    with formatter.section("Variables"):
        formatter.write_dl([(name, PROGRAM[name]) for name in PROGRAM_VARIABLES])
    plain = [environment_variable(name) for name in SETTINGS if environment_variable(name) == name.upper()]
    for text in (
        f"They stand in [profiles.NAME] of {config_path()}, or in the environment, which is the profile"
        f" env: {', '.join(plain)}, and MUSICCTL_ with the name for the others."
        " A value may be env:NAME, file:PATH or cmd:COMMAND.",
        "The order is -P, MUSICCTL_PROFILE, then the environment or the file's default, then the sandbox if"
        " it is up and a person is present. A named profile takes nothing from the environment.",
        "`musicctl config show` says what is in force and where it comes from.",
    ):
        _paragraph(formatter, text)


def formats(formatter: Any) -> None:
    """Write every format of -o."""
    with formatter.section("Formats"):
        formatter.write_dl([(form.value, FORMATS[form]) for form in Format])
    _paragraph(
        formatter,
        "-o chooses one, --json is short for -o json, and MUSICCTL_OUTPUT is for commands that are given"
        " none. All but the table are complete and exact: in UTF-8, dates in ISO 8601 and UTC, nothing cut.",
    )
    _paragraph(
        formatter,
        "--columns user_id,plays prints these alone, in that order; of a plan or a run, of its changes. With"
        " -o csv, --excel adds what a spreadsheet needs to know UTF-8 by, and an apostrophe before each cell"
        " that it would run as a formula.",
    )


def safety(formatter: Any) -> None:
    """Write the guards with their limits, and what else keeps a run from doing harm."""
    with formatter.section("Guards of a sync"):
        rows = [(name, _with_default(name)) for name in GUARDS]
        formatter.write_dl([*rows, *UNSET_GUARDS.items()])
    _paragraph(
        formatter,
        "Where one trips, nothing is written, the exit code is 4, and the plan is kept for a day:"
        " `musicctl roles plan` shows it, and `musicctl roles sync --accept-plan FINGERPRINT` applies it."
        ' "100%" switches one off.',
    )
    with formatter.section("Beside them"):
        formatter.write_dl(list(SAFETY.items()))


def security(formatter: Any) -> None:
    """Write who is trusted with what, what lies on the disk, and what is sent to whom."""
    with formatter.section("What is trusted"):
        formatter.write_dl(list(TRUSTED.items()), 24)
    with formatter.section("On the disk"):
        formatter.write_dl(list(ON_DISK.items()), 24)
    for text in (
        "Deployed post-login Actions run unconfined in the sandbox's Node, as the account that started it:"
        " deploy to it only what you would run yourself.",
        "No option takes a secret, and none is printed: other accounts see the words of a command.",
    ):
        _paragraph(formatter, text)


TOPICS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "exit-codes": ("What each exit code means.", exit_codes),
    "settings": ("What can be set, where, and what it is otherwise.", settings),
    "formats": ("How data is printed, for people and for machines.", formats),
    "safety": ("What keeps a run from doing harm.", safety),
    "security": ("Who is trusted with what, what lies on the disk, and what is sent to whom.", security),
}
"""By name: one sentence, and what writes it."""


def _with_default(name: str) -> str:
    default = SETTINGS[name].default
    told = str(default).lower() if isinstance(default, bool) else default
    return MEANINGS[name] if told is None else f"{MEANINGS[name]}  [default: {told}]"


def _paragraph(formatter: Any, text: str) -> None:
    formatter.write_paragraph()
    formatter.write(f"{wrapped(text, formatter.width, indent='')}\n")  # breaks no --accept-plan in two
