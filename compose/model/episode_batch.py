"""The sizes of a batch of episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compose.tasks.episodes import EpisodeShape


@dataclass(frozen=True)
class EpisodeBatch:
    """How many episodes, and what each holds.

    Args:
        count: episodes.
        shape: classes, support and query pictures of one.
    """

    count: int
    shape: EpisodeShape

    @property
    def images(self) -> int:
        """Pictures in all: e · (s + q)."""
        return self.count * self.shape.pictures

    @property
    def letters(self) -> dict[str, int]:
        """The dims by their letters, see :mod:`compose.spec.wiring.reserved`."""
        shape = self.shape
        return {"b": self.images, "e": self.count, "s": shape.support, "q": shape.asked, "n": shape.ways}

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the reserved inputs that only episodes have."""
        e, s, q, n = (self.letters[letter] for letter in "esqn")
        return {"support.targets": (e, s, n), "query.targets": (e, q, n)}

    def larger(self) -> EpisodeBatch:
        """With one more episode, and one more support picture of each class, and two more queries.

        So what takes the one for the other, where there are as many, does not fit.
        """
        return replace(self, count=self.count + 1, shape=self.shape.grown(shots=1, queries=2))
