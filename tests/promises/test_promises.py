"""The table of promises: it names tests that there are, and edits that still fit the program."""

import ast

import pytest

from tests.promises import __doc__ as table
from tests.promises.breaking import ROOT, Break
from tests.promises.table import BREAKS

ALL = [pytest.param(each, id=f"{promise}-{each.why}") for promise, found in BREAKS.items() for each in found]


@pytest.mark.parametrize("each", ALL)
def test_an_edit_fits_the_program(each: Break) -> None:
    text = (ROOT / each.file).read_text(encoding="utf-8")
    assert text.count(each.old) == 1
    ast.parse(text.replace(each.old, each.new))


@pytest.mark.parametrize("each", ALL)
def test_the_tests_are_there(each: Break) -> None:
    for test in each.tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in names


def test_every_promise_has_a_row() -> None:
    assert table is not None
    assert [f"- P{number}, " in table for number in range(1, 17)] == [True] * 16
