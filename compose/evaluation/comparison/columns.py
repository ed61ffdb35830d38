"""The columns of a comparison: a metric of a task, measured by one protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compose.evaluation.comparison.measured_run import canonical
from compose.evaluation.comparison.printed_figures import PrintedFigure
from compose.evaluation.label_protocol import OF_LOCALISATION
from compose.evaluation.result import TaskResult
from compose.evaluation.result_protocol import ResultProtocol, number_of


@dataclass(frozen=True)
class OwnProtocol:
    """How a result of a run was measured: its protocol, and the parameters of its data.

    Args:
        protocol: the protocol that the result carries.
        data: the parameters of the data source that decide what is measured.
    """

    protocol: ResultProtocol
    data: Mapping[str, Any] = field(default_factory=dict)

    def identity(self, *, places: bool) -> str:
        """What two results of one column have in common.

        Args:
            places: whether what counts as looking at a label is part of it.
        """
        fields = self.protocol.to_json()
        counted = {key: fields.get(key) for key in self.protocol.words if places or key not in OF_LOCALISATION}
        return canonical([type(self.protocol).__name__, counted, self.data])

    def differs(self, other: OwnProtocol) -> list[str]:
        """The differences from another protocol in words."""
        told = _causes(self.protocol.agrees(other.protocol))
        told += [f"{words}: told by one alone" for words in sorted(self._lacking() ^ other._lacking())]
        if self.protocol.to_json()["data"] != other.protocol.to_json()["data"]:
            return told
        for key in sorted({*self.data, *other.data}):
            one, two = self.data.get(key), other.data.get(key)
            if canonical(one) != canonical(two):
                told.append(f"`{key}` of the data: {_shown(one)} against {_shown(two)}")
        return told

    def _lacking(self) -> set[str]:
        """What the protocol does not tell, in words; how places are judged is no matter where nobody looks."""
        fields = self.protocol.to_json()
        counted = {key: words for key, words in self.protocol.words.items() if key not in OF_LOCALISATION}
        return {words for key, words in counted.items() if fields.get(key) in (None, "")}

    def admits(self, figure: PrintedFigure) -> bool:
        """Whether a printed figure may stand beside results of this protocol: what is known of it says so, and it is
        known on which data and how many of it."""
        fields = self.protocol.to_json()
        needed = [key for key in ("data", "split", "num_images", "num_labels", "ways", "shots") if key in fields]
        stated = {"task": figure.task, **figure.fields}
        return {*needed} <= {*stated} and all(key in fields and fields[key] == stated[key] for key in stated)

    def unstated(self, figure: PrintedFigure) -> list[str]:
        """What a printed figure that is admitted does not tell, in words."""
        return [words for key, words in self.protocol.words.items() if key not in ("task", *figure.fields)]


@dataclass(frozen=True)
class PrintedProtocol:
    """How a paper's figures were measured, as far as its spec says.

    Args:
        paper: the spec whose paper prints them.
        data: the data set, or where that is not stated the table, as two tables may be of two data sets.
        told: what is known, in sentences.
        fields: what is known as fields of a protocol.
    """

    paper: str
    data: str
    told: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What the figures of one column have in common."""
        return canonical([self.paper, self.data, self.told, self.fields])

    @property
    def title(self) -> str:
        """Whose figures of what."""
        return ", ".join(filter(None, [f"printed in {self.paper}", self.data]))

    def line(self) -> str:
        """What is known of it in words."""
        fields = [f"{key} {number_of(value, '', '').strip() if isinstance(value, int) else value}"
                  for key, value in self.fields.items()]  # fmt: skip
        return "; ".join([*self.told, *fields]) or "its protocol is not stated"


@dataclass(frozen=True)
class Column:
    """A metric of a task by one protocol.

    Args:
        task: the task; "" for a printed metric of several.
        metric: the metric's key.
        title: its name in a table.
        protocol: how it is measured.
        identity: what tells the protocol from others.
        mark: the number of the protocol, where results of this task have several; "" otherwise.
    """

    task: str
    metric: str
    title: str
    protocol: OwnProtocol | PrintedProtocol
    identity: str
    mark: str = ""

    @property
    def printed(self) -> bool:
        """Whether only printed figures stand in it."""
        return isinstance(self.protocol, PrintedProtocol)

    @property
    def source(self) -> str:
        """Where it is printed, and of what."""
        return self.protocol.title if isinstance(self.protocol, PrintedProtocol) else ""

    @property
    def head(self) -> tuple[str, str]:
        """The two lines over it."""
        return f"{self.task} {self.mark}".strip(), self.title

    @property
    def name(self) -> str:
        """The same in one line."""
        return " ".join(part for part in self.head if part)

    def is_asked(self, metrics: Iterable[str]) -> bool:
        """Whether one of some metrics names it: ``map``, ``zsl/map`` or ``zsl``."""
        return bool({self.metric, self.task, f"{self.task}/{self.metric}"} & {*metrics})


def own_columns(task: TaskResult, data: Mapping[str, Any]) -> Iterator[Column]:
    """The columns in which a result of a task stands.

    Args:
        task: the result.
        data: the parameters of the data source that decide what is measured.
    """
    protocol = OwnProtocol(task.protocol.shared, data)
    for metric, title in task.titles.items():
        if metric in task.metrics:
            identity = protocol.identity(places=task.protocol.of_places and _looks(metric))
            yield Column(task.protocol.task, metric, title, protocol, identity)


def printed_column(figure: PrintedFigure, titles: Mapping[str, str]) -> Column:
    """The column of a printed figure."""
    protocol = PrintedProtocol(figure.paper, figure.data or figure.table, figure.told, figure.fields)
    title = titles.get(figure.metric) or metric_title(figure.metric)
    return Column(figure.task, figure.metric, title, protocol, protocol.identity)


def metric_title(key: str) -> str:
    """A metric's name in a table, where no result tells it."""
    from compose.block import BlockError
    from compose.evaluation.metrics.metric_entries import make_metric

    try:
        return make_metric(key).title
    except BlockError:
        return key


def is_metric(key: str) -> bool:
    """Whether there is a metric of a name."""
    from compose.block import BlockError
    from compose.evaluation.metrics.metric_entries import make_metric

    try:
        make_metric(key.partition("(")[0])
    except BlockError:
        return False
    return True


def _looks(metric: str) -> bool:
    """Whether a metric depends on where the model looks."""
    from compose.block import BlockError
    from compose.evaluation.metrics.metric_entries import make_metric

    try:
        return make_metric(metric.partition("(")[0]).looks
    except BlockError:
        return False


def _causes(told: Sequence[str]) -> list[str]:
    """Differences without those in numbers of targets, where they follow from other images or labels."""
    follows = any(line.startswith("the number of") for line in told)
    return [line for line in told if not (follows and line.startswith("the targets"))]


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)
