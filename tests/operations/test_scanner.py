"""Reading files: what goes on is what COPY takes, and every bad line is told with its place and reason."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicctl.errors import MusicctlError
from musicctl.operations.files import forms
from musicctl.operations.files.columns import Column
from musicctl.operations.files.problems import Places, Problem, Problems
from musicctl.operations.files.scanner import Scanner

COLUMNS = (
    Column("playlist_id", required=True),
    Column("user_id"),
    Column("total_plays", range=(0, 2**63 - 1)),
)
HEADER = b"playlist_id,user_id,total_plays\n"
NAMES = [column.name for column in COLUMNS]


class Read:
    """A file read whole, in chunks of any size."""

    def __init__(
        self, content: bytes, form: str = "csv", chunk: int = 1 << 18, longest: int = 8 << 20
    ) -> None:
        chunks = (content[at : at + chunk] for at in range(0, len(content), chunk))
        self.problems = Problems("f")
        self.bad = b""
        self.scanner = Scanner(chunks, forms.dialect(form), self.problems, self._keep, longest=longest)
        self.names = self.scanner.header(COLUMNS)
        self.good = b"".join(self.scanner.pieces())

    def _keep(self, raw: bytes) -> None:
        self.bad += raw

    @property
    def told(self) -> list[str]:
        return [str(problem) for problem in self.problems.first]


BAD_CSV = {
    b"1,a\n": "line 2, total_plays: is missing from this line",
    b"1,a,2,b\n": "line 2: has 4 fields, not 3",
    b",a,2\n": "line 2, playlist_id: has no value",
    b'1,a"b,2\n': "line 2, user_id: has a quote in the middle; such a field is put in quotes, and its own are"
    " doubled",
    b'1,"a"b,2\n': "line 2, user_id: goes on after its closing quote",
    b'1,"a,2\n': "line 2: has a quote that is never closed",
    b"1,a\rb,2\n": "line 2, user_id: has a carriage return that ends no line",
    b"1,\xe9,2\n": "line 2, user_id: is not UTF-8",
    b"1,a\0,2\n": "line 2, user_id: has a NUL character",
    b"1,a,-1\n": "line 2, total_plays: '-1' is below 0",
    b"1,a,-0\n": "",
    b"1,a,9223372036854775807\n": "",
    b"1,a,9223372036854775808\n": "line 2, total_plays: '9223372036854775808' is above 9223372036854775807",
    b"1,a," + b"9" * 5000 + b"\n": f"line 2, total_plays: '{'9' * 40}…' is above 9223372036854775807",
    b"1,a,1.5\n": "line 2, total_plays: '1.5' is no whole number",
    b"1,a,many\n": "line 2, total_plays: 'many' is no whole number",
    b"1,,\n": "",
    b'"",a,1\n': "",
    b"\\.\n": "line 2, user_id: is missing from this line",
}


@pytest.mark.parametrize("line", BAD_CSV)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 18])
def test_bad_lines_of_csv(line: bytes, chunk: int) -> None:
    read = Read(HEADER + line + b"2,b,3\n", chunk=chunk)
    wanted = BAD_CSV[line]
    assert read.told == ([wanted] if wanted else [])
    assert read.good.endswith(b"2,b,3\n")
    assert read.bad == (line if wanted else b"")
    assert read.scanner.rows == (1 if wanted else 2)


def test_the_header_says_the_order() -> None:
    read = Read(b"\xef\xbb\xbftotal_plays, playlist_id ,user_id\r\n1,a,b\r\n\r\n2,c,d", chunk=2)
    assert read.names == ["total_plays", "playlist_id", "user_id"]
    assert (read.good, read.told) == (b"1,a,b\n2,c,d\n", [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n", "line 1, playlist_id: is missing from the header"),
        (b"user_id,total_plays\n", "line 1, playlist_id: is missing from the header"),
        (HEADER[:-1] + b",user_id\n", "line 1, user_id: is there twice"),
        (HEADER[:-1] + b",stars\n", "line 1: has a column that is not known: 'stars'"),
        (b'"playlist_id', "line 1: is no header"),
        (b'a"b,c\n', "line 1: has a quote in the middle"),
        (b"\xff\xfep\0l\0", "line 1, playlist_id: is missing from the header"),
    ],
)
def test_a_header_that_will_not_do(content: bytes, reason: str) -> None:
    with pytest.raises(MusicctlError) as refused:
        Read(content)
    assert reason in refused.value.what


def test_the_lines_are_those_of_the_file() -> None:
    content = HEADER + b'1,"a\nb",1\n\n2,c,2\n3,d\n"4",e,"4"\n5,"f\r\n\n",5\n6,g,x\n'
    read = Read(content)
    assert [(problem.line, problem.column) for problem in read.problems.first] == [
        (6, "total_plays"),
        (11, "total_plays"),
    ]
    assert [read.scanner.line_of_row(row) for row in (1, 2, 3, 4)] == [2, 5, 7, 8]
    assert read.scanner.line_of_sent(3) == 5
    assert read.good == b'"1","a\nb","1"\n2,c,2\n"4","e","4"\n"5","f\r\n\n","5"\n'


BAD_TSV = {
    b"1\ta\n": "line 2, total_plays: is missing from this line",
    b"\\N\ta\t1\n": "line 2, playlist_id: has no value",
    b"1\ta\\\t1\n": "line 2, user_id: ends in a single backslash",
    b"1\t\\000\t1\n": "line 2, user_id: has a NUL character",
    b"1\t\\xe9\t1\n": "line 2, user_id: is not UTF-8",
    b"1\ta\t\n": "line 2, total_plays: '' is no whole number",
}


@pytest.mark.parametrize("line", BAD_TSV)
def test_bad_lines_of_tsv(line: bytes) -> None:
    read = Read(HEADER.replace(b",", b"\t") + line + b"2\tb\t3\r\n", "tsv", chunk=5)
    assert (read.told, read.good, read.bad) == ([BAD_TSV[line]], b"2\tb\t3\n", line)


def test_the_escapes_of_tsv() -> None:
    read = Read(HEADER.replace(b",", b"\t") + b"\\x41\\102\\tq\\\\\t\\N\t\\N\n", "tsv")
    assert (read.good, read.told) == (b"AB\\tq\\\\\t\\N\t\\N\n", [])


GOOD_LINE = json.dumps({"total_plays": 7, "user_id": None, "playlist_id": "é\t\\"})
BAD_JSON = {
    "nope": "line 1: is no JSON",
    "[]": "line 1: is no JSON object",
    "[" * 100_000: "line 1: is no JSON",
    '{"playlist_id": NaN}': "line 1: is no JSON",
    '{"playlist_id": "1", "user_id": "a"}': "line 1, total_plays: is missing",
    '{"playlist_id": "1", "playlist_id": "2"}': "line 1: has the key 'playlist_id' twice",
    '{"playlist_id": "1", "stars": 1}': "line 1: has a key that is not known: 'stars'",
    '{"playlist_id": null, "user_id": "a", "total_plays": 1}': "line 1, playlist_id: has no value",
    '{"playlist_id": {}, "user_id": "a", "total_plays": 1}': "line 1, playlist_id: is neither text nor number"
    " nor null",
    '{"playlist_id": true, "user_id": "a", "total_plays": 1}': "line 1, playlist_id: is neither text nor"
    " number nor null",
    '{"playlist_id": "1", "user_id": "\\ud800", "total_plays": 1}': "line 1, user_id: has a lone surrogate,"
    " which Postgres cannot hold",
    '{"playlist_id": "1", "user_id": "\\u0000", "total_plays": 1}': "line 1, user_id: has a NUL character",
    '{"playlist_id": "1", "user_id": "a", "total_plays": 1e3}': "line 1, total_plays: '1e3' is"
    " no whole number",
}


@pytest.mark.parametrize("line", BAD_JSON)
def test_bad_lines_of_json(line: str) -> None:
    read = Read(f"{line}\n\n{GOOD_LINE}".encode(), "jsonl")
    assert read.told == [BAD_JSON[line]]
    assert read.good == "é\\t\\\\\t\\N\t7\n".encode()


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_a_line_without_end_is_passed_over(form: str) -> None:
    header = b"" if form == "jsonl" else HEADER if form == "csv" else HEADER.replace(b",", b"\t")
    rows = {"csv": b"2,b,3\n", "tsv": b"2\tb\t3\n", "jsonl": f"{GOOD_LINE}\n".encode()}
    read = Read(header + b"x" * 5000 + b"\n" + rows[form], form, chunk=100, longest=1000)
    line = 1 if form == "jsonl" else 2
    assert read.told == [f"line {line}: is longer than 1,000 bytes"]
    assert (read.scanner.rows, read.bad) == (1, b"x" * 5000 + b"\n")


def test_only_the_first_are_told_and_all_are_counted() -> None:
    read = Read(HEADER + b"x\n" * 100)
    assert (len(read.told), read.problems.count, read.problems.more) == (20, 100, "and 80 more")
    read.problems.add_later([Problem(1, "a", "b")], 5)
    assert read.told[0] == "line 1, a: b"
    assert read.problems.more == "and 85 more"


FIELDS = st.sampled_from(
    [b"a", b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"1", b"\xc3\xa9", b"\xe9", b"\0", b" "]
)


@settings(deadline=None)
@given(content=st.lists(FIELDS, max_size=40).map(b"".join), chunk=st.integers(1, 9))
def test_chunks_change_nothing_and_no_byte_is_lost(content: bytes, chunk: int) -> None:
    whole, pieces = Read(HEADER + content), Read(HEADER + content, chunk=chunk)
    # How far a stretch of good records goes depends on the chunks, and with it which records are quoted anew.
    assert (whole.told, whole.bad, whole.scanner.rows) == (pieces.told, pieces.bad, pieces.scanner.rows)
    assert Read(HEADER + whole.good).told == []


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2)), max_size=30))
def test_places(steps: list[tuple[int, int]]) -> None:
    places, sent, line = Places(), 1, 1
    wanted: dict[int, int] = {}
    for count, gap in steps:
        line += gap
        places.note(sent, line)
        wanted |= {sent + more: line + more for more in range(count)}
        sent, line = sent + count, line + count
    assert {each: places.line(each) for each in wanted} == wanted


@pytest.mark.parametrize("form", ["csv", "tsv"])
@settings(max_examples=300, deadline=None)
@given(
    owner=st.text(st.sampled_from('ab|@ \u00a0\u200b\ufeff"\\,.é_\x07'), min_size=1, max_size=6)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
)
def test_an_owner_is_judged_alike_on_the_quick_way_and_on_the_slow_one(form: str, owner: str) -> None:
    columns = (Column("playlist_id", required=True), Column("user_id", owner=True))
    dialect = forms.dialect(form)
    content = dialect.row(NAMES[:2], [b"playlist_id", b"user_id"]) + dialect.row(
        NAMES[:2], [b"1", owner.encode()]
    )
    problems = Problems("f")
    scanner = Scanner(iter([content]), dialect, problems, lambda _raw: None)
    scanner.header(columns)
    good = b"".join(scanner.pieces())
    assert bool(good) is not bool(columns[1].wrong(owner.encode()))
    assert bool(problems.count) is not bool(good)
