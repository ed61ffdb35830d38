"""What counts as a better value of the monitored metric, and what is kept of the epoch that had it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.training.best_weights import BestWeights
from compose.training.stages.schedules import Moment, Plateau


def watched(values: list[float], *, metric: str = "map", patience: int | None = None, by: float = 0.0) -> BestWeights:
    """After an epoch with each of the values; the model's only weight is the epoch's number."""
    best, model = BestWeights(metric, patience=patience, min_delta=by), nn.Linear(1, 1)
    for epoch, value in enumerate(values, 1):
        nn.init.constant_(model.weight, epoch)
        best.observe(value, epoch, model)
    return best


@pytest.mark.parametrize(
    ("metric", "values", "by", "epoch"),
    [
        ("map", [0.2, 0.3, 0.1], 0.0, 2),
        ("loss", [0.2, 0.3, 0.1], 0.0, 3),
        ("loss.rank", [0.2, 0.3, 0.1], 0.0, 3),
        ("lossless", [0.2, 0.3, 0.1], 0.0, 2),
        ("map", [0.25, 0.25, 0.25], 0.0, 1),
        ("loss", [0.25, 0.25, 0.25], 0.0, 1),
        ("map", [0.25, 0.5, 0.5], 0.25, 1),
        ("map", [0.25, 0.5, 0.75], 0.125, 3),
        ("loss", [0.75, 0.5, 0.25], 0.25, 3),
        ("loss", [0.75, 0.5, 0.5], 0.25, 1),
        ("map", [float("nan"), 0.1], 0.0, 2),
        ("map", [0.1, float("nan")], 0.0, 1),
    ],
)
def test_the_best_epoch(metric: str, values: list[float], by: float, epoch: int) -> None:
    best = watched(values, metric=metric, by=by)
    assert (best.epoch, best.best) == (epoch, values[epoch - 1])
    assert best.weights is not None
    assert best.weights["weight"].item() == epoch


def test_a_step_of_exactly_min_delta_is_no_improvement() -> None:
    best = watched([0.25], by=0.25)
    assert not best.observe(0.5, 2, nn.Linear(1, 1))
    assert best.observe(0.5000001, 3, nn.Linear(1, 1))


def test_patience_is_spent_by_equal_values_and_won_back_by_a_better_one() -> None:
    assert not watched([0.25, 0.25], patience=2).exhausted
    assert watched([0.25, 0.25, 0.25], patience=2).exhausted
    assert not watched([0.25, 0.25, 0.5, 0.5], patience=2).exhausted
    assert not watched([0.25] * 9).exhausted


def test_a_plateau_is_where_values_gain_no_more_than_min_delta() -> None:
    def factor(*values: float, higher: bool = True) -> float:
        schedule = Plateau(factor=0.5, patience=0, min_delta=0.25)
        for value in values:
            schedule.observe(value, higher_is_better=higher)
        return schedule.factor(Moment(1, 1, 2))

    assert factor(0.25, 0.5) == factor(0.75, 0.5, higher=False) == 0.5
    assert factor(0.25, 0.625) == factor(0.75, 0.375, higher=False) == 1.0


def test_the_weights_are_those_of_their_moment() -> None:
    best, model = BestWeights("map", patience=None, min_delta=0.0), nn.Linear(2, 1)
    before = model.weight.detach().clone()
    best.observe(0.5, 1, model)
    with torch.no_grad():
        model.weight.add_(1)
    assert best.weights is not None
    assert torch.equal(best.weights["weight"], before)


def test_a_resumed_stage_goes_on_waiting() -> None:
    first = watched([0.5, 0.25], patience=2)
    second = BestWeights("map", patience=2, min_delta=0.0)
    second.restore(first.state())
    assert (second.best, second.epoch) == (0.5, 1)
    assert second.weights is not None
    second.observe(0.4, 3, nn.Linear(1, 1))
    assert second.exhausted
