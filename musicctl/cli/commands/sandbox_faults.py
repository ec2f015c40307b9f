"""`musicctl sandbox faults`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING, Annotated

import typer

from musicctl.cli.command import command, group
from musicctl.cli.options import Json, Output, Quiet
from musicctl.cli.output import chosen, document, listing
from musicctl.cli.session import talk
from musicctl.errors import UnavailableError
from musicctl.render.formats import Format
from musicctl.settings import sandbox_state
from musicctl.settings.environment import sandbox_folder

if TYPE_CHECKING:
    from musicctl.sandbox.local_tenant.storage import Storage

app = group("What the local tenant does wrong, on request.")

Faults = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME",
        help="""What goes wrong, and its value where it has one:

\b
status=503          reply so, without an effect; 429: with a
                    reset in 2 s
latency=SECONDS     wait before the effect
cut-before          close the connection, before the effect
cut-after           close the connection, after the effect
html                reply with an HTML page after the effect
half-json           reply with half of the JSON after the effect
late[=SECONDS]      reply; a PATCH or DELETE takes effect 0.3 s
                    later
outside-edit=ROLE   someone else adds the role, or takes it (-ROLE),
                    just before a PATCH of a user; with ROLE@read
                    just after a GET
truncate-export     end an export's file in its middle; =half-line:
                    end its last line in its middle
job-stuck           an export job stays pending
job-failed          an export job has failed
ratelimit-header=X  tell a reset that is past, far, junk, or a
                    number""",
    ),
]
Endpoint = Annotated[
    str,
    typer.Option(
        "--endpoint",
        metavar="PATTERN",
        help="Where: such as 'PATCH /users', or 'POST /oauth/token'; all of the Management API without it.",
        show_default=False,
    ),
]
Rate = Annotated[
    float, typer.Option("--rate", metavar="P", min=0, max=1, help="With which probability they strike.")
]
Count = Annotated[
    int | None, typer.Option("--count", metavar="N", min=1, help="They end after N hits.", show_default=False)
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="S", min=0, help="The same seed strikes the same requests.", show_default=False
    ),
]


@command(app, "show")
def show(output: Output = None, as_json: Json = False) -> None:
    """List the faults that are switched on, and how often they struck."""
    form = chosen(output, as_json)
    with _storage() as storage:
        _list(storage, form)


@command(app, "set")
def switch_on(
    names: Faults,
    endpoint: Endpoint = "",
    rate: Rate = 1.0,
    count: Count = None,
    seed: Seed = None,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Switch faults on, from the tenant's next request on, and list all that are."""
    from musicctl.sandbox.local_tenant import fault_words

    form = chosen(output, as_json)
    with _storage() as storage:
        fault_words.switch_on(storage, *names, endpoint=endpoint, rate=rate, count=count, seed=seed)
        if not sandbox_state.tenant_is_up(sandbox_folder()):
            talk(quiet)("the sandbox is down: they strike when it is up again")
        _list(storage, form)


@command(app, "clear")
def clear(output: Output = None, as_json: Json = False) -> None:
    """Switch all faults off."""
    from musicctl.sandbox.local_tenant import faults

    form = chosen(output, as_json)
    with _storage() as storage:
        document({"cleared": faults.clear(storage)}, form)


def _list(storage: "Storage", form: Format) -> None:
    from musicctl.sandbox.local_tenant import faults

    rows = map(astuple, faults.switched_on(storage))
    listing(faults.COLUMNS, rows, form, empty="No faults.")


@contextmanager
def _storage() -> Iterator["Storage"]:
    """Open the tenant's state, whether it runs or not."""
    from musicctl.sandbox.local_tenant.storage import STATE_FILE, Storage

    folder = sandbox_folder()
    if not (folder / STATE_FILE).exists():
        raise UnavailableError(f"there is no sandbox in {folder}", hint="musicctl sandbox up")
    with Storage.open(folder / STATE_FILE) as storage:
        yield storage
