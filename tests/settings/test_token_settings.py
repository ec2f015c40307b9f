"""The settings of listeners' tokens: what holds when nobody sets them, and what is refused."""

import pytest

from musicctl.errors import ConfigError
from tests.settings.conftest import of


def test_tokens_are_for_the_application_itself_unless_told() -> None:
    assert of(auth0_client_id="app").token_audience == "app"
    assert of(auth0_client_id="app", token_audience="https://api.example.com").token_audience.startswith(
        "https"
    )
    with pytest.raises(ConfigError, match="auth0_client_id is not set"):
        _ = of().token_audience


def test_nothing_is_decoded_unless_told() -> None:
    assert (of().token_algorithm, of().token_secret_base64) == ("RS256", False)
    assert of(token_algorithm="HS256", token_secret_base64="true").token_secret_base64


def test_the_namespace_ends_without_a_slash() -> None:
    assert of().claim_namespace is None
    assert of(claim_namespace="https://music.example.com/").claim_namespace == "https://music.example.com"


@pytest.mark.parametrize("algorithm", ["none", "RS512", "rs256", "", 5])
def test_other_algorithms_are_refused(algorithm: object) -> None:
    with pytest.raises(ConfigError, match="RS256 or HS256"):
        _ = of(token_algorithm=algorithm).token_algorithm


def test_the_secret_does_not_show() -> None:
    assert of(token_secret="hunter2").token_secret.reveal() == "hunter2"
    assert "hunter2" not in repr(of(token_secret="hunter2").token_secret)
    with pytest.raises(ConfigError, match="token_secret is not set"):
        _ = of().token_secret
