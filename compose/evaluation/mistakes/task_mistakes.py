"""What is told of the mistakes in a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from compose.data.source import Split

MOST_EXAMPLES, MOST_PAIRS, MOST_LABELS = 24, 30, 30
"""Of each there are so many at most, whatever the size of the data."""
TOP_LABELS = 5
"""Labels of an example: so many that it shows, and so many that are scored highest."""


@dataclass(frozen=True)
class ScoredLabel:
    """A label as an example has it.

    Args:
        label: its name.
        score: what the model gives it.
        present: whether the example shows it; None where nobody said.
        above: labels that the example does not show and that are scored above it.
    """

    label: str
    score: float
    present: bool | None
    above: int


@dataclass(frozen=True)
class WrongExample:
    """An example that the model gets wrong.

    Args:
        row: its place in its split.
        loss: the ranking loss: the share of the pairs of a label that it shows and one that it does not show, of which
            the wrong one is scored higher.
        shows: labels that it shows, those with the lowest scores first.
        others: how many more it shows.
        best: the labels with the highest scores.
    """

    row: int
    loss: float
    shows: Sequence[ScoredLabel]
    others: int
    best: Sequence[ScoredLabel]


@dataclass(frozen=True)
class ConfusedPair:
    """Two labels of which the wrong one is often scored higher.

    Args:
        shown: the label that examples show.
        above: the label that they do not show, and that is scored above it.
        count: in how many examples.
        of: examples that show the one and not the other.
    """

    shown: str
    above: str
    count: int
    of: int


@dataclass(frozen=True)
class ClassResult:
    """What a model reaches on one class, or label, of episodes.

    Args:
        label: its name.
        asked: queries that show it.
        right: those in which it is scored above every class that they do not show.
    """

    label: str
    asked: int
    right: int


@dataclass(frozen=True)
class TaskMistakes:
    """The mistakes in a task.

    Args:
        split: of the data.
        drawn: what the examples are: those of a split, or of the split that tasks are drawn from.
        examples: those with the greatest loss.
        pairs: the pairs of labels that are confused most often.
        classes: of episodes, the classes that are right least often.
    """

    split: Split
    drawn: Literal["split", "tasks"]
    examples: Sequence[WrongExample]
    pairs: Sequence[ConfusedPair]
    classes: Sequence[ClassResult] = ()
