"""What is installed with us has the licence that is listed, so that a new one is seen before."""

from importlib.metadata import PackageMetadata, distribution

from tests.test_pins import CI, pins


def first(metadata: PackageMetadata, field: str) -> str:
    """Return the first line of a field, some of which hold the whole licence."""
    return "".join(metadata.get_all(field) or []).split("\n")[0]


def licence(metadata: PackageMetadata) -> str:
    classifiers = metadata.get_all("Classifier") or []
    told = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")]
    return first(metadata, "License-Expression") or "; ".join(told) or first(metadata, "License")


def test_each_package_has_the_licence_that_is_listed() -> None:
    listed = dict(line.split(": ", 1) for line in (CI / "licences.txt").read_text().splitlines())
    assert {each.name: licence(distribution(each.name).metadata) for each in pins()} == listed
