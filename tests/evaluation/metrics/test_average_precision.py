from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor

from compose.evaluation.metrics import metric
from compose.evaluation.metrics.average_precision import average_precision, expected_average_precision
from compose.evaluation.metrics.image_average_precision import ImageAveragePrecision
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.rules import Rules


def random_case(seed: int, rows: int = 12, items: int = 57, *, levels: int = 9) -> tuple[Tensor, Tensor]:
    """Scores with many ties; targets with unknowns, a row without positives and one without negatives."""
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(rng.integers(0, levels, (rows, items)) / 7 - 0.4)
    targets = torch.from_numpy(rng.choice([-1, -1, -1, 0, 1], (rows, items)).astype(np.int8))
    targets[0][targets[0] > 0] = -1
    targets[1][targets[1] < 0] = 1
    targets[2] = 0
    return scores, targets


def slow(scores: Tensor, targets: Tensor) -> list[float]:
    """scikit-learn, row by row, on what is known."""
    values = []
    for row, truth in zip(scores, targets, strict=True):
        known = truth != 0
        positive = truth[known] > 0
        values.append(average_precision_score(positive, row[known]) if positive.any() else math.nan)
    return values


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("levels", [1, 3, 9, 10_000])
def test_equals_scikit_learn(seed: int, levels: int) -> None:
    scores, targets = random_case(seed, levels=levels)
    np.testing.assert_allclose(average_precision(scores, targets), slow(scores, targets), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_small_shapes(shape: tuple[int, int]) -> None:
    scores, targets = torch.zeros(shape, dtype=torch.float64), torch.ones(shape, dtype=torch.int8)
    assert average_precision(scores, targets).tolist() == [1.0] * shape[0]


@pytest.mark.parametrize("seed", range(4))
def test_order_of_ties(seed: int) -> None:
    """A tiny tilt that follows the order of ties gives the same value without ties."""
    scores, targets = random_case(seed)
    first_best = -torch.arange(scores.shape[1]) * 1e-9
    for ties, tilt in (("stable", first_best), ("worst", first_best - targets * 1e-6)):
        np.testing.assert_allclose(
            average_precision(scores, targets, ties), slow(scores + tilt, targets), rtol=0, atol=1e-12
        )


def test_worst_is_below_every_other_order() -> None:
    scores, targets = random_case(3)
    worst = average_precision(scores, targets, "worst").nan_to_num()
    assert (worst <= average_precision(scores, targets, "grouped").nan_to_num() + 1e-12).all()
    assert (worst <= average_precision(scores, targets, "stable").nan_to_num() + 1e-12).all()


@pytest.mark.parametrize(("positives", "items"), [(1, 1), (1, 4), (2, 5), (5, 5), (3, 6)])
def test_expectation_is_the_mean_over_all_orders(positives: int, items: int) -> None:
    places = list(itertools.combinations(range(items), positives))
    targets = torch.full((len(places), items), -1, dtype=torch.int8)
    for row, chosen in zip(targets, places, strict=True):
        row[list(chosen)] = 1
    scores = -torch.arange(items, dtype=torch.float64).expand(len(places), items)
    expected = expected_average_precision(torch.tensor([positives]), torch.tensor([items]))
    assert expected.item() == pytest.approx(average_precision(scores, targets).mean().item(), abs=1e-12)


def test_expectation_without_positives_is_undefined() -> None:
    assert expected_average_precision(torch.tensor([0, 0]), torch.tensor([0, 3])).isnan().all()


@pytest.mark.parametrize("cells", [1, 100, 2**21])
def test_map_and_miap_do_not_depend_on_the_chunks(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric, "CHUNK_CELLS", cells)
    scores, targets = random_case(5)
    by_row, by_column = np.array(slow(scores, targets)), np.array(slow(scores.T, targets.T))
    zero = Rules(no_positives="zero")
    assert MeanAveragePrecision().value(scores, targets, Rules()) == pytest.approx(np.nanmean(by_column), abs=1e-12)
    assert MeanAveragePrecision().value(scores.T, targets.T, Rules()) == pytest.approx(np.nanmean(by_row), abs=1e-12)
    assert MeanAveragePrecision().value(scores.T, targets.T, zero) == pytest.approx(
        np.nan_to_num(by_row).mean(), abs=1e-12
    )
    one = MeanAveragePrecision().value(scores.T, targets.T, Rules(no_positives="one"))
    assert one == pytest.approx(np.nan_to_num(by_row, nan=1.0).mean(), abs=1e-12)
    assert ImageAveragePrecision().value(scores, targets, zero) == pytest.approx(np.nanmean(by_row), abs=1e-12)


def test_an_image_with_perfect_order_counts() -> None:
    scores = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    targets = torch.tensor([[1, -1], [1, -1]], dtype=torch.int8)
    assert ImageAveragePrecision().value(scores, targets, Rules()) == pytest.approx(0.75)


def test_perfect_images_may_be_left_out_as_in_released_code() -> None:
    scores = torch.tensor([[2.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    targets = torch.tensor([[1, -1], [1, -1], [-1, -1]], dtype=torch.int8)
    without = ImageAveragePrecision(perfect="skip")
    assert without.value(scores, targets, Rules()) == pytest.approx(0.5)
    assert without.chance(scores, targets, Rules()) == pytest.approx(0.5)
    assert math.isnan(without.value(scores[:1], targets[:1], Rules()))
    many = torch.tensor([[1, 1, -1, -1, 0]], dtype=torch.int8).expand(20_000, 5)
    drawn = without.value(torch.rand(20_000, 5), many, Rules())
    assert without.chance(many.float(), many, Rules()) == pytest.approx(drawn, abs=5e-3)
    assert (without.key, without.title) == ("miap(perfect=skip)", "miAP (perfect images left out)")
