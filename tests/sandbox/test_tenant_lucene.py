"""The query language on its own: what each query means, and what is no query."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicctl.sandbox.local_tenant import lucene
from musicctl.sandbox.local_tenant.lucene import And, Exists, Node, Not, Or, QuerySyntaxError, Range, Term


def term(field: str | None, *pieces: str) -> Term:
    return Term(field, pieces)


def phrase(field: str | None, text: str) -> Term:
    return Term(field, (text,), quoted=True)


def between(field: str, low: str | None, high: str | None, brackets: str = "[]") -> Range:
    return Range(field=field, low=low, high=high, with_low=brackets[0] == "[", with_high=brackets[1] == "]")


A, B, C = term(None, "a"), term(None, "b"), term(None, "c")

TREES: list[tuple[str, Node]] = [
    ("", lucene.EVERYTHING),
    (" \t\n", lucene.EVERYTHING),
    ("*:*", lucene.EVERYTHING),
    # Terms, with a field or without.
    ("a", A),
    ("*", term(None, "", "")),
    ('"green apple"', phrase(None, "green apple")),
    ('name:"jane smith"', phrase("name", "jane smith")),
    ("name:jane", term("name", "jane")),
    ("name : jane", term("name", "jane")),
    ("email:a.b+c@example.com", term("email", "a.b+c@example.com")),
    ("user_id:auth0|123", term("user_id", "auth0|123")),
    ("app_metadata.subscription.plan:gold", term("app_metadata.subscription.plan", "gold")),
    ("logins_count:-5", term("logins_count", "-5")),
    ("name:jean-luc", term("name", "jean-luc")),
    ("nickname:né⭐", term("nickname", "né⭐")),
    # Asterisks.
    ("name:j*", term("name", "j", "")),
    ("name:*", term("name", "", "")),
    ("name:*usa", term("name", "", "usa")),
    ("name:jane*smith", term("name", "jane", "smith")),
    ("name:*j*oh*", term("name", "", "j", "oh", "")),
    ('name:"j*"', phrase("name", "j*")),
    # A backslash takes away what a character would mean.
    (r"name:j\*", term("name", "j*")),
    (r"name:a\ b\:c\(\~\?", term("name", "a b:c(~?")),
    (r'name:"say \"x\" \\ *"', phrase("name", 'say "x" \\ *')),
    (r"\-a", term(None, "-a")),
    (r"name:\AND", term("name", "AND")),
    (r"odd\:name:x", term("odd:name", "x")),
    # Ranges.
    ("logins_count:[100 TO 200]", between("logins_count", "100", "200")),
    ("logins_count:{100 TO 200}", between("logins_count", "100", "200", "{}")),
    ("logins_count:[100 TO 200}", between("logins_count", "100", "200", "[}")),
    ("logins_count:{100 TO *]", between("logins_count", "100", None, "{]")),
    ("x:[* TO *]", between("x", None, None)),
    ("last_login:[ 2017-12-01T00:00:00Z  TO 2018 ]", between("last_login", "2017-12-01T00:00:00Z", "2018")),
    ('name:["a b]" TO "c\\"d"}', between("name", "a b]", 'c"d', "[}")),
    # What exists.
    ("_exists_:logins_count", Exists("logins_count")),
    ('_exists_:"app_metadata.roles"', Exists("app_metadata.roles")),
    ("_exists_:user_metadata.displayName", Exists("user_metadata.displayName")),
    # Operators: NOT binds most, then AND, then standing side by side, then OR.
    ("a AND b", And((A, B))),
    ("a && b", And((A, B))),
    ("a OR b", Or((A, B))),
    ("a || b", Or((A, B))),
    ("NOT a", Not(A)),
    ("-a", Not(A)),
    ("!a", Not(A)),
    ("NOT NOT a", A),
    ("a OR b AND c", Or((A, And((B, C))))),
    ("(a OR b) AND c", And((Or((A, B)), C))),
    ("a AND NOT b", And((A, Not(B)))),
    ("a OR NOT b", Or((A, Not(B)))),
    ("NOT (a OR b)", Not(Or((A, B)))),
    ("-(a b)", Not(And((Or((A, B)),)))),
    ("a and b", And((Or((A, term(None, "and"), B)),))),
    ("a b", And((Or((A, B)),))),
    ("a NOT b", And((Or((A,)), Not(B)))),
    ("a b -c", And((Or((A, B)), Not(C)))),
    ("NOT a NOT b", And((Not(A), Not(B)))),
    ("a NOT b OR c", Or((And((Or((A,)), Not(B))), C))),
    ("((a))", A),
    ("(a)(b)", And((Or((A, B)),))),
    # A field before parentheses is the field of all that is inside.
    ('email:("a@x" OR "b@x")', Or((phrase("email", "a@x"), phrase("email", "b@x")))),
    ("email:(a* AND NOT b)", And((term("email", "a", ""), Not(term("email", "b"))))),
    ("x:([1 TO 2] OR 5)", Or((between("x", "1", "2"), term("x", "5")))),
    ("_exists_:(name OR email)", Or((Exists("name"), Exists("email")))),
]


@pytest.mark.parametrize(("query", "tree"), TREES, ids=[query or "empty" for query, _ in TREES])
def test_means(query: str, tree: Node) -> None:
    assert lucene.parse(query) == tree


REFUSED = [
    ("(a", "unexpected the end"),
    ("a)", "unexpected )"),
    ("()", "unexpected )"),
    ('"a', 'unexpected " at character 1'),
    ("a\\", "unexpected \\ at character 2"),
    ("a AND", "unexpected the end"),
    ("AND a", "unexpected AND"),
    ("a OR OR b", "unexpected OR"),
    ("NOT", "unexpected the end"),
    ("name:", "name has no value"),
    ("name: AND b", "name has no value"),
    (":a", "unexpected :"),
    ("a:b:c", "unexpected :"),
    ("name:(email:a)", "unexpected :"),
    ("n*:a", "a field's name must not have an asterisk: n*"),
    ("*:a", "a term cannot be looked for in every field: a"),
    ("_exists_:a*", "a field's name must not have an asterisk: a*"),
    # Ranges.
    ("[a TO b]", "unexpected [a TO b]"),
    ("name:[a b]", "unexpected [a b]"),
    ("name:[a TO]", "unexpected [a TO]"),
    ("name:[a TO b", "unexpected [ at character 6"),
    ("_exists_:[a TO b]", "unexpected [a TO b]"),
    # Three characters beside an asterisk that is not at the end alone.
    ("name:*sa", "*sa needs at least 3 characters"),
    ("name:*a*", "*a* needs at least 3 characters"),
    ("name:a*b", "a*b needs at least 3 characters"),
    ("name:**", "** needs at least 3 characters"),
    # user_metadata is only for whole values.
    ("user_metadata.displayName:R*", "wildcards are not available on user_metadata"),
    ("user_metadata.n:[1 TO 2]", "ranges are not available on user_metadata"),
    ("user_metadata.x:(a OR b*)", "wildcards are not available on user_metadata"),
    # What Lucene has beyond that.
    ("name:jane~", "~ is not supported: jane~"),
    ("jane^2", "^ is not supported: jane^2"),
    ("j?ne", "? is not supported: j?ne"),
    ("name:/j.*/", "/ is not supported: /j.*/"),
    ("+a", "+ is not supported: +a"),
    ("updated_at:>=2018-01-15", "> is not supported: >=2018-01-15"),
    ("(" * 51 + "a" + ")" * 51, "too many parentheses inside of each other"),
]


@pytest.mark.parametrize(("query", "reason"), REFUSED, ids=[query[:30] for query, _ in REFUSED])
def test_refuses(query: str, reason: str) -> None:
    with pytest.raises(QuerySyntaxError) as refused:
        lucene.parse(query)
    assert str(refused.value).startswith(reason)


def test_parentheses_may_be_many_where_they_are_not_inside_of_each_other() -> None:
    assert lucene.parse("(" * 50 + "a" + ")" * 50) == A
    assert lucene.parse(" OR ".join(["(a)"] * 500)) == Or((A,) * 500)
    assert lucene.parse("NOT " * 1000 + "a") == A


PARTS = st.lists(
    st.sampled_from(['"', "\\", "(", ")", "[", "{", "]", "}", ":", "*", "-", "!", " ", "TO", "AND", "OR"])
    | st.sampled_from(["NOT", "&&", "||", "~", "a", "email", "user_metadata.x", "_exists_", "*:*", "é", "\0"])
    | st.text(max_size=3)
)


@given(PARTS.map("".join) | PARTS.map(" ".join) | st.text())
def test_every_text_is_a_query_or_refused(text: str) -> None:
    with contextlib.suppress(QuerySyntaxError):
        assert isinstance(lucene.parse(text), Node)


WORDS = st.text("abcXYZ019é⭐._@", min_size=1, max_size=5)


@given(WORDS, st.text(min_size=1))
def test_whatever_is_quoted_comes_back(field: str, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert lucene.parse(f'{field}:"{quoted}"') == phrase(field, text)


@given(st.lists(WORDS, min_size=2, max_size=6))
def test_a_long_alternative_keeps_its_parts(words: list[str]) -> None:
    assert lucene.parse(" OR ".join(words)) == Or(tuple(term(None, word) for word in words))
