"""`python -m musicctl.sandbox.local_tenant FOLDER`: one local tenant for the sandbox in that folder."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from musicctl.errors import MusicctlError
from musicctl.sandbox.local_tenant import server


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit code: 98 when the port is taken."""
    parser = argparse.ArgumentParser(prog="local_tenant", description="Serve one local tenant.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the sandbox's folder, with its state")
    parser.add_argument("--ready-fd", type=int, help="descriptor that gets `ready` once requests are served")
    parsed = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        server.run(parsed.folder, parsed.ready_fd)
    except server.PortTakenError as error:
        print(error, file=sys.stderr)
        return server.PORT_TAKEN
    except MusicctlError as error:
        print(error, file=sys.stderr)
        return error.exit
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
