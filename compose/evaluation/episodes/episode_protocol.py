"""The protocol of a result on episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from compose.evaluation.label_protocol import LabelProtocol
from compose.evaluation.result_protocol import ResultProtocol, number_of


@dataclass(frozen=True)
class EpisodeProtocol(ResultProtocol):
    """Which episodes were evaluated.

    Args:
        task: ``5-way 1-shot``.
        data: the data source.
        split: its split.
        ways: classes in an episode.
        shots: support pictures of each class.
        queries: query pictures of each class.
        episodes: how many episodes the mean and the interval are over.
        num_classes: how many classes, or labels, they are drawn from.
        labels: a hash of their names, see :func:`~compose.evaluation.label_protocol.labels_hash`.
        examples: of data whose examples carry several labels: whether a test's examples may be trained on through
            their other labels (``label_split``) or not (``example_split``).
        thresholds: metric -> the threshold that was best on as many validation episodes; it is the model's.
        seed: what they are drawn by; another seed is another draw of the same protocol.
        kind: ``episodes``; tells the protocol's JSON from that of other tasks.
    """

    task: str
    data: str
    split: str
    ways: int
    shots: int
    queries: int | None = None
    episodes: int | None = None
    num_classes: int | None = None
    labels: str | None = None
    examples: str | None = None
    thresholds: Mapping[str, float] | None = None
    seed: int | None = None
    kind: str = "episodes"

    words: ClassVar[Mapping[str, str]] = {
        "task": "the task",
        "data": "the data source",
        "split": "the split",
        "ways": "the classes in an episode",
        "shots": "the support pictures of a class",
        "queries": "the query pictures of a class",
        "episodes": "the number of episodes",
        "num_classes": "the number of classes",
        "labels": "the classes (hash of their names)",
        "examples": "the examples of a split",
    }

    @property
    def shared(self) -> EpisodeProtocol:
        """The protocol without the thresholds, and without the draw."""
        return replace(self, thresholds=None, seed=None)

    def not_given(self) -> list[str]:
        """What the protocol does not tell, in words; where examples carry one label each, they divide as it does."""
        return [words for words in super().not_given() if words != self.words["examples"]]

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what only some episodes have."""
        lacking = [field for field in ("examples", "thresholds") if getattr(self, field) is None]
        return {field: value for field, value in super().to_json().items() if field not in lacking}

    def line(self) -> str:
        """The protocol in one line, as a report prints it."""
        one, many = ("label", "labels") if self.examples else ("class", "classes")
        parts = [
            f"{self.data} {self.split}".strip(),
            self.examples,
            "" if self.num_classes is None else number_of(self.num_classes, one, many),
            "" if self.episodes is None else number_of(self.episodes, "episode", "episodes"),
            "" if self.queries is None else f"{number_of(self.queries, 'query', 'queries')} of each {one}",
            self._thresholds(),
        ]
        return ", ".join(filter(None, parts))

    def _thresholds(self) -> str:
        chosen = [f"{key.partition('(')[0]} {value:.3g}" for key, value in (self.thresholds or {}).items()]
        count = number_of(self.episodes, "validation episode", "validation episodes")
        return f"thresholds from {count}: {', '.join(chosen)}" if chosen else ""


def protocol_from_json(data: dict[str, Any]) -> ResultProtocol:
    """A protocol of either kind from its plain data."""
    return EpisodeProtocol(**data) if data.get("kind") == "episodes" else LabelProtocol.from_json(data)
