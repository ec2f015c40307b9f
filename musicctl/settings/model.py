"""The settings of one profile: where each value comes from, read and checked when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TypeVar

from musicctl.errors import ConfigError
from musicctl.redaction import leave
from musicctl.secret import Secret
from musicctl.settings import libpqs, references, shown, values
from musicctl.settings.values import Limit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """How one setting is read, and what it is when nobody sets it."""

    read: Callable[[object], object]
    default: object = None
    secret: bool = False


SETTINGS: dict[str, Setting] = {
    "database_url": Setting(values.line, secret=True),
    "database_read_url": Setting(values.line, secret=True),
    "auth0_domain": Setting(values.domain),
    "auth0_client_id": Setting(values.line),
    "auth0_client_secret": Setting(values.text, secret=True),
    "auth0_private_key": Setting(values.text, secret=True),
    "auth0_audience": Setting(values.line),
    "role": Setting(values.line, "playlist editor"),
    "threshold": Setting(values.threshold, 100),
    "plays_query": Setting(values.text),
    "mirror_max_age": Setting(values.max_age, "24h"),
    "max_revoke": Setting(values.limit, "10%"),
    "max_grant": Setting(values.limit, "25%"),
    "min_source": Setting(values.limit, "50%"),
    "min_tenant": Setting(values.limit, "50%"),
    "guard_promote": Setting(values.switch, "on"),
    "rate": Setting(values.rate, "80%"),
    "settle": Setting(values.settle, "2s"),
    "freshness": Setting(values.freshness, "1s"),
    "threads": Setting(values.threads, 8),
    "token_audience": Setting(values.line),
    "token_algorithm": Setting(values.algorithm, "RS256"),
    "token_secret": Setting(values.text, secret=True),
    "token_secret_base64": Setting(values.boolean, False),
    "claim_namespace": Setting(values.line),
}

GUARDS = ("max_revoke", "max_grant", "min_source", "min_tenant")


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it was written, perhaps a reference, and where."""

    written: object = field(repr=False)
    origin: str


class Settings:
    """One profile. A value is resolved when it is first asked for; raises ConfigError that names it."""

    __slots__ = ("_given", "_read", "note", "profile")

    def __init__(self, profile: str, given: Mapping[str, Value], note: str = "") -> None:
        """Take the values that are set; `note` is what people should be told about the choice."""
        self.profile = profile
        leave(profile)
        self.note = note
        self._given = given
        self._read: dict[str, object] = {}

    @property
    def database_url(self) -> Secret:
        """The app's database."""
        return Secret(self._required("database_url", str))

    @property
    def libpqs(self) -> dict[str, str] | None:
        """libpq's keywords as its own variables have them, for the environment's own profile alone."""
        return libpqs.keywords() if self.profile == "env" else None

    @property
    def database_read_url(self) -> Secret | None:
        """A replica to read long listings from."""
        return self._secret("database_read_url")

    @property
    def has_tenant(self) -> bool:
        """Whether the profile names a tenant; one for the database alone need not."""
        return self._get("auth0_domain", str) is not None

    @property
    def auth0_domain(self) -> str:
        """The tenant's base URL, such as https://tenant.eu.auth0.com."""
        return self._required("auth0_domain", str)

    @property
    def auth0_client_id(self) -> str:
        """The machine-to-machine application."""
        return self._required("auth0_client_id", str)

    @property
    def auth0_client_secret(self) -> Secret | None:
        """Its secret, unless it signs with a key; raises ConfigError when both are set."""
        self._refuse_both("auth0_client_secret", "auth0_private_key")
        return self._secret("auth0_client_secret")

    @property
    def auth0_private_key(self) -> Secret | None:
        """The key that it signs with, in PEM form; raises ConfigError when the secret is set too."""
        self._refuse_both("auth0_client_secret", "auth0_private_key")
        return self._secret("auth0_private_key")

    @property
    def auth0_audience(self) -> str:
        """The Management API; by default that of the domain."""
        return self._get("auth0_audience", str) or f"{self.auth0_domain}/api/v2/"

    @property
    def role(self) -> str:
        """The role that is earned."""
        return self._required("role", str)

    @property
    def threshold(self) -> int:
        """The plays that earn it."""
        return self._required("threshold", int)

    @property
    def plays_query(self) -> str | None:
        """A SELECT of (user_id, plays) in place of the playlists."""
        return self._get("plays_query", str)

    @property
    def mirror_max_age(self) -> float:
        """Seconds after which the mirror of the tenant is refreshed before a plan."""
        return self._required("mirror_max_age", float)

    @property
    def settle(self) -> float:
        """Seconds to wait before a write whose reply was lost is looked at."""
        return self._required("settle", float)

    def check_pace(self) -> None:
        """Raise ConfigError where a value that every write to the tenant goes by is out of range."""
        _ = self.settle, self.threads, self.freshness, self.rate

    @property
    def freshness(self) -> float:
        """Seconds that a read may be old when the write that follows from it leaves."""
        return self._required("freshness", float)

    @property
    def threads(self) -> int:
        """How many requests may be under way at once."""
        return self._required("threads", int)

    @property
    def rate(self) -> Limit:
        """What may be used up of the tenant's rate limit: a percentage, or requests a second."""
        return self._required("rate", Limit)

    @property
    def limits(self) -> dict[str, tuple[float, bool]]:
        """The limits of the guards by name: each a number, and whether it is a percentage."""
        found = {name: self._required(name, values.Limit) for name in GUARDS}
        return {name: (limit.number, limit.percent) for name, limit in found.items()}

    @property
    def guard_promote(self) -> bool:
        """Whether max_revoke counts what unattended runs of promote, grant and revoke took away."""
        return self._required("guard_promote", bool)

    @property
    def token_audience(self) -> str:
        """Whom listeners' tokens are for: the app's API; by default the application itself."""
        return self._get("token_audience", str) or self.auth0_client_id

    @property
    def token_algorithm(self) -> str:
        """How listeners' tokens are signed, RS256 or HS256."""
        return self._required("token_algorithm", str)

    @property
    def token_secret(self) -> Secret:
        """The client secret of the application that listeners log in to, for HS256."""
        return Secret(self._required("token_secret", str))

    @property
    def token_secret_base64(self) -> bool:
        """Whether that secret is base64url, as those of old applications are."""
        return self._required("token_secret_base64", bool)

    @property
    def claim_namespace(self) -> str | None:
        """What the claim with the roles is called before `/roles`, without a slash at its end."""
        found = self._get("claim_namespace", str)
        return None if found is None else found.rstrip("/")

    def describe(self) -> dict[str, dict[str, object]]:
        """Return every setting with `value`, `origin` and perhaps `error`; secrets are asterisks.

        A reference is shown and looked up, but no command is run. The profile of the environment may use what
        is libpq's own, and so has that too.
        """
        own = {name: self._described(name) for name in SETTINGS}
        return own if self.libpqs is None else own | libpqs.described()

    def _described(self, name: str) -> dict[str, object]:
        value = self._given.get(name)
        if value is None:
            return {
                "value": SETTINGS[name].default,
                "origin": "default" if SETTINGS[name].default is not None else None,
            }
        if references.kind(value.written):
            return self._referred(name, value)
        return {"value": _shown(name, value.written), "origin": value.origin} | self._wrong(name)

    def _referred(self, name: str, value: Value) -> dict[str, object]:
        """Describe a reference: what it names, and whether that is there; a command is not run for this."""
        reference = references.shown(value.written)
        wrong = {} if reference == "cmd:" else self._wrong(name)
        known = shown.HIDDEN if SETTINGS[name].secret else reference
        return {"value": None if wrong else known, "origin": f"{value.origin}, by {reference}"} | wrong

    def _wrong(self, name: str) -> dict[str, object]:
        try:
            self._get(name, object)
        except ConfigError as error:
            return {"error": error.what}
        return {}

    def _refuse_both(self, one: str, other: str) -> None:
        if one in self._given and other in self._given:
            origins = (self._given[one].origin, self._given[other].origin)
            raise ConfigError(
                f"both {one} ({origins[0]}) and {other} ({origins[1]}) are set",
                hint="keep the one that the application uses",
            )

    def _required(self, name: str, kind: type[T]) -> T:
        found = self._get(name, kind)
        if found is None:
            raise ConfigError(
                f"{name} is not set in the profile {self.profile}", hint=_how_to_set(self.profile, name)
            )
        return found

    def _secret(self, name: str) -> Secret | None:
        found = self._get(name, str)
        return None if found is None else Secret(found)

    def _get(self, name: str, kind: type[T]) -> T | None:
        if name not in self._read:
            setting = SETTINGS[name]
            value = self._given.get(name, Value(setting.default, "default"))
            try:
                written = references.resolved(value.written, secret=setting.secret)
                self._read[name] = read = None if written is None else setting.read(written)
            except ValueError as error:
                raise ConfigError(
                    f"{name} ({value.origin}): {error}",
                    hint="musicctl config show says what is set and where",
                ) from None
            if isinstance(read, str) and not setting.secret and "@" not in read:
                leave(read, read.partition("://")[2])
        found = self._read[name]
        assert found is None or isinstance(found, kind)
        return found


def _shown(name: str, written: object) -> object:
    """Return a value as people may see it, as one of JSON's types."""
    if name.startswith("database"):
        return shown.address(str(written))
    # An @ in the domain follows what may be a password.
    if SETTINGS[name].secret or (name == "auth0_domain" and "@" in str(written)):
        return shown.HIDDEN
    plain = isinstance(written, str | int) or (isinstance(written, float) and isfinite(written))
    return written if plain else str(written)


def _how_to_set(profile: str, name: str) -> str:
    if profile == "env":
        return f"set {environment_variable(name)}"
    return f"set {name} under [profiles.{profile}]; musicctl config path says where the file is"


def environment_variable(name: str) -> str:
    """Return the variable that sets `name` in the profile `env`."""
    return name.upper() if name in FROM_PLAIN_VARIABLES else f"MUSICCTL_{name.upper()}"


FROM_PLAIN_VARIABLES = (
    "database_url",
    "auth0_domain",
    "auth0_client_id",
    "auth0_client_secret",
    "auth0_audience",
)
"""Settings whose variable is the app's own: DATABASE_URL and Auth0's."""
