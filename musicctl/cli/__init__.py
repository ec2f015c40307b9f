"""The command line: parse, call one operation, print one rendering, choose the exit code."""

import gc
import sys
from collections.abc import Sequence

from musicctl import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run musicctl with these arguments, by default the process's own, and return the exit code.

    This is the program: the script and `python -m musicctl` only call it, and so do the tests.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments == ["--version"]:  # answered before anything is imported
        try:
            print(f"musicctl {__version__}", flush=True)
        except OSError:  # a full disk, or no reader any more: the border says so
            pass
        else:
            return 0
    if argv is None:
        # What a start makes all stays: the collector would look at it again and again, for some 10 ms.
        gc.set_threshold(50_000)
    try:
        from musicctl.cli.border import guarded
    except KeyboardInterrupt:  # before there is a border, there is nothing to undo either
        return 130
    code = guarded(arguments)
    if argv is None:
        gc.freeze()  # or the interpreter would look at everything once more before it ends: 20 ms
    return code
