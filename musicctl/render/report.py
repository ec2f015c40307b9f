"""The report of a run, for people and as the document that machines read."""

from musicctl.policy.report import Report
from musicctl.render.text import safe


def report_document(report: Report) -> dict[str, object]:
    """Return the report with the keys that scripts rely on."""
    return {
        "run": report.run,
        "plan": report.plan,
        "applied": {"grant": report.granted, "revoke": report.revoked},
        "already": report.already,
        "overtaken": report.overtaken,
        "gone": report.gone,
        "failed": report.failed,
        "conflict": report.conflict,
        "unknown": report.unknown,
        "unsent": report.unsent,
        "requests": report.requests,
        "polls": report.polls,
        "retries": report.retries,
        "throttled": report.throttled,
        "seconds": report.seconds,
        "problems": [
            {"user_id": problem.user_id, "state": problem.state.value, "detail": problem.detail}
            for problem in report.problems
        ],
    }


def report_text(report: Report) -> str:
    """Return the report for people: what was done, what was not and why, and what it cost."""
    others = {
        "already as wanted": report.already,
        "overtaken by new plays": report.overtaken,
        "gone from the tenant": report.gone,
        "failed": report.failed,
        "with unreadable roles": report.conflict,
        "with unknown outcome": report.unknown,
        "not tried, as the tenant could not be reached": report.unsent,
    }
    said = [f"Granted {report.granted:,}, revoked {report.revoked:,}."]
    said += [f"{count:,} {what}." for what, count in others.items() if count]
    lines = [" ".join(said)]
    lines += [
        f"  {safe(problem.user_id)}: {problem.state.value}: {safe(problem.detail)}"
        for problem in report.problems
    ]
    lines.append(cost(report))
    if report.run and (report.granted or report.revoked):
        lines.append(f"musicctl undo {safe(report.run)} takes it back.")
    return "\n".join(lines) + "\n"


def cost(report: Report) -> str:
    """Say how many requests a run took, and how long."""
    requests = "1 request" if report.requests == 1 else f"{report.requests:,} requests"
    waited = f" Waited {report.throttled:.1f} s for the rate limit." if report.throttled >= 1 else ""
    return f"{requests}, {report.seconds:.1f} s.{waited}"
