"""Makes the pictures of the README anew, in a sandbox of their own that is removed afterwards."""

import os
import tempfile
from pathlib import Path

from musicctl.sandbox import demo, lifecycle
from tests.pictures.taking import FOLDER, taken


def main() -> None:
    """Write each picture into the folder, and remove those that are no longer made."""
    with tempfile.TemporaryDirectory(prefix="musicctl-pictures-") as made:
        Path(made).chmod(0o755)  # the sandbox's Postgres runs under another account when we are root
        folder = Path(made) / "sandbox"
        os.environ |= {
            "MUSICCTL_SANDBOX": str(folder),
            "MUSICCTL_PROFILE": "sandbox",
            "TZ": "UTC",
            "HOME": made,
        }
        try:
            demo.prepare(folder, lambda _line: None)
            pictures = taken(Path(made))
        finally:
            lifecycle.remove(folder, lambda _line: None)
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, picture in pictures.items():
        (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


main()
