"""Breaks a promise on purpose: one edit of the program's text in a copy of the tree, and tests over it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent.parent
COPIED = ("musicctl", "tests", "pyproject.toml", "README.md", "LICENSE", ".ci", ".pictures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One edit that breaks a promise, what is then wrong, and which tests are to fail of it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    why: str

    def apply(self, root: Path) -> None:
        """Edit the file below `root`; the text must be there exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file} has {text.count(self.old)} times {self.old!r}"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@contextmanager
def copied() -> Iterator[Path]:
    """Make a copy of the tree for the block."""
    with TemporaryDirectory(prefix="musicctl-promises-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # a server of the tests may run under another account
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        yield root


def failed(root: Path, tests: Sequence[str]) -> bool:
    """Run the tests over the copy and tell whether one failed; raises when they could not be run."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=root,
        env={**environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1
