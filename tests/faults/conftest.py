"""What the rows share: a sandbox as the profile `env`, so that its settings may be chosen, and its faults."""

from collections.abc import Callable, Iterator

import pytest

from musicctl.sandbox.local_tenant import fault_words, faults
from tests.faults.processes import settings
from tests.program import Sandbox

Switch = Callable[..., None]


@pytest.fixture
def set_up(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make the sandbox the profile `env`, with these settings; the settle time is a tenth of a second."""

    def choose(**others: str) -> None:
        chosen = {"settle": "0.1s", "threads": "4"} | others
        monkeypatch.delenv("MUSICCTL_PROFILE", raising=False)
        for name, value in settings(sandbox, **chosen).items():
            monkeypatch.setenv(name, value)

    choose()
    yield choose
    faults.clear(sandbox.tenant)


@pytest.fixture
def fault(sandbox: Sandbox, set_up: Callable[..., None]) -> Switch:
    """Switch faults on in the sandbox's tenant."""

    def switch(*words: str, endpoint: str, **how: float | int) -> None:
        fault_words.switch_on(sandbox.tenant, *words, endpoint=endpoint, seed=1, **how)  # type: ignore[arg-type]

    return switch
