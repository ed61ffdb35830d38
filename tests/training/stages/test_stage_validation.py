"""Validation is by the protocol of the spec's own evaluation."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor
from toy import ToyExamples, ToySource, make_setting

from compose.block import BlockError
from compose.evaluation.evaluation import OF_ADAPTATION, Evaluation
from compose.training.stages.episodic import Episodic
from compose.training.stages.maml import Maml
from compose.training.stages.stage import Stage
from compose.training.stages.stage_validation import StageValidation
from compose.training.stages.supervised import Supervised

STAGES_OWN = {"tasks", "metrics", "split", "ways", "shots", "queries", "episodes"}
"""What a stage says of its validation itself."""
PROTOCOL: dict[str, Any] = {
    "label_context": "all",
    "images": "with_positives",
    "no_positives": "zero",
    "ties": "worst",
    "batch": 3,
    "seed": 7,
}
"""The spec's options that its validation follows, and for each another value than the default."""
EPISODES: dict[str, Any] = {"tasks": ("episodes",), "metrics": ("accuracy",)}


def test_no_option_of_an_evaluation_is_forgotten() -> None:
    """Whoever adds one says here whether it is the stage's own, or a value by which validation is seen to follow it."""
    assert set(inspect.signature(Evaluation).parameters) == {*STAGES_OWN, *PROTOCOL, *OF_ADAPTATION}


@pytest.mark.parametrize("stage", [Supervised(), Episodic(shots=[1, 2]), Maml()], ids=lambda stage: stage.name)
@pytest.mark.parametrize("option", PROTOCOL)
def test_every_stage_follows_every_option(stage: Stage, option: str) -> None:
    default, changed = (stage.validation(Evaluation(**given)) for given in ({}, {option: PROTOCOL[option]}))
    assert default is not None
    assert changed is not None
    before, after = default.evaluation._options, changed.evaluation._options
    assert {name for name in before if before[name] != after[name]} == {option}
    assert after[option] == PROTOCOL[option]
    assert after["split"] == "val"


def test_no_image_of_validation_must_show_one_of_a_named_set_of_labels() -> None:
    """Those of training are not asked for unseen labels."""
    assert Supervised().validation(Evaluation(images="with_unseen")).evaluation.images == "all"
    assert Supervised().validation(Evaluation(images="with_positives")).evaluation.images == "with_positives"


@pytest.mark.parametrize("option", OF_ADAPTATION)
def test_labels_are_validated_without_adaptation(option: str) -> None:
    value: Any = {"adapt": ["head"], "inner_steps": 2, "inner_lr": 0.1}[option]
    spec = Evaluation(**EPISODES, **{option: value})
    assert getattr(Supervised().validation(spec).evaluation, option) is None
    assert getattr(Episodic().validation(spec).evaluation, option) == value


def test_episodes_are_those_of_the_stage() -> None:
    stage = Episodic(ways=4, shots=[2, 1, 2], queries=3, query_classes=2, validation_episodes=9)
    tests = stage.validation(Evaluation(**EPISODES, ways=7, shots=5, queries=1, episodes=50)).evaluation.episodes
    assert [(test.task, test.shape.queries, test.shape.query_classes) for test in tests] == [
        ("4-way 2-shot", 3, None),
        ("4-way 1-shot", 3, None),
    ]
    assert {(test.episodes, test.split) for test in tests} == {(9, "val")}


# --- what is measured ---------------------------------------------------------------------------------------------


class Sparse(ToySource):
    """Images of which some show none of the seen labels, and one of these labels is shown nowhere."""

    def split(self, name: str) -> SparseExamples:
        return SparseExamples(40, len(name))


class SparseExamples(ToyExamples):
    def _draw(self, index: int) -> tuple[Tensor, Tensor]:
        image, targets = super()._draw(index)
        targets[3] = -1
        return image, targets if index % 4 else -torch.ones_like(targets)


def crowded(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scores with many ties, which depend on the labels in use."""
    own = inputs["image"].mean((2, 3)) @ inputs["labels_vectors"].T[:3]
    return {"scores": (8 * (own - own.roll(1, 1))).round()}


def measured(spec: Evaluation) -> dict[str, float]:
    validation = Supervised(monitor="f1@2").validation(spec)
    return validation.run(make_setting(source=Sparse(), evaluation=spec), crowded)


@pytest.mark.parametrize("option", ["label_context", "images", "no_positives", "ties"])
def test_options_change_validation_as_they_change_the_evaluation(option: str) -> None:
    given = {option: PROTOCOL[option]}
    final = Evaluation(tasks=("seen",), metrics=("map", "f1@2"), split="val", **given)
    setting = make_setting(source=Sparse())
    expected = final.run(crowded, setting.source, setting.space, data="toy")["seen"].metrics
    found = measured(Evaluation(**given))
    assert found == expected
    assert found != measured(Evaluation())


def test_a_supervised_stage_at_work_follows_the_spec() -> None:
    values = [
        Supervised().open(make_setting(source=Sparse(), evaluation=spec)).validate()["map"]
        for spec in (Evaluation(), Evaluation(no_positives="zero"))
    ]
    assert values[1] == pytest.approx(values[0] * 3 / 4)  # three of the four seen labels are shown


# --- the options of a metric --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metrics", "monitor", "key"),
    [
        (({"use": "micro_f1", "threshold": 0.3},), "micro_f1", "micro_f1(threshold=0.3)"),
        (("map",), "micro_f1", "micro_f1"),
        (({"use": "f1", "k": 3},), "f1@3", "f1@3"),
        (("f1@3",), "f1@5", "f1@5"),
        (({"use": "micro_f1", "threshold": 0.3}, "micro_f1"), "micro_f1", "micro_f1"),
    ],
)
def test_a_metric_is_monitored_with_the_options_of_the_spec(metrics: Any, monitor: str, key: str) -> None:
    validation = Supervised(monitor=monitor).validation(Evaluation(metrics=metrics))
    assert [metric.key for metric in validation.evaluation.metrics] == ["map", key]
    assert validation.names == ["map", monitor]
    assert list(validation.run(make_setting(), crowded)) == ["map", monitor]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("maps", "there is no metric `maps`; did you mean `map`?"),
        ("f1", "the metric `f1` needs its K; expected f1@K"),
        ("localisation_harmonic", "expected the task gzsl for `localisation_harmonic`, got seen"),
    ],
)
def test_what_cannot_be_monitored(metric: str, message: str) -> None:
    with pytest.raises(BlockError) as caught:
        StageValidation(Evaluation(), ["map", metric], {"tasks": ("seen",)})
    assert str(caught.value).startswith(message)
    assert caught.value.parameter == "monitor"
