"""Listings in every format: complete, exact, in order, and written as they are read."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.render.formats import Format
from musicctl.render.records import document, listing
from musicctl.store import waiting
from musicctl.store.database import Cursor, Database
from tests.render.hostile import STRINGS, any_text, forbidden, unhurried

COLUMNS = ("song_id", "name")
MACHINES = [form for form in Format if form is not Format.TABLE]
Texts = tuple[str | None, str | None]
records = st.lists(st.tuples(*[st.none() | any_text] * 2), max_size=6)
CSV_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)')


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def written(form: Format, rows: list[tuple[object, ...]], columns: tuple[str, ...] = COLUMNS) -> str:
    return "".join(listing(columns, rows, form))


def paired(text: str | None) -> str | None:
    """Return `text` with two surrogates that make a pair as the character they stand for, as JSON has it."""
    return text and text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def read_csv(text: str) -> list[list[str | None]]:
    """Read CSV in which an empty field is NULL unless it is quoted."""
    rows: list[list[str | None]] = [[]]
    at = 0
    while at < len(text):
        match = CSV_FIELD.match(text, at)
        assert match, f"no field at {at} of {text!r}"
        quoted, bare, end = match.groups()
        rows[-1].append(bare or None if quoted is None else quoted.replace('""', '"'))
        if end != ",":
            rows.append([])
        at = match.end()
    assert rows.pop() == []
    return rows


def read_copy_field(text: str) -> str | None:
    """Read a field as COPY does: bytes behind a backslash make a character."""
    if text == "\\N":
        return None
    plain = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\v": "\v", "\\\\": "\\"}

    def decoded(match: re.Match[str]) -> str:
        escapes = match.group()
        if escapes[1] != "x":
            return plain[escapes]
        return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "surrogatepass")

    return re.sub(r"(?:\\x[0-9a-f]{2})+|\\.", decoded, text)


def read_copy(text: str) -> list[list[str | None]]:
    lines = text.split("\n")
    assert lines.pop() == ""
    return [[read_copy_field(field) for field in line.split("\t")] for line in lines]


@unhurried
@given(records)
def test_json_gives_every_value_back(rows: list[Texts]) -> None:
    text = written(Format.JSON, list(rows))
    expected = [{"song_id": paired(first), "name": paired(second)} for first, second in rows]
    assert json.loads(text) == expected
    assert json.loads(text.encode("utf-8")) == expected


@unhurried
@given(records)
def test_json_lines_are_one_record_each(rows: list[Texts]) -> None:
    lines = written(Format.JSONL, list(rows)).encode("utf-8").split(b"\n")
    assert lines.pop() == b""
    assert [list(json.loads(line).values()) for line in lines] == [[*map(paired, row)] for row in rows]


@unhurried
@given(records)
def test_csv_gives_every_value_back_and_tells_null_from_empty(rows: list[Texts]) -> None:
    assert read_csv(written(Format.CSV, list(rows))) == [list(COLUMNS), *map(list, rows)]


@unhurried
@given(records)
def test_csv_is_what_others_call_csv(rows: list[Texts]) -> None:
    read = csv.reader(io.StringIO(written(Format.CSV, list(rows)), newline=""), strict=True)
    assert list(read) == [list(COLUMNS), *([value or "" for value in row] for row in rows)]


@unhurried
@given(records)
def test_tsv_gives_every_value_back(rows: list[Texts]) -> None:
    assert read_copy(written(Format.TSV, list(rows))) == [list(COLUMNS), *map(list, rows)]


@unhurried
@given(records)
def test_ids_are_the_first_column(rows: list[Texts]) -> None:
    assert read_copy(written(Format.IDS, list(rows))) == [[row[0]] for row in rows]


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.TSV, Format.IDS])
def test_a_format_with_escapes_holds_nothing_that_a_terminal_obeys(form: Format) -> None:
    text = written(form, [(hostile, hostile) for hostile in STRINGS], ("id\x1b", "na\u202eme"))
    assert forbidden(text.replace("\n", "").replace("\t", "")) == []


def test_csv_for_a_terminal_holds_nothing_that_it_obeys() -> None:
    rows = [(hostile, None) for hostile in STRINGS]
    text = "".join(listing(("a\x1b", "b"), rows, Format.CSV, terminal=True))
    assert forbidden(text.replace("\r\n", "")) == []
    assert len(read_csv(text)) == len(rows) + 1
    assert '"",\r\n' in text


@pytest.mark.parametrize("form", [Format.TSV, Format.CSV])
def test_postgres_reads_what_was_written(form: Format, database: Database) -> None:
    """Postgres itself holds neither NUL nor surrogates."""
    kept = [text for text in STRINGS if not set("\x00\ud800\udfff") & set(text)]
    rows: list[tuple[object, ...]] = [(at, text) for at, text in enumerate([*kept, None])]
    text = written(form, rows)
    options = "FORMAT csv, HEADER" if form is Format.CSV else "HEADER"

    def work(cursor: Cursor) -> list[tuple[object, ...]]:
        cursor.execute("CREATE TABLE public.read (at int, name text)")
        with waiting.blocking(cursor.connection):
            cursor.copy_expert(f"COPY public.read FROM STDIN ({options})", io.StringIO(text, newline=""))
        cursor.execute("SELECT at, name FROM public.read ORDER BY at")
        return cursor.fetchall()

    assert database.run(work, doing="read what was written") == rows


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Format.JSON, "[]\n"),
        (Format.JSONL, ""),
        (Format.CSV, "song_id,name\r\n"),
        (Format.TSV, "song_id\tname\n"),
        (Format.IDS, ""),
    ],
)
def test_nothing_is_an_empty_listing(form: Format, expected: str) -> None:
    assert written(form, []) == expected


@pytest.mark.parametrize("form", MACHINES)
def test_rows_are_written_as_they_are_read(form: Format) -> None:
    taken = 0

    def rows() -> Iterator[tuple[int, str]]:
        nonlocal taken
        for taken in range(1, 1001):
            yield taken, "name"

    pieces = listing(COLUMNS, rows(), form)
    while taken < 10:
        next(pieces)
    assert sum(1 for _ in pieces) >= 990
    assert taken == 1000


VALUES: list[tuple[object, str, str]] = [
    (None, "null", ""),
    (True, "true", "true"),
    (False, "false", "false"),
    (0, "0", "0"),
    (10**30, str(10**30), str(10**30)),
    (0.1, "0.1", "0.1"),
    (float("nan"), '"NaN"', "NaN"),
    (float("-inf"), '"-Infinity"', "-Infinity"),
    (Decimal("12.50"), "12.50", "12.50"),
    (Decimal("12345678901234567890.12"), "12345678901234567890.12", "12345678901234567890.12"),
    (Decimal("NaN"), '"NaN"', "NaN"),
    ("", '""', '""'),
    ('a"b', r'"a\"b"', '"a""b"'),
    (datetime(2026, 11, 22, 14, 5, 6, tzinfo=UTC), '"2026-11-22T14:05:06Z"', "2026-11-22T14:05:06Z"),
    (
        datetime(2026, 11, 22, 1, 0, 0, 250000, tzinfo=timezone(timedelta(hours=2))),
        '"2026-11-21T23:00:00.250000Z"',
        "2026-11-21T23:00:00.250000Z",
    ),
    (datetime(2026, 11, 22), '"2026-11-22T00:00:00Z"', "2026-11-22T00:00:00Z"),
    (
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
        '"9999-12-31T23:00:00-02:00"',
        "9999-12-31T23:00:00-02:00",
    ),
    (date(2026, 11, 22), '"2026-11-22"', "2026-11-22"),
    (["a", None], '["a", null]', '"[""a"", null]"'),
    (("editor",), '["editor"]', '"[""editor""]"'),
    ([], "[]", "[]"),
    ({"a": [1], "b": {}}, '{"a": [1], "b": {}}', '"{""a"": [1], ""b"": {}}"'),
    (Colour.RED, '"red"', "red"),
    (Level.HIGH, "3", "3"),
    (timedelta(hours=1), '"1:00:00"', "1:00:00"),
]


@pytest.mark.parametrize(("value", "as_json", "as_csv"), VALUES, ids=[repr(value[0]) for value in VALUES])
def test_values_in_json_and_csv(value: object, as_json: str, as_csv: str) -> None:
    assert written(Format.JSONL, [(value,)], ("x",)) == f'{{"x": {as_json}}}\n'
    assert written(Format.CSV, [(value,)], ("x",)) == f"x\r\n{as_csv}\r\n"
    json.loads(as_json)


def test_json_has_a_line_for_each_record_and_the_columns_in_order() -> None:
    assert written(Format.JSON, [("1", "b"), ("2", "ä")]) == (
        '[\n  {"song_id": "1", "name": "b"},\n  {"song_id": "2", "name": "ä"}\n]\n'
    )


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL])
def test_a_row_that_does_not_fit_its_columns_is_no_record(form: Format) -> None:
    with pytest.raises(ValueError, match="shorter"):
        written(form, [("1",)])


def test_a_document_has_its_keys_in_order_and_a_line_for_each_record() -> None:
    made = document(
        {"run": None, "counts": {"grant": 1}, "roles": ["a"], "changes": [{"b": 1}, {"a": 2}], "no": []}
    )
    assert made == (
        '{\n  "run": null,\n  "counts": {"grant": 1},\n  "roles": ["a"],\n'
        '  "changes": [\n    {"b": 1},\n    {"a": 2}\n  ],\n  "no": []\n}\n'
    )


@unhurried
@given(
    st.recursive(
        st.none() | any_text | st.integers() | st.booleans(),
        lambda each: st.lists(each) | st.dictionaries(any_text, each),
    )
)
def test_a_document_is_one_valid_document(value: object) -> None:
    assert json.loads(document(value).encode("utf-8")) == json.loads(json.dumps(value))
