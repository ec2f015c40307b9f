"""What the set-up lines install is pinned, by the hash of each file: nobody can slip another file in."""

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CI = Path(__file__).parent.parent / ".ci"
FILES = {"requirements.txt": "--require-hashes", "requirements-dev.txt": "--requirement requirements.txt"}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """A release, with the hashes of its files."""

    name: str
    version: str
    hashes: tuple[str, ...]


def releases(file: str) -> list[Pin]:
    """Return what one file pins; a release with extras is in it once more without."""
    first, _, rest = (CI / file).read_text(encoding="utf-8").partition("\n")
    assert first == FILES[file]
    found = []
    for line in rest.replace("\\\n", " ").splitlines():
        (pinned, *hashes) = line.split()
        name, version = re.fullmatch(r"([a-z0-9-]+)(?:\[[a-z]+\])?==(\S+)", pinned).groups()  # type: ignore[union-attr]
        assert all(map(HASH.fullmatch, hashes)), line
        found.append(Pin(name, version, tuple(hashes)))
    return found


def pins(*files: str) -> set[Pin]:
    """Return what some of the files, or all of them, pin."""
    return {pin for file in files or FILES for pin in releases(file)}


def wanted(*extras: str) -> list[Requirement]:
    """Return what the project and the build of it ask for."""
    told = tomllib.loads((CI.parent / "pyproject.toml").read_text(encoding="utf-8"))
    offered = told["project"]["optional-dependencies"]
    lines = [*told["project"]["dependencies"], *told["build-system"]["requires"], "editables"]
    return [Requirement(line) for line in [*lines, *(line for extra in extras for line in offered[extra])]]


def test_each_release_is_pinned_once_and_by_the_hashes_of_its_files() -> None:
    assert len({each.name for each in pins()}) == len(pins())
    assert [each.name for each in pins() if not each.hashes] == []


@pytest.mark.parametrize(
    ("files", "extras"), [(["requirements.txt"], ["sandbox"]), (list(FILES), ["sandbox", "dev"])]
)
def test_what_is_pinned_is_all_that_is_asked_for(files: list[str], extras: list[str]) -> None:
    versions = {each.name: each.version for each in pins(*files)}
    for asked in wanted(*extras):
        assert asked.specifier.contains(versions[canonicalize_name(asked.name)]), asked


def test_what_is_installed_is_what_is_pinned() -> None:
    ours = {"musicctl", "pip", "setuptools"}  # and what a new environment comes with
    installed = {(canonicalize_name(each.name), each.version) for each in distributions()}
    assert {each for each in installed if each[0] not in ours} == {
        (each.name, each.version) for each in pins()
    }
