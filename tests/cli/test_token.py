"""`musicctl token` and `--token`, through main: where a token is read, what is shown, for whom it answers."""

import io
import time
from pathlib import Path

import jwt
import pytest

from tests.program import Program, Sandbox
from tests.signing import NAMESPACE, SECRET, Key, part

ADA = "auth0|ada"
PUBLIC_KEY = Key.made("one").pem.decode()


@pytest.fixture
def token(sandbox: Sandbox, program: Program, tmp_path: Path) -> str:
    """The word for a token of Ada's, in the sandbox."""
    sandbox.add_user(ADA, app_metadata={"roles": ["playlist editor"]}, user_metadata={"displayName": "Ada"})
    return written(tmp_path, program("token", "issue", ADA).out)


@pytest.fixture
def legacy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an app whose tokens are signed with its secret."""
    for name, value in {
        "AUTH0_DOMAIN": "tenant.eu.auth0.com",
        "AUTH0_CLIENT_ID": "the-app",
        "MUSICCTL_TOKEN_ALGORITHM": "HS256",
        "MUSICCTL_TOKEN_SECRET": SECRET,
        "MUSICCTL_CLAIM_NAMESPACE": NAMESPACE,
    }.items():
        monkeypatch.setenv(name, value)


def written(folder: Path, token: str) -> str:
    path = folder / "token"
    path.write_text(token)
    return f"@{path}"


def test_verify_says_who_it_is(program: Program, token: str) -> None:
    verified = program("token", "verify", token, "--json")
    shown = verified.json
    assert (verified.code, verified.err) == (0, "")
    assert list(shown) == ["valid", "reasons", "sub", "roles", "exp", "stale"]
    assert shown | {"exp": 0} == {
        "valid": True, "reasons": [], "sub": ADA, "roles": [], "exp": 0, "stale": None
    }  # fmt: skip
    assert 0 < shown["exp"] - time.time() <= 3600
    for_people = program("token", "verify", token).out
    assert f"sub      {ADA}" in for_people
    assert "UTC" in for_people


def test_verify_reads_standard_input(program: Program, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(Path(token[1:]).read_text()))
    assert program("token", "verify", "-", "--json").json["sub"] == ADA
    monkeypatch.setattr("sys.stdin", None)
    assert program("token", "verify", "-").code == 2


@pytest.mark.parametrize("command", [["token", "verify"], ["token", "decode"], ["songs", "list", "--token"]])
def test_a_token_on_the_command_line_is_refused(program: Program, token: str, command: list[str]) -> None:
    bare = Path(token[1:]).read_text().strip()
    refused = program(*command, bare, "--json")
    assert (refused.code, refused.out, refused.error["code"]) == (2, "", "usage")
    assert "@FILE" in refused.error["hint"]
    assert bare[:20] not in refused.err


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [("@/nowhere", 1, "No such file"), ("@", 1, "directory"), ("@a\0b", 2, "no file is called")],
)
def test_a_file_that_is_not_there(
    program: Program, sandbox: Sandbox, word: str, code: int, said: str
) -> None:
    ended = program("token", "verify", word)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err


def test_decode_needs_no_settings(program: Program, tmp_path: Path) -> None:
    said = {"sub": "auth0|\x1b[2J\u202e", "aud": ["a", "b"], "roles": {"deep": [1]}}
    word = written(tmp_path, f"{part({'alg': 'none'})}.{part(said)}.")
    shown = program("token", "decode", word, "--json")
    assert (shown.code, shown.json["verified"], shown.json["claims"]) == (0, False, said)
    assert shown.json["odd"] == ["it has no signature"]
    assert "nothing was verified" in shown.err
    for_people = program("token", "decode", word)
    assert for_people.out.startswith("nothing was verified")
    assert "\x1b" not in for_people.out + shown.out
    assert "\u202e" not in for_people.out + shown.out


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "ids", "json", "table"])
def test_decode_shows_anything_in_every_format(program: Program, tmp_path: Path, form: str) -> None:
    odd = b'{"\\ud800": "\\udfff", "x": 1e400, "n": ' + b"7" * 4000 + b', "a": {"a": {"a": []}}, "a": 2}'
    word = written(tmp_path, f"{part(odd)}.{part(odd)}.AA")
    assert program("token", "decode", word, "-o", form).code == 0
    word = written(tmp_path, f"{part({'alg': 'dir'})}.?.AA")
    assert program("token", "decode", word, "-o", form).code == 0


def test_decode_of_garbage(program: Program, tmp_path: Path) -> None:
    refused = program("token", "decode", written(tmp_path, "garbage"), "--json")
    assert (refused.code, refused.error["code"]) == (4, "refused")


def test_issue_prints_the_token_and_nothing_else(program: Program, sandbox: Sandbox) -> None:
    issued = program("token", "issue", ADA)
    assert issued.code == 0
    token = issued.out.removesuffix("\n")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (ADA, 3600)
    assert claims["iss"] == f"{sandbox.state.auth0_domain}/"
    assert claims["aud"] == sandbox.state.auth0_client_id
    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    assert token not in issued.err
    assert "60 minutes" in issued.err
    assert program("token", "issue", ADA, "--quiet").err == ""


@pytest.mark.usefixtures("legacy")
def test_issue_as_the_old_rule_did(program: Program, tmp_path: Path) -> None:
    issued = program("token", "issue", ADA, "--ttl", "600", "--json").json
    claims = jwt.decode(
        issued["token"],
        SECRET,
        algorithms=["HS256"],
        audience="the-app",
        issuer="https://tenant.eu.auth0.com/",
    )
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (ADA, 36_000)
    assert issued | claims == issued
    verified = program("token", "verify", written(tmp_path, issued["token"]), "--json")
    assert (verified.code, verified.json["sub"], verified.json["roles"]) == (0, ADA, [])


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize(("ttl", "seconds"), [("15", 900), ("15m", 900), ("10h", 36_000), ("30s", 30)])
def test_how_long_a_token_lives(program: Program, ttl: str, seconds: int) -> None:
    issued = program("token", "issue", ADA, "--ttl", ttl, "--json").json
    assert issued["exp"] - issued["iat"] == seconds


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize("ttl", ["601", "0", "-5", "1d", "11h", "", "x", "9" * 30])
def test_a_life_that_no_token_gets(program: Program, ttl: str) -> None:
    refused = program("token", "issue", ADA, f"--ttl={ttl}")
    assert (refused.code, refused.out) == (2, "")


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MUSICCTL_TOKEN_SECRET", ""),
        ("MUSICCTL_TOKEN_SECRET", "too-short"),
        ("MUSICCTL_TOKEN_SECRET", PUBLIC_KEY),
        ("MUSICCTL_TOKEN_SECRET_BASE64", "maybe"),
        ("AUTH0_CLIENT_ID", ""),
    ],
)
def test_nothing_is_issued_without_a_secret(
    program: Program, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    refused = program("token", "issue", ADA, "--json")
    assert (refused.code, refused.out, refused.error["code"]) == (78, "", "config")
    assert "too-short" not in refused.err
    assert "PUBLIC" not in refused.err


def test_a_verified_token_stands_in_for_its_listener(program: Program, sandbox: Sandbox, token: str) -> None:
    sandbox.query("INSERT INTO songs VALUES ('1', 'So What', %s), ('2', 'Freddie', 'auth0|bob')", ADA)
    sandbox.query("INSERT INTO user_data VALUES (%s, 'jazz'), ('auth0|bob', 'pop')", ADA)
    sandbox.query("INSERT INTO playlists VALUES ('p', %s, 'Mix', 3), ('q', 'auth0|bob', 'Mix', 4)", ADA)
    songs = program("songs", "list", "--token", token, "--json")
    assert songs.json == [{"song_id": "1", "songname": "So What", "user_id": ADA}]
    assert program("genres", "show", f"--token={token}", "--json").json["fav_genre"] == "jazz"
    assert [
        each["playlist_id"] for each in program("playlists", "list", "--token", token, "--json").json
    ] == ["p"]
    assert program("profile", "show", "--token", token, "--json").json["user_id"] == ADA


def test_a_token_sets_the_name_of_its_listener_alone(program: Program, sandbox: Sandbox, token: str) -> None:
    assert program("profile", "set-name", "--token", token, "Ada L.").code == 0
    assert sandbox.profile(ADA)["user_metadata"]["displayName"] == "Ada L."
    assert program("profile", "set-name", ADA, "Ada").code == 0
    assert sandbox.profile(ADA)["user_metadata"]["displayName"] == "Ada"


@pytest.mark.parametrize(
    "words",
    [
        ["songs", "list", ADA, "--token", "@t"],
        ["songs", "list"],
        ["songs", "list", "--token"],
        ["songs", "list", "--", "--token", "@t"],
        ["profile", "set-name", ADA, "Name", "--token", "@t"],
        ["profile", "set-name", "--token", "@t"],
        ["profile", "set-name", "Name"],
    ],
)
def test_it_is_either_a_user_or_a_token(program: Program, sandbox: Sandbox, words: list[str]) -> None:
    refused = program(*words)
    assert (refused.code, refused.out) == (2, "")
    assert sandbox.requests() == []


def test_help_names_the_user_and_the_token(program: Program) -> None:
    help_text = program("profile", "set-name", "--help").out
    assert help_text.startswith("Usage: musicctl profile set-name [OPTIONS] USER NAME\n")
    assert "--token @FILE|-" in help_text
