"""One block of an adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Link:
    """A core block between a value and a port.

    Args:
        use: its name.
        params: what the spec sets of it.
        message: what it does, in words.
        word: ends the name of its node.
        like: how the spec names what its second port is wired to; "" where that stays open.
        learned: whether it has weights.
        forced: whether it makes a value fit by form alone.
    """

    use: str
    params: dict[str, Any] = field(hash=False)
    message: str
    word: str
    like: str = ""
    learned: bool = False
    forced: bool = False

    def node(self, source: str) -> dict[str, Any]:
        """The node of a spec.

        Args:
            source: what it reads.
        """
        return {"use": self.use, "in": [source, self.like] if self.like else source, **self.params}
