"""`python -m musicctl`: the same program as the script."""

import sys

from musicctl.cli import main

sys.exit(main())
