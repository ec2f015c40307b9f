"""Which tests hold which promise, and edits of the program that break it, of which they are to fail."""

from tests.promises.breaking import Break

BREAKS: dict[str, tuple[Break, ...]] = {
    "P1": (
        Break(
            file="musicctl/store/plays.py",
            old="(NOT users.roles @> ARRAY[%(role)s] AND pins.user_id IS NULL)",
            new="(pins.user_id IS NULL)",
            tests=("tests/stories/test_sync.py::test_a_second_sync_plans_nothing_and_sends_nothing",),
            why="who holds the role already is planned again",
        ),
    ),
    "P2": (
        Break(
            file="musicctl/store/journal.py",
            old="        if sending.failure is not None:\n            raise sending.failure\n",
            new="        return True\n",
            tests=("tests/faults/test_row_17_journal.py",),
            why="a write leaves although its intent was not committed",
        ),
        Break(
            file="musicctl/operations/runs/recovery.py",
            old="    if now == change.after:\n",
            new="    if False:\n",
            tests=("tests/faults/test_row_01_crash_points.py",),
            why="what an interrupted run did is not recorded as done",
        ),
        Break(
            file="musicctl/store/opening.py",
            old="        lasting = [] if self.read_only else [LASTING]\n",
            new="        lasting: list[str] = []\n",
            tests=("tests/faults/test_forgotten_commits.py",),
            why="a crash of the server forgets intents where somebody chose speed",
        ),
    ),
    "P3": (
        Break(
            file="musicctl/operations/runs/freshness.py",
            old="        if age > self._seconds:\n",
            new="        if False:\n",
            tests=("tests/operations/test_last_check.py",),
            why="a write leaves however old its read is",
        ),
    ),
    "P4": (
        Break(
            file="musicctl/policy/guards.py",
            old="    return tuple(danger for danger in found if danger is not None)\n\n\ndef hidden_rows",
            new="    return ()\n\n\ndef hidden_rows",
            tests=("tests/faults/test_row_10_to_12_guards.py",),
            why="no plan is dangerous",
        ),
    ),
    "P5": (
        Break(
            file="musicctl/store/lease.py",
            old="WHERE name = %s AND token = %s AND {more})",
            new="WHERE name = %s AND %s > 0 AND {more})",
            tests=("tests/faults/test_row_13_two_syncs.py",),
            why="a lease that somebody else has taken counts as ours",
        ),
        Break(
            file="musicctl/operations/actions/deploy.py",
            old="actions.leaving(self._require_leave)",
            new="actions.leaving(lambda: None)",
            tests=("tests/faults/test_row_13_actions.py",),
            why="a deployment that was stopped writes after another has taken over",
        ),
    ),
    "P6": (
        Break(
            file="musicctl/operations/roles/writing.py",
            old="        return others and (self._role in after) is giving",
            new="        return True or (self._role in after) is giving",
            tests=("tests/faults/test_forged_journal.py",),
            why="an undo restores any role that the journal names",
        ),
        Break(
            file="musicctl/operations/roles/writing.py",
            old="        if (self._role in now) is giving:\n",
            new="        if False:\n",
            tests=("tests/faults/test_row_09_undo.py",),
            why="an undo writes over what was changed since",
        ),
    ),
    "P7": (
        Break(
            file="musicctl/store/schema.py",
            old="    absent = [table for table, there in now.tables.items() if not there]\n",
            new='    found["column"] = "ALTER TABLE public.songs ADD COLUMN IF NOT EXISTS ours text;"\n'
            "    absent = [table for table, there in now.tables.items() if not there]\n",
            tests=("tests/store/test_schema.py::test_an_existing_table_is_not_altered",),
            why="db init alters a table of the app",
        ),
    ),
    "P8": (
        Break(
            file="musicctl/redaction.py",
            old="    if not _hidden.secrets or not text:\n",
            new="    if True:\n",
            tests=("tests/test_redaction.py",),
            why="what others wrote is shown with the secrets in it",
        ),
    ),
    "P9": (
        Break(
            file="musicctl/render/text.py",
            old="    return _bounded(_encodable(escaped(text, _shown)))\n",
            new="    return text\n",
            tests=(
                "tests/cli/test_hostile.py::test_a_terminal_is_shown_every_row_and_nothing_to_obey",
                "tests/render/test_text.py::test_every_hostile_string_is_on_one_line",
            ),
            why="foreign text reaches the terminal raw",
        ),
    ),
    "P10": (
        Break(
            file="musicctl/render/encoding.py",
            old="        return escaped(encode_basestring(known), _unit_escapes)\n",
            new="        return escaped(encode_basestring(known[:30]), _unit_escapes)\n",
            tests=("tests/cli/test_hostile.py::test_machines_get_every_value_back",),
            why="long values for machines are cut",
        ),
    ),
    "P11": (
        Break(
            file="musicctl/store/mirror.py",
            old="            for piece in lines(users):  # writelines would keep all of it in memory\n"
            "                kept.write(piece)\n",
            new="            kept.writelines(lines(users))\n",
            tests=("tests/store/test_mirror.py::test_memory_does_not_grow_with_the_users",),
            why="an export is kept in memory as a whole",
        ),
    ),
    "P12": (
        Break(
            file="musicctl/cli/border.py",
            old="    if isinstance(error, MusicctlError):\n",
            new="    if False:\n",
            tests=("tests/cli/test_border.py", "tests/cli/test_commands.py"),
            why="what a user can cause ends in a traceback",
        ),
    ),
    "P14": (
        Break(
            file="musicctl/store/written.py",
            old="    if not kept:\n",
            new="    if False:\n",
            tests=("tests/stories/test_ten_shapes.py",),
            why="a write that the database swallowed counts as done",
        ),
    ),
    "P15": (
        Break(
            file="musicctl/store/opening.py",
            old="SET LOCAL search_path = pg_catalog, pg_temp",
            new="SET LOCAL application_name = 'musicctl'",
            tests=("tests/faults/test_lookalikes.py",),
            why="names are looked for where others may define them",
        ),
        Break(
            file="musicctl/disk.py",
            old="        handle, nameless = _created(fresh, folder)\n",
            new="        fresh = name\n"
            "        handle, nameless = os.open(fresh, os.O_WRONLY | os.O_CREAT, dir_fd=folder), False\n",
            tests=("tests/test_disk.py",),
            why="a file is written through somebody else's link",
        ),
    ),
    "P16": (
        Break(
            file="musicctl/store/defaults.py",
            old="    if libpqs is None:\n        found = _alone(found)\n",
            new="    if libpqs is None:\n        return dict(found)\n",
            tests=("tests/cli/test_libpqs.py",),
            why="libpq fills what a named profile leaves out",
        ),
    ),
}
"""P13, that every run ends, is held by `tests/tenant/test_schedules.py`, `tests/faults/test_soak.py` and
`tests/faults/test_row_06_one_refusal.py`; without it they hang, and so they are not run here."""
