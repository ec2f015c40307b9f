"""`python -m tests.promises [P1 ...]`: break each promise on purpose and see that its tests fail."""

import sys

from tests.promises.breaking import copied, failed
from tests.promises.table import BREAKS


def main(wanted: list[str]) -> int:
    """Print a line for each break, and return 1 when a test did not notice one."""
    unnoticed = 0
    for promise, breaks in BREAKS.items():
        if wanted and promise not in wanted:
            continue
        for each in breaks:
            for test in each.tests:
                with copied() as root:
                    each.apply(root)
                    noticed = failed(root, [test])
                unnoticed += not noticed
                print(
                    f"{promise:4} {'fails' if noticed else 'PASSES'}  {test}: {each.why}",
                    flush=True,
                )
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
