"""What is typed, set and read from files may be hostile too: no message, question or hint shows it raw."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from musicctl.cli.root import command
from musicctl.errors import Exit
from tests.cli.hostile_world import ADA, BORIS, fill
from tests.program import Program, Sandbox
from tests.render.hostile import forbidden
from tests.terminal import Typed, screens

NASTY = "=\x1b[31m\x9b2J\x1b]52;c;eA==\x07\r\n\u202eb\u2066\u200b\u2028[/bold]a\u0301\u3164\ue000\udcff"
"""As typed: bytes that are no UTF-8 come as lone surrogates."""

WRITTEN = NASTY.encode("utf-8", "ignore").decode()
NAMING = "auth0|\u202eb\u2066\u200b\u2028a"
"""A user id that will do."""

AS_FILE = "x\x1b[31m\u202e\r\n.csv"
UNTRIED = ("sandbox", "demo", "help", "completion")
CONFIG = "config.toml"


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with its words."""
    if not hasattr(group, "list_commands"):
        yield path, group
        return
    for name in group.list_commands(None):
        yield from leaves(group.get_command(None, name), (*path, name))


def with_arguments() -> Iterator[Typed]:
    """Yield every command with something hostile as each argument and each option."""
    shared: set[str] = set()
    for path, leaf in leaves(command()):
        required = [param for param in leaf.params if param.param_type_name == "argument" and param.required]
        yield Typed([*path, NASTY, NASTY, NASTY])
        if path[0] in UNTRIED:
            continue
        for first in (ADA, NAMING) if required else ():
            yield Typed([*path, *[first, WRITTEN][: len(required)]])
        for param in leaf.params:
            if param.param_type_name == "option" and not param.is_flag and param.name not in shared:
                yield Typed([*path, *[ADA] * len(required), param.opts[-1], WRITTEN])
        shared |= {"profile", "output"}


def with_variables() -> Iterator[Typed]:
    listing = ["songs", "list", ADA]
    for name in ("MUSICCTL_PROFILE", "MUSICCTL_OUTPUT", "MUSICCTL_CONFIG", "MUSICCTL_SANDBOX"):
        for words in (listing, ["config", "show"], ["config", "path"], ["sandbox", "status"]):
            yield Typed(words, {name: NASTY})
    for name in ("DATABASE_URL", "AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "MUSICCTL_ROLE", "MUSICCTL_RATE"):
        own = {"DATABASE_URL": "postgresql:///x?host=/nowhere", name: NASTY}
        for words in (["config", "show", "-P", "env"], ["roles", "plan", "-P", "env"]):
            yield Typed(words, own)


def with_files() -> Iterator[Typed]:
    for table in ("songs", "artists", "playlists"):
        yield Typed([table, "import", AS_FILE])
        yield Typed([table, "import", "bad.csv"])
        yield Typed([table, "import", "bad.csv", "--skip-bad"])
        yield Typed([table, "import", "bad.jsonl"])
    yield Typed(["songs", "export", "--to", AS_FILE])
    yield Typed(["songs", "export", "--to", f"{NASTY}/x.csv"])
    yield Typed(["query", "-f", AS_FILE])
    yield Typed(["sandbox", "load", AS_FILE])
    yield Typed(["token", "decode", "@token"])
    yield Typed(["token", "verify", "@token"])
    for profile in (WRITTEN, "sound", "wrong", "none"):
        for words in (["config", "show"], ["songs", "list", ADA], ["roles", "plan"]):
            yield Typed([*words, "-P", profile], {"MUSICCTL_CONFIG": CONFIG})
    yield Typed(["config", "show"], {"MUSICCTL_CONFIG": "broken.toml"})


def with_sql() -> Iterator[Typed]:
    for sql in (
        "SELECT songname::int FROM songs",
        f'SELECT 1 AS "{WRITTEN}", 2 AS "{WRITTEN}"',
        f'SELECT "{WRITTEN}"',
        f"SELECT '{WRITTEN}'::jsonb",
        "SELECT array_agg(songname), jsonb_agg(songname), '\\x1b'::bytea, row(song_id) FROM songs GROUP BY 4",
        f"DROP {WRITTEN}",
        f"{WRITTEN}",
        NASTY,
    ):
        yield Typed(["query", sql])
    yield Typed(["query", "SELECT %(a)s", "--param", f"a={WRITTEN}"])


def asking(sandbox: Sandbox) -> Iterator[Typed]:
    """Yield commands that show what they are about, and ask."""
    own = {name.upper(): getattr(sandbox.state, name) for name in PROFILE}
    every = {"MUSICCTL_MAX_REVOKE": "100%", "MUSICCTL_MAX_GRANT": "100%", "MUSICCTL_MIN_SOURCE": "100%"}
    yield Typed(["roles", "sync", "-P", "env"], own | every)
    yield Typed(["roles", "plan", "-P", "env"], own | {"MUSICCTL_ROLE": "\u202eb\u200b"})
    yield Typed(["songs", "move", ADA, BORIS])
    yield Typed(["songs", "remove", ADA, "000plain"])
    yield Typed(["roles", "grant", NAMING, ADA])


PROFILE = ("database_url", "auth0_domain", "auth0_client_id", "auth0_client_secret", "auth0_audience")


def write_files(folder: Path) -> None:
    fields = ",".join(["song_id", "artist_id", "songname", "artistname", "playlist_id", "name", "user_id"])
    bad = f'{fields},total_plays\r\n"{WRITTEN}","{WRITTEN}"\r\na,b,c,d,e,f,g,"{WRITTEN}"\r\n'
    (folder / "bad.csv").write_text(bad, newline="")
    (folder / "bad.jsonl").write_text(json.dumps({NASTY: NASTY}) + "\n{" + WRITTEN + "\n")
    (folder / AS_FILE).write_text(bad, newline="")
    parts = [json.dumps({"alg": WRITTEN, "sub": WRITTEN, WRITTEN: [WRITTEN]}).encode()] * 3
    token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    (folder / "token").write_bytes(token)
    quoted = json.dumps(WRITTEN)
    broken = f"x = {quoted}\n[profiles.{quoted}]\n{quoted} = 1\n"
    values = f"database_url = {quoted}\nauth0_domain = {quoted}\nrole = {quoted}\nrate = {quoted}\n"
    sound = 'database_url = "env:\\u001b[31m"\nauth0_domain = "file:\\u001b[31m"\nthreshold = "\\u001b"\n'
    wrong = f"[profiles.wrong]\n{quoted} = 1\n"
    (folder / CONFIG).write_text(f"[profiles.{quoted}]\n{values}[profiles.sound]\n{sound}{wrong}")
    (folder / "broken.toml").write_text(broken)
    (folder / CONFIG).chmod(0o600)


def test_arguments_and_variables_are_never_repeated_raw(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.add_user(ADA)
    check([*with_arguments(), *with_variables()], tmp_path)


def test_neither_are_files_names_and_errors_of_the_database(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox)
    write_files(tmp_path)
    check([*with_files(), *with_sql(), *asking(sandbox)], tmp_path)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_nothing_hostile(
    sandbox: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    for run, told in (("good", "beat\x1b[31m"), (WRITTEN, "beat")):
        sandbox.query(
            "INSERT INTO musicctl.runs (run, command, actor, present, profile)"
            " VALUES (%s, %s, '', false, '')",
            *(run, told),
        )
    monkeypatch.setenv("_MUSICCTL_COMPLETE", shell)
    words = ["musicctl history show ", ""] if shell == "bash" else ["history", "show", ""]
    lines = program("--", *words).out.split("\n")
    assert [line for line in lines if forbidden(line.replace("\t", "", 1))] == []
    assert [line.partition("\t")[0].partition(":")[0] for line in lines] == ["words", "last", "good", ""]


def check(typed: list[Typed], folder: Path) -> None:
    for each, screen in zip(typed, screens(typed, folder), strict=True):
        assert [line for line in screen.lines if forbidden(line)] == [], each
        assert screen.code != Exit.BUG, screen.text
