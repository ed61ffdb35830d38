"""The protocol of a result: all that its numbers depend on besides the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from compose.evaluation.metrics.rules import NoPositives, Ties
from compose.evaluation.result_protocol import ResultProtocol, number_of

Task = Literal["zsl", "gzsl", "seen"]
CountedImages = Literal["all", "with_positives", "with_seen", "with_unseen", "with_any"]
LabelContext = Literal["task", "all"]


WORDS = {
    "task": "the task",
    "data": "the data source",
    "split": "the split",
    "images": "which images",
    "num_images": "the number of images",
    "num_labels": "the number of labels",
    "label_context": "the labels in use beside those scored",
    "labels": "the labels (hash of their names)",
    "no_positives": "what a label without positives counts",
    "ties": "the order of ties",
    "positives": "the targets that are present",
    "negatives": "the targets that are absent",
    "unknown": "the targets that are unknown",
    "localisation": "what counts as looking at a label",
    "boxed": "the targets that are present and have a box",
}
IMAGES: Mapping[str, str] = {
    "all": "all {}",
    "with_positives": "{} with positives",
    "with_seen": "{} with a seen label",
    "with_unseen": "{} with an unseen label",
    "with_any": "{} with any label",
}
"""Which images count -> how a line says it of so many images."""
EMPTY_LABELS = {
    "skip": "empty labels left out",
    "zero": "empty labels count 0",
    "one": "empty labels count 1",
    None: "",
}
OF_LOCALISATION = ("localisation", "boxed")
"""What a protocol without localisation has no need to tell."""


@dataclass(frozen=True)
class LabelProtocol(ResultProtocol):
    """What was evaluated on what, and how; two results stand in one column only if their protocols agree.

    Args:
        task: which labels are scored against one another: unseen, all, or seen.
        data: the data source.
        split: its split.
        images: ``all``; only those ``with_positives`` of the task; or of a named label set, whichever the task scores:
            ``with_seen``, ``with_unseen`` or ``with_any`` label.
        num_images: how many those are.
        num_labels: how many labels are scored.
        label_context: which labels are in use while these are scored: the ``task``'s, or ``all``.
        labels: a hash of their names, see :func:`labels_hash`.
        no_positives: what a label without positives counts in a mean over labels.
        ties: the order of equal scores.
        positives: targets that are present, over all these images and labels.
        negatives: targets that are absent.
        unknown: targets nobody checked: average precision, AUC and the F1 at a threshold leave them out; in a top K
            they take a place and are no hit.
        localisation: what counts as looking at a label, where that is measured.
        boxed: targets that are present and have a box, which localisation counts.
    """

    task: Task
    data: str
    split: str
    images: CountedImages
    num_images: int | None = None
    num_labels: int | None = None
    label_context: LabelContext | None = None
    labels: str | None = None
    no_positives: NoPositives | None = None
    ties: Ties | None = None
    positives: int | None = None
    negatives: int | None = None
    unknown: int | None = None
    localisation: str | None = None
    boxed: int | None = None

    words: ClassVar = WORDS

    @property
    def of_places(self) -> bool:
        """Whether the places where a model looks are compared with boxes."""
        return self.localisation is not None

    def not_given(self) -> list[str]:
        """What the protocol does not tell, in words."""
        needless = [] if self.localisation else [WORDS[field] for field in OF_LOCALISATION]
        return [words for words in super().not_given() if words not in needless]

    def line(self) -> str:
        """The protocol in one line, as a report prints it."""
        images = number_of(self.num_images, "image", "images")
        boxed = number_of(self.boxed, "boxed target", "boxed targets")
        parts = [
            f"{self.data} {self.split}".strip(),
            IMAGES[self.images].format(images),
            f"{number_of(self.num_labels, 'label', 'labels')}{' among all' if self.label_context == 'all' else ''}",
            EMPTY_LABELS[self.no_positives],
            f"ties {self.ties}" if self.ties else "",
            f"localisation: {boxed}, {self.localisation}" if self.localisation else "",
        ]
        return ", ".join(filter(None, parts))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LabelProtocol:
        """The inverse of :meth:`to_json`."""
        return cls(**data)


def looked_at(tolerances: Iterable[float]) -> str:
    """What counts as looking at a label, with these tolerances in pixels."""
    pixels = [f"a box grown by {tolerance:g} px" if tolerance else "a box" for tolerance in tolerances]
    return f"greatest attention in {' or '.join(pixels)}"


def labels_hash(names: Iterable[str]) -> str:
    """Twelve hex digits that tell one set of label names from another, whatever their order."""
    text = json.dumps(sorted(names), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
