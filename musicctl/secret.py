"""A value that cannot print itself: settings make it, store and tenant alone reveal it."""

from musicctl.redaction import hide


class Secret:
    """Wraps a secret so that `repr`, `str`, formatting, logs and tracebacks show only asterisks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, which is taken out of every text of others from now on."""
        hide(self._value)
        return self._value

    def reveal_to_take_apart(self) -> str:
        """Return a text of which a part is secret: who finds that part makes a Secret of it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
