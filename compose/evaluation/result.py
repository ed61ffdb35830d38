"""The result of an evaluation: for each task the metrics, what chance and the class prior reach, and the protocol."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compose.evaluation.episodes.episode_protocol import protocol_from_json
from compose.evaluation.mistakes.task_mistakes import TaskMistakes
from compose.evaluation.module_usage import ModuleUsage
from compose.evaluation.per_label import LabelResult
from compose.evaluation.result_protocol import ResultProtocol


@dataclass(frozen=True)
class TaskResult:
    """The metrics of one task, as fractions between 0 and 1; NaN where one is undefined.

    Args:
        metrics: key -> what the model reaches.
        chance: key -> what a random score reaches in the mean.
        prior: key -> what the labels' frequencies reach as scores, without a look at the image.
        titles: key -> the metric's name in a table.
        protocol: what the numbers depend on besides the model.
        intervals: key -> half the 95% interval of a mean over episodes; empty for other tasks.
        all_positive: key -> what is reached by predicting every label for every query; only metrics of episodes that
            have a threshold are there.
        undefined: key -> why there is no value.
        modules: how often each attention module gave each label's score, where the model has modules. It is no part of
            the JSON: a run keeps it in files of its own.
        labels: the result of each label, where that was asked for and the task has labels of the data. It is no part of
            the JSON either.
        mistakes: what the model gets wrong, where that was asked for. It is no part of the JSON either.
    """

    metrics: Mapping[str, float]
    chance: Mapping[str, float]
    prior: Mapping[str, float]
    titles: Mapping[str, str]
    protocol: ResultProtocol
    intervals: Mapping[str, float] = field(default_factory=dict)
    all_positive: Mapping[str, float] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    modules: ModuleUsage | None = field(default=None, compare=False)
    labels: Sequence[LabelResult] = field(default=(), compare=False, repr=False)
    mistakes: TaskMistakes | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain data; NaN is null."""
        return {
            "metrics": _nulls(self.metrics),
            "chance": _nulls(self.chance),
            "prior": _nulls(self.prior),
            **({"all_positive": _nulls(self.all_positive)} if self.all_positive else {}),
            **({"intervals": _nulls(self.intervals)} if self.intervals else {}),
            **({"undefined": dict(self.undefined)} if self.undefined else {}),
            "titles": dict(self.titles),
            "protocol": self.protocol.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TaskResult:
        """The inverse of :meth:`to_json`."""
        return cls(
            metrics=_nans(data["metrics"]),
            chance=_nans(data["chance"]),
            prior=_nans(data["prior"]),
            titles=dict(data["titles"]),
            protocol=protocol_from_json(data["protocol"]),
            intervals=_nans(data.get("intervals", {})),
            all_positive=_nans(data.get("all_positive", {})),
            undefined=dict(data.get("undefined", {})),
        )


@dataclass(frozen=True)
class Result:
    """The results of all tasks.

    Args:
        tasks: task -> its result, in the order of the spec.
        unmeasured: task -> why nothing could be measured of it.
    """

    tasks: Mapping[str, TaskResult]
    unmeasured: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, task: str) -> TaskResult:
        """The result of a task."""
        return self.tasks[task]

    @property
    def modules(self) -> ModuleUsage | None:
        """How often each attention module was used, in the task with the most labels."""
        found = [task.modules for task in self.tasks.values() if task.modules]
        return max(found, key=lambda usage: len(usage.names), default=None)

    def __repr__(self) -> str:
        """What a terminal shows: the table of the report."""
        from compose.evaluation.result_table import text

        return text(self)

    def _repr_markdown_(self) -> str:
        """What a notebook shows: the table of the report."""
        from compose.evaluation.result_table import markdown

        return markdown(self)

    def scalars(self) -> dict[str, float]:
        """Every metric as ``task/metric``, for logs and early stopping."""
        return {f"{name}/{key}": value for name, task in self.tasks.items() for key, value in task.metrics.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        unmeasured = {"unmeasured": dict(self.unmeasured)} if self.unmeasured else {}
        return {"tasks": {name: task.to_json() for name, task in self.tasks.items()}, **unmeasured}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The inverse of :meth:`to_json`."""
        tasks = {name: TaskResult.from_json(task) for name, task in data["tasks"].items()}
        return cls(tasks, dict(data.get("unmeasured", {})))

    def dumps(self) -> str:
        """JSON text."""
        return json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n"

    @classmethod
    def loads(cls, text: str) -> Result:
        """The inverse of :meth:`dumps`."""
        return cls.from_json(json.loads(text))


def _nulls(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def _nans(values: Mapping[str, float | None]) -> dict[str, float]:
    return {key: math.nan if value is None else value for key, value in values.items()}
