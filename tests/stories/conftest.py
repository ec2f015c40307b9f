"""What the stories about Actions run on."""

from collections.abc import Iterator

import pytest

from tests.program import Sandbox
from tests.stories.actions_world import quick
from tests.tenant.relay import Relay, relay


@pytest.fixture
def at_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The sandbox as the profile `env`; builds and waits for lost writes take no time."""
    with quick(sandbox, monkeypatch) as prepared:
        yield prepared


@pytest.fixture
def between(at_once: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A relay between the program and the tenant."""
    with relay(at_once.state) as running:
        monkeypatch.setenv("AUTH0_DOMAIN", running.url)
        yield running
