"""What is installed with us has the licence that is listed, so that a new one is seen before."""

import re
from importlib.metadata import PackageMetadata, distribution
from pathlib import Path

CI = Path(__file__).parent.parent / ".ci"


def listed(name: str) -> dict[str, str]:
    lines = (CI / name).read_text(encoding="utf-8").splitlines()
    return dict(re.split("==|: ", line, maxsplit=1) for line in lines)


def first(metadata: PackageMetadata, field: str) -> str:
    """Return the first line of a field, some of which hold the whole licence."""
    return "".join(metadata.get_all(field) or []).split("\n")[0]


def licence(metadata: PackageMetadata) -> str:
    classifiers = metadata.get_all("Classifier") or []
    told = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return first(metadata, "License-Expression") or "; ".join(told) or first(metadata, "License")


def test_each_package_has_the_licence_that_is_listed() -> None:
    found = {name: licence(distribution(name).metadata) for name in listed("constraints.txt")}
    assert found == listed("licences.txt")
