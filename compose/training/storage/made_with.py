"""The command that made a run, as the first lines of its lock file tell it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

MADE = "# made by: "
SEED = "seed"


@dataclass(frozen=True)
class MadeWith:
    """The words of a command: each of ``-v NAME`` and ``-s KEY=VALUE`` is one.

    Args:
        words: the words; none where they are not known.
    """

    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[str]) -> MadeWith:
        """What the lines of a lock file say."""
        made = next((line for line in lines if line.startswith(MADE)), "")
        return cls(tuple(_split(made.removeprefix(MADE))))

    @property
    def spec(self) -> str:
        """The file, as it was named; "" where that is not known."""
        return next((word for word in self.words[2:3] if not word.startswith("-")), "")

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants that were laid over it."""
        return self._options("-v ")

    @property
    def overrides(self) -> tuple[str, ...]:
        """The ``KEY=VALUE`` laid over those, without the seed."""
        return tuple(text for text in self._options("-s ") if not text.startswith(f"{SEED}="))

    @property
    def changes(self) -> tuple[str, ...]:
        """Both, in their order."""
        return tuple(text for text in self._options("-v ", "-s ") if not text.startswith(f"{SEED}="))

    def _options(self, *options: str) -> tuple[str, ...]:
        return tuple(word.partition(" ")[2].strip() for word in self.words if word.startswith(options))


def _split(command: str) -> list[str]:
    """The words of a command as a lock has it: a value behind ``-s`` may have blanks, and is not quoted."""
    head, *options = re.split(r" (?=-[sv] |--blocks )", command)
    try:
        words = shlex.split(head)
    except ValueError:
        words = head.split()
    return [*words, *options]
