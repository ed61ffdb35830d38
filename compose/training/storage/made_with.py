"""The command that made a run, as the first lines of its lock file tell it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compose.spec.yaml.writer import flow

MADE = "# made by: "
SEED = "seed"
WENT_ON = re.compile(r"# changed after step \d+: (train\.\S+) ")
"""A line of a lock file on training that went on otherwise."""


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

    def changes_now(self, lines: Iterable[str], values: Mapping[str, Any]) -> tuple[str, ...]:
        """The changes, of training with the values that the run has since it went on.

        Args:
            lines: those of the lock file.
            values: the spec in it.
        """
        went_on = {found[1] for line in lines if (found := WENT_ON.match(line))}
        now = {key: f"{key}={flow(_value_at(values, key))}" for key in sorted(went_on)}
        kept = [now.pop(text.partition("=")[0], text) for text in self.changes]
        return (*kept, *now.values())

    def _options(self, *options: str) -> tuple[str, ...]:
        return tuple(word.partition(" ")[2].strip() for word in self.words if word.startswith(options))


def _value_at(values: Any, key: str) -> Any:
    """The value at a key with dots; None where there is none."""
    for name in key.split("."):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _split(command: str) -> list[str]:
    """The words of a command as a lock has it: a value behind ``-s`` may have blanks, and is not quoted."""
    head, *options = re.split(r" (?=-[sv] |--blocks )", command)
    try:
        words = shlex.split(head)
    except ValueError:
        words = head.split()
    return [*words, *options]
