"""No cell of a CSV for spreadsheets begins what they would run, wherever they begin a cell."""

import time

import pytest

from musicctl.render.spreadsheet import csv_for_spreadsheets


def cell(text: str) -> str:
    return "".join(csv_for_spreadsheets(["a"], [(text,)])).split("\n", 1)[1].strip("\r\n")


@pytest.mark.parametrize("sign", [*"=+-@", *"＝＋－＠"])
def test_what_a_spreadsheet_would_run(sign: str) -> None:
    formula = f"{sign}1+1"
    for text in (formula, f" {formula}", f"\u3000{formula}", f"\ufeff{formula}"):
        assert cell(text).strip('"').startswith("'")
    assert f";'{formula}" in cell(f"a;{formula}")
    assert f";'{formula}" in cell(f";{formula}")
    assert f"\t'{formula}" in cell(f"a\t{formula}")
    assert f"\n'{formula}" in cell(f"a\n{formula}")


@pytest.mark.parametrize("text", ["AC/DC - Live", "a = b", "1+1", "x@example.com", "a;b", "a; b"])
def test_what_it_would_not_run_stays(text: str) -> None:
    assert cell(text).strip('"') == text


def test_long_blanks_take_no_time() -> None:
    began = time.monotonic()
    cell("x" + " \t" * 500_000 + "x")
    assert time.monotonic() - began < 20
