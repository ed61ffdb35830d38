"""The section of a spec, the evaluation that it asks for, and the report of its result."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor

from compose.block import BlockError
from compose.data.source import DataSource, Examples, LabelTable, Split
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.result import Result
from compose.evaluation.result_table import markdown, percent, table
from compose.labels.label_set import LabelSet
from compose.registry.introspect import declare

from .spaces import GivenSpace

VECTORS = torch.eye(6)


@dataclass
class Toy(DataSource, Examples):
    """20 examples whose features are their targets, blurred; reads are counted."""

    seen: tuple[bool, ...] = (True, True, True, True, False, False)
    size: int = 20
    reads: list[list[int]] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple("abcdef"), self.seen, (None,) * 6)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"features": (6,)}

    def split(self, name: Split) -> Toy:
        return self

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        self.reads.append(list(indices))
        generator = torch.Generator().manual_seed(0)
        targets = torch.where(torch.rand(20, 6, generator=generator) < 0.3, 1, -1).to(torch.int8)
        features = targets + 2 * torch.rand(20, 6, generator=generator)
        return {"features": features[list(indices)], "targets": targets[list(indices)]}


@dataclass
class Spy:
    """Scores by inner products, and remembers the shapes of its calls."""

    calls: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        assert set(inputs) == {"features", "labels_vectors"}
        assert not torch.is_grad_enabled()
        self.calls.append((len(inputs["features"]), len(inputs["labels_vectors"])))
        return {"scores": inputs["features"] @ inputs["labels_vectors"].T}


def vectors(labels: LabelSet) -> dict[str, Tensor]:
    return {"labels_vectors": VECTORS[labels.index]}


def run(evaluation: Evaluation, model: Any = None, toy: Toy | None = None, **options: Any) -> Result:
    toy = Toy() if toy is None else toy
    given = {"data": "toy", **options}
    return evaluation.run(model or Spy(), toy, GivenSpace(toy.labels, vectors), **given)


def test_run() -> None:
    toy, spy, seen = Toy(), Spy(), []
    evaluation = Evaluation(tasks=("zsl", "gzsl", "seen"), metrics=("map", "f1@3"), batch=8)
    result = run(evaluation, spy, toy, on_batch=seen.append)
    assert seen == [8, 8, 4]
    assert [index for read in toy.reads for index in read] == list(range(20))
    assert spy.calls == [(images, labels) for images in (8, 8, 4) for labels in (2, 6, 4)]
    assert list(result.tasks) == ["zsl", "gzsl", "seen"]
    assert result["zsl"].metrics["map"] > result["zsl"].prior["map"]
    assert result["gzsl"].protocol.num_labels == 6


def test_tasks_with_the_same_labels_are_scored_once() -> None:
    spy = Spy()
    evaluation = Evaluation(tasks=("gzsl", "seen"), batch=20)
    result = run(evaluation, spy, Toy(seen=(True,) * 6))
    assert spy.calls == [(20, 6)]
    assert result["gzsl"].metrics == result["seen"].metrics


def test_training_frequency_reaches_the_prior() -> None:
    evaluation = Evaluation(tasks=("seen",), metrics=("f1@1",))
    results = [run(evaluation, train_frequency=torch.eye(6, dtype=torch.float64)[i]) for i in range(4)]
    oracle = run(evaluation)
    assert max(r["seen"].prior["f1@1"] for r in results) == oracle["seen"].prior["f1@1"]


def test_a_model_that_breaks() -> None:
    with pytest.raises(EvaluationError, match="zsl: expected finite scores"):
        run(Evaluation(), lambda inputs: {"scores": Spy()(inputs)["scores"] * torch.nan})


def test_an_empty_split() -> None:
    with pytest.raises(EvaluationError, match="the split is empty"):
        run(Evaluation(), toy=Toy(size=0))


def test_refuses_a_task_twice() -> None:
    with pytest.raises(BlockError, match="expected each task once, got zsl, zsl"):
        Evaluation(tasks=("zsl", "zsl"))


def test_schema() -> None:
    parameters = declare(Evaluation).parameters
    by_name = {parameter.name: parameter for parameter in parameters}
    assert list(by_name) == [
        "tasks",
        "metrics",
        *("ways", "shots", "queries", "episodes", "adapt", "inner_steps", "inner_lr", "seed"),
        *("label_context", "images", "no_positives", "ties", "batch", "split"),
    ]
    assert all(parameter.doc and not parameter.required for parameter in parameters)
    assert by_name["tasks"].schema["items"]["anyOf"] == [
        {"enum": ["zsl", "gzsl", "seen"], "type": "string"},
        {"const": "episodes", "type": "string"},
    ]
    assert (by_name["metrics"].schema["type"], by_name["metrics"].uses) == ("array", "metric")
    assert by_name["episodes"].schema["minimum"] == 2
    one, several = by_name["ways"].schema["anyOf"]
    assert one == several["items"] == {"minimum": 2, "maximum": 1_000_000, "type": "integer"}
    assert by_name["batch"].schema["exclusiveMinimum"] == 0


@pytest.mark.parametrize(("name", "value"), [("adapt", ["head"]), ("inner_steps", 0), ("inner_lr", 0.1)])
def test_only_to_episodes_does_a_model_adapt(name: str, value: Any) -> None:
    with pytest.raises(BlockError) as caught:
        Evaluation(**{name: value})
    assert str(caught.value) == "expected `episodes` among the tasks, which a model adapts to, got zsl, gzsl"
    assert caught.value.parameter == name
    assert getattr(Evaluation(tasks=("gzsl", "episodes"), metrics=("accuracy",), **{name: value}), name) == value
    assert getattr(Evaluation(), name) is None


def test_no_threshold_is_chosen_for_tasks_of_labels() -> None:
    with pytest.raises(BlockError) as caught:
        Evaluation(tasks=("gzsl", "episodes"), metrics=({"use": "micro_f1", "threshold": "validation"},))
    assert str(caught.value) == (
        "expected episodes alone as tasks for `micro_f1(threshold=validation)`, got gzsl, episodes; "
        "others have no validation tasks"
    )
    assert caught.value.parameter == "metrics"


def test_all_labels_may_be_in_use_for_every_task() -> None:
    def crowded(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Scores that depend on which labels are in use."""
        own = inputs["features"] @ inputs["labels_vectors"].T
        return {"scores": own - 3 * own.roll(1, 1)}

    alone = run(Evaluation(tasks=("zsl",)), crowded)["zsl"]
    among = run(Evaluation(tasks=("zsl",), label_context="all"), crowded)["zsl"]
    assert among.protocol.agrees(alone.protocol) == ["the labels in use beside those scored: all against task"]
    assert among.metrics != alone.metrics
    batch = Toy()[range(20)]
    expected = crowded({"features": batch["features"], "labels_vectors": VECTORS})["scores"][:, 4:]
    only = run(Evaluation(tasks=("zsl",)), lambda inputs: {"scores": expected})["zsl"]
    assert among.metrics == only.metrics
    spy = Spy()
    run(Evaluation(tasks=("zsl", "seen", "gzsl"), label_context="all", batch=8), spy)
    assert spy.calls == [(8, 6), (8, 6), (4, 6)]


def _printed(width: int) -> str:
    result = run(Evaluation(metrics=("map", "f1@3", "micro_auc")), data="glyph_scenes")
    out = io.StringIO()
    Console(file=out, width=width, no_color=True).print(table(result))
    return out.getvalue()


def test_table_at_80_columns_without_colour() -> None:
    text = _printed(80)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    header = next(line for line in text.splitlines() if "metric" in line)
    assert header.split() == ["task", "metric", "result", "chance", "class", "prior"]
    assert "zsl:  glyph_scenes test, all 20 images, 2 labels, empty labels left out, ties" in text
    assert "gzsl" in text
    assert "F1@3" in text


def test_markdown() -> None:
    result = run(Evaluation(metrics=("map",)))
    lines = markdown(result).splitlines()
    assert lines[0] == "| task | metric | result | chance | class prior |"
    assert lines[2].startswith("| zsl | mAP | ")
    assert "- gzsl: toy test, all 20 images, 6 labels, empty labels left out, ties grouped" in lines


def test_percent() -> None:
    assert (percent(0.2314), percent(1.0), percent(float("nan"))) == ("23.1", "100.0", "–")
