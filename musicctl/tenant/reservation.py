"""What one thread holds of the rate limit: taken all at once or not at all, and let go of while it waits."""

from collections.abc import Sequence

from musicctl.tenant.pacer import Kind, Ticket
from musicctl.tenant.pacing import Pacing


class Reservation:
    """The right to send one request of each kind.

    Who waits holds nothing: were a write's right kept while its read waits for another, all threads could
    end up waiting for what the others keep.
    """

    def __init__(self, pacing: Pacing, kinds: Sequence[Kind]) -> None:
        self._pacing = pacing
        self._wanted = list(kinds)
        self._held: dict[Kind, Ticket] = {}

    def take(self) -> None:
        """Wait until a request of every kind that was not sent yet may be sent, and hold the right to."""
        self._held = dict(zip(self._wanted, self._pacing.take(*self._wanted), strict=True))

    def use(self, kind: Kind) -> Ticket:
        """Return the right to one request; waits for it, and what else is wanted, where it is not held."""
        if kind not in self._held:
            self.let_go()
            if kind not in self._wanted:
                self._wanted.append(kind)
            self.take()
        self._wanted.remove(kind)
        return self._held.pop(kind)

    def let_go(self) -> None:
        """Give back what is held; it is taken anew when it is used."""
        held, self._held = list(self._held.values()), {}
        self._pacing.give_back(held)
