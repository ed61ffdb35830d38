"""Evaluation on episodes against a plain loop over them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compose.data.source import DataError
from compose.evaluation.episodes.episode_mean import half_width
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.rules import Rules
from compose.tasks.class_pool import ClassPool
from compose.tasks.episodes import Episodes, EpisodeShape

from .blobs import SHAPE, TEST, Blobs, Nearest, run


def slow(test: EpisodeTest, source: Blobs) -> list[float]:
    """The accuracy of each episode: one at a time, picture by picture, in double precision."""
    drawn = Episodes(
        ClassPool(source, test.split), [test.shape], sampling="uniform", seed=test.seed, count=test.episodes
    )
    found = []
    for number in range(test.episodes):
        batch = drawn[[number]]
        pictures, shown = batch["image"].double().numpy().reshape(-1, 4), batch["targets"].argmax(1).tolist()
        support, queries = range(test.shape.support), range(test.shape.support, test.shape.pictures)
        means = {c: np.mean([pictures[i] for i in support if shown[i] == c], axis=0) for c in set(shown)}
        hits = [shown[i] == min(means, key=lambda c: float(np.linalg.norm(pictures[i] - means[c]))) for i in queries]
        found.append(sum(hits) / len(hits))
    return found


@pytest.mark.parametrize(
    "test",
    [
        TEST,
        EpisodeTest(EpisodeShape(9, 1, 11), 7, 0, "test"),
        EpisodeTest(EpisodeShape(2, 5, 1), 40, 1, "val"),
        EpisodeTest(EpisodeShape(3, 3, 2), 10, 2, "train"),
    ],
)
@pytest.mark.parametrize("batch", [1, 100, 10_000])
def test_mean_and_interval_against_a_loop(test: EpisodeTest, batch: int) -> None:
    """Whatever the batch."""
    values = slow(test, Blobs())
    result = run(test, batch=batch)
    assert result.metrics == {"accuracy": pytest.approx(np.mean(values), abs=1e-12)}
    assert result.intervals == {"accuracy": pytest.approx(1.959964 * np.std(values, ddof=1) / len(values) ** 0.5)}
    assert result.chance == result.prior == {"accuracy": pytest.approx(1 / test.shape.ways)}
    assert result.titles == {"accuracy": "accuracy"}
    assert result.metrics["accuracy"] > 1 / test.shape.ways


def test_batches() -> None:
    """As many episodes as their pictures allow, at least one."""
    for batch, sizes in ((1, [1] * 30), (79, [3] * 10), (80, [4] * 7 + [2]), (10_000, [30])):
        model, told = Nearest(), list[int]()
        run(model=model, batch=batch, on_batch=told.append)
        assert [len(call["support_targets"]) for call in model.calls] == sizes
        assert told == [20 * size for size in sizes]


def test_the_model_is_given_no_truth() -> None:
    model = Nearest()
    run(model=model, inputs={"labels_vectors": torch.eye(3)})
    assert model.calls[0].keys() == {"image", "support_targets", "episode_labels", "labels_vectors"}


def test_the_same_episodes_every_time() -> None:
    first, again, other = Nearest(), Nearest(), Nearest()
    run(model=first)
    run(model=again)
    run(EpisodeTest(SHAPE, 30, 6, "test"), model=other)
    assert torch.equal(first.calls[0]["image"], again.calls[0]["image"])
    assert not torch.equal(first.calls[0]["image"], other.calls[0]["image"])


def test_each_picture_is_read_once() -> None:
    source = Blobs()
    run(source=source, batch=1)
    assert len(source.reads) == len(set(source.reads))


def test_chance_of_a_metric_that_goes_through_the_episodes() -> None:
    """Whatever the batch, and although it differs from episode to episode."""

    class Odd(Accuracy):
        chance_of_episodes = EpisodeMetric.chance_of_episodes

        def chance(self, scores: Tensor, targets: Tensor, rules: Rules) -> float:
            return float((scores > -1).double().mean())

    given: dict[str, Any] = {"data": "blobs", "inputs": {}, "rules": Rules()}
    found = [TEST.run(Nearest(), Blobs(), [Odd()], batch=batch, **given).chance["accuracy"] for batch in (1, 80, 1000)]
    scores: list[Tensor] = []

    def remembering(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        answer = Nearest()(inputs)
        scores.append(answer["scores"])
        return answer

    run(model=remembering)
    assert found == [pytest.approx(float((torch.cat(scores) > -1).double().mean()))] * 3


def test_half_width() -> None:
    values = torch.tensor([0.25, 0.75, 1.0], dtype=torch.float64)
    assert half_width(values) == pytest.approx(1.959964 * np.std(values.numpy(), ddof=1) / 3**0.5)
    assert half_width(torch.cat([values, torch.full((5,), math.nan)])) == half_width(values)
    assert math.isnan(half_width(values[:1]))


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_scores_that_are_not_finite(value: float) -> None:
    def breaking(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        scores = Nearest()(inputs)["scores"]
        scores[-1, 0, 0] = value
        return {"scores": scores}

    with pytest.raises(EvaluationError, match="expected finite scores, got NaN or infinity in 1 of 5") as error:
        run(model=breaking)
    assert error.value.task == "4-way 2-shot"


def test_scores_of_another_shape() -> None:
    with pytest.raises(EvaluationError) as error:
        run(model=lambda inputs: {"scores": Nearest()(inputs)["scores"].flatten(0, 1)})
    message = "expected scores of shape (12, 12, 4) (episodes, queries, classes), got (144, 4)"
    assert str(error.value) == f"4-way 2-shot: {message}"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (EpisodeShape(10, 1, 1), "an episode needs 10 classes, and the split `test` has 9"),
        (EpisodeShape(3, 5, 8), "an episode needs 13 pictures of each class"),
    ],
)
def test_data_without_such_episodes(shape: EpisodeShape, message: str) -> None:
    """Told by the check, which reads no picture, and by the run."""
    source, test = Blobs(), EpisodeTest(shape, 3, 0, "test")
    with pytest.raises(DataError, match=message):
        test.check(source)
    with pytest.raises(DataError, match=message):
        run(test, source=source)
    TEST.check(source)
    assert source.reads == []
