"""What the protocols of all kinds of evaluation have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar


def number_of(number: int | None, one: str, many: str) -> str:
    """``1 label``, ``1,234 labels``; ``labels`` where the number is not told."""
    words = one if number == 1 else many
    return words if number is None else f"{number:,} {words}"


class ResultProtocol(ABC):
    """All that the numbers of a result depend on besides the model: a dataclass with a phrase for each field.

    Published figures rarely tell all of it: an empty text or a None is not stated, and does not disagree with anything.
    """

    task: str
    words: ClassVar[Mapping[str, str]]
    """Field -> what it is called in a sentence; fields that are not here do not count in a comparison."""

    @property
    def of_places(self) -> bool:
        """Whether the places where a model looks are compared with boxes."""
        return False

    @property
    def shared(self) -> ResultProtocol:
        """The protocol without what each model has of its own."""
        return self

    @abstractmethod
    def line(self) -> str:
        """The protocol in one line, as a report prints it."""

    def agrees(self, other: ResultProtocol) -> list[str]:
        """The differences from another protocol in words; empty where the two agree."""
        if type(self) is not type(other):
            return [f"the task: {self.task} against {other.task}"]
        return [
            f"{words}: {_shown(mine)} against {_shown(theirs)}"
            for field, words in self.words.items()
            if (mine := getattr(self, field)) != (theirs := getattr(other, field))
            and _is_given(mine)
            and _is_given(theirs)
        ]

    def not_given(self) -> list[str]:
        """What the protocol does not tell, in words."""
        return [words for field, words in self.words.items() if not _is_given(getattr(self, field))]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]  # subclasses are dataclasses


def _is_given(value: Any) -> bool:
    return value is not None and value != ""


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
