"""What a rendering costs to import: nothing that the format asked for does not need."""

import subprocess
import sys

import pytest

LISTING = (
    "from musicctl.render.formats import Format; from musicctl.render.records import listing;"
    "list(listing(('a',), [('ä⭐',)], Format('{form}')))"
)
WATCHED = ("rich", "json", "csv", "decimal", "hashlib")


def loaded(code: str) -> set[str]:
    """Return which of the modules watched are loaded after `code` ran in an interpreter of its own."""
    script = f"import sys\n{code}\nprint(*(name for name in {WATCHED} if name in sys.modules))"
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "ids"])
def test_machine_formats_load_no_rich(form: str) -> None:
    assert loaded(LISTING.format(form=form)) <= {"json", "decimal"}


@pytest.mark.parametrize("module", ["records", "error", "text"])
def test_what_every_command_loads_loads_nothing_more(module: str) -> None:
    assert loaded(f"import musicctl.render.{module}") == set()


def test_a_table_of_ascii_loads_no_rich() -> None:
    code = "from musicctl.render.table import table; table(('a',), [('plain', )], terminal=80)"
    assert "rich" not in loaded(code)


def test_a_table_of_other_scripts_loads_it() -> None:
    code = "from musicctl.render.table import table; table(('a',), [('日本', )], terminal=80)"
    assert "rich" in loaded(code)
