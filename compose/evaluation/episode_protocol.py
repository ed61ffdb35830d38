"""The protocol of a result on episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from compose.evaluation.protocol import Protocol
from compose.evaluation.stated import Stated


@dataclass(frozen=True)
class EpisodeProtocol(Stated):
    """Which episodes were evaluated.

    Args:
        task: ``5-way 1-shot``.
        data: the data source.
        split: its split.
        ways: classes in an episode.
        shots: support pictures of each class.
        queries: query pictures of each class.
        episodes: how many episodes the mean and the interval are over.
        num_classes: how many classes they are drawn from.
        labels: a hash of their names, see :func:`~compose.evaluation.protocol.labels_hash`.
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
    }

    def line(self) -> str:
        """The protocol in one line, as a report prints it."""
        parts = [
            f"{self.data} {self.split}".strip(),
            "" if self.num_classes is None else f"{self.num_classes:,} classes",
            "" if self.episodes is None else f"{self.episodes:,} episodes",
            "" if self.queries is None else f"{self.queries} queries of each class",
        ]
        return ", ".join(filter(None, parts))


def protocol_from_json(data: dict[str, Any]) -> Stated:
    """A protocol of either kind from its plain data."""
    return EpisodeProtocol(**data) if data.get("kind") == "episodes" else Protocol.from_json(data)
