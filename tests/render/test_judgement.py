"""Judgements of users who were named: a line each, and every one of them for machines."""

from musicctl.policy.judgement import Judgement
from musicctl.policy.rule import Verdict
from musicctl.render.judgement import ON_A_TERMINAL, judgement_documents, judgements_text
from tests.render.hostile import forbidden

WHY = "99 plays, 1 below the bar of 100: nothing to change"


def test_people_read_a_line_for_each_user() -> None:
    users = [Judgement("auth0|demo-boris\u202e", 99, Verdict.KEEP, WHY)]
    assert judgements_text(users, terminal=None) == f"auth0|demo-boris\\u202e: {WHY}\n"
    narrow = judgements_text(users, terminal=60).splitlines()
    assert (len(narrow), max(map(len, narrow)) <= 60, [forbidden(line) for line in narrow]) == (
        2,
        True,
        [[], []],
    )


def test_many_are_whole_on_a_pipe_and_few_on_a_terminal() -> None:
    users = [Judgement(f"auth0|u{n}", n, Verdict.KEEP, "why") for n in range(ON_A_TERMINAL + 5)]
    assert len(judgements_text(users, terminal=None).splitlines()) == len(users)
    shown = judgements_text(users, terminal=80).splitlines()
    assert (len(shown), shown[-1]) == (ON_A_TERMINAL + 1, "… and 5 more; `--json` shows all")
    assert judgement_documents(users)[7] == {
        "user_id": "auth0|u7",
        "plays": 7,
        "verdict": "keep",
        "why": "why",
    }
