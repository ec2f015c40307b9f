"""The promises of the program, which tests hold each, and how those are seen failing without it.

- P1, a second sync plans nothing: stories/test_sync, stories/test_any_order, stories/test_orphans
- P2, no write without a committed intent, and true outcomes: faults/test_row_01 (both), test_row_02,
  test_row_17, test_soak
- P3, no edit of others is overwritten: operations/test_last_check, faults/test_row_07_08, test_soak
- P4, a guard that trips means no writes: faults/test_row_10_to_12, test_guards_of_a_day, test_kept_plans
- P5, one writer: faults/test_row_13 (both), operations/test_lease
- P6, an undo restores what is still so, and our role alone: faults/test_row_09, test_forged_journal,
  stories/test_undo
- P7, the app's tables are never altered: store/test_schema, stories/test_existing_app
- P8, no secrets: test_redaction, faults/test_row_28, settings/test_values
- P9, foreign text is harmless: render/test_text, cli/test_hostile, cli/test_hostile_words
- P10, machine output is whole: cli/test_formats, cli/test_hostile, operations/test_round_trip
- P11, memory: store/test_mirror, tenant/test_bounds; at a million users `python -m tests.bench`, last column
- P12, no traceback: cli/test_border, and all that run the program (tests/program.py)
- P13, every run ends: tenant/test_schedules, faults/test_row_06, test_endless, test_soak
- P14, done is what was looked at: stories/test_ten_shapes
- P15, nobody else's definition or link: faults/test_lookalikes, store/test_strangers, test_disk
- P16, nothing from the environment: cli/test_libpqs, settings/test_profiles

`python -m tests.promises [P1 ...]` breaks them on purpose, in a copy of the tree, and says who noticed.
"""
