"""Reasons that staff give for what they decide: text of one line, kept with the decision."""

import unicodedata

from musicctl.errors import UsageError

LONGEST = 1000
REFUSED = {"Cc", "Cs", "Zl", "Zp"}


def reason(text: str) -> str:
    """Return `text` trimmed; raises UsageError when it is empty, too long, or has control characters."""
    found = text.strip()
    if not found:
        raise UsageError("the reason is empty", hint="say why: whoever comes after you will want to know")
    if len(found) > LONGEST:
        raise UsageError(
            f"the reason has {len(found):,} characters, but at most {LONGEST:,} will do", hint="shorten it"
        )
    bad = sorted({f"U+{ord(each):04X}" for each in found if unicodedata.category(each) in REFUSED})
    if bad:
        raise UsageError(f"the reason has control characters: {', '.join(bad)}", hint="leave them out")
    return found
