"""Localisation end to end, against loops and by hand."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compose.block import BlockError
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.metrics import box_hits as box_hits
from compose.evaluation.metrics.box_hits import MISSED, BoxHits
from compose.evaluation.metrics.localisation import Localisation
from compose.evaluation.metrics.means import harmonic_mean
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.result import Result
from compose.evaluation.result_table import markdown
from compose.evaluation.scored_task import ScoredTask

from ..looking import LABELS, Kind, Pictures, columns, look, slow
from ..spaces import GivenSpace

PICTURES = Pictures()
SPACE = GivenSpace(PICTURES.labels, columns)
TASKS = {"zsl": [2, 4, 6], "seen": [0, 1, 3, 5], "gzsl": list(range(LABELS))}


def run(kind: Kind = "modules", pictures: Pictures = PICTURES, **options: Any) -> Result:
    options = {"tasks": tuple(TASKS), "metrics": ("map", "localisation"), "batch": 7} | options
    space = GivenSpace(pictures.labels, columns)
    return Evaluation(**options).run(partial(look, kind=kind), pictures, space, data="toy")


def mean(kind: Kind, labels: list[int], tolerance: float = 0.0) -> float:
    return float(np.nanmean([slow(PICTURES, kind, label, tolerance) for label in labels]))


@pytest.mark.parametrize("kind", ["modules", "labels", "mean"])
@pytest.mark.parametrize("tolerance", [0.0, 1.0, 3.5])
def test_equals_loops(kind: Kind, tolerance: float) -> None:
    entry = {"use": "localisation", "tolerance": tolerance}
    result = run(kind, metrics=(entry, {**entry, "use": "localisation_harmonic"}))
    key = "localisation" if tolerance == 0 else f"localisation(tolerance={tolerance:g})"
    values = {task: mean(kind, labels, tolerance) for task, labels in TASKS.items()}
    assert 0.02 < values["gzsl"] < 0.9
    for task, value in values.items():
        assert result[task].metrics[key] == pytest.approx(value, abs=1e-12)
    both = key.replace("localisation", "localisation_harmonic")
    assert [both in result[task].metrics for task in TASKS] == [False, False, True]
    expected = 2 * values["zsl"] * values["seen"] / (values["zsl"] + values["seen"])
    assert result["gzsl"].metrics[both] == pytest.approx(expected, abs=1e-12)


def test_a_wide_tolerance_leaves_only_the_ranking() -> None:
    """Every place is then near every box: what is left is the average precision among the images with a box."""
    wide = run(metrics=({"use": "localisation", "tolerance": 100},))["gzsl"]
    (key,) = wide.metrics
    assert wide.metrics[key] == pytest.approx(mean("modules", TASKS["gzsl"], 100), abs=1e-12)
    assert run()["gzsl"].metrics["localisation"] < wide.metrics[key]


@pytest.mark.parametrize("options", [{"batch": 30}, {"label_context": "all"}])
def test_neither_batch_nor_context_matters_where_labels_are_alone(options: dict[str, Any]) -> None:
    first, other = run(), run(**options)
    for task in TASKS:
        assert other[task].metrics == first[task].metrics
        assert other[task].protocol.boxed == first[task].protocol.boxed


def test_images_without_positives_are_left_out() -> None:
    targets = PICTURES.batch["targets"]
    kept = (targets[:, TASKS["zsl"]] > 0).any(1)
    assert 0 < int(kept.sum()) < len(kept)
    fewer = Pictures()
    fewer.batch = {name: value[kept] for name, value in fewer.batch.items()}
    fewer.size = int(kept.sum())
    expected = np.nanmean([slow(fewer, "modules", label) for label in TASKS["zsl"]])
    result = run(images="with_positives")["zsl"]
    assert result.metrics["localisation"] == pytest.approx(expected, abs=1e-12)


def test_distances_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    first = run()
    monkeypatch.setattr(box_hits, "CELL_WORK", 2**18)
    assert run() == first


def test_the_protocol_says_what_was_counted() -> None:
    shown = (PICTURES.batch["targets"] > 0) & PICTURES.batch["box_labels"].any(1)
    result = run(metrics=("localisation", {"use": "localisation", "tolerance": 18}))
    for task, labels in TASKS.items():
        protocol = result[task].protocol
        assert protocol.boxed == int(shown[:, labels].sum())
        assert protocol.localisation == "greatest attention in a box or a box grown by 18 px"
    assert Result.loads(result.dumps()) == result
    assert result["zsl"].titles["localisation(tolerance=18)"] == "localisation mAP ±18 px"
    plain = run(metrics=("map",))["zsl"].protocol
    assert (plain.localisation, plain.boxed) == (None, None)


def test_the_report_says_what_chance_and_prior_are() -> None:
    assert "chance looks at a random place" in markdown(run())
    assert "random place" not in markdown(run(metrics=("map",)))


def test_chance_is_a_random_score_and_place() -> None:
    """So many pictures that it matters little which places are drawn."""
    pictures = Pictures(size=20_000)
    result = run(pictures=pictures, tasks=("seen",), metrics=("localisation",), batch=2_000)["seen"]
    assert result.chance["localisation"] == pytest.approx(_simulated(pictures), rel=0.1)
    assert result.metrics["localisation"] > 1.5 * result.chance["localisation"]


def _simulated(pictures: Pictures) -> float:
    dice = np.random.default_rng(1)
    batch, values = pictures.batch, []
    for label in TASKS["seen"]:
        targets = batch["targets"][:, label].numpy()
        shown = batch["box_labels"][:, :, label].numpy() > 0
        items = (targets < 0) | ((targets > 0) & shown.any(1))
        at = np.tile(dice.random((len(targets), 1, 2)) * (16, 8), (1, 4, 1))
        boxes = batch["boxes"].numpy()
        hit = ((at >= boxes[..., :2]) & (at <= boxes[..., 2:])).all(-1) & shown
        hits = (hit.any(1) & (targets > 0))[items]
        positives = int((targets[items] > 0).sum())
        draws = []
        for _ in range(5):
            order = hits[dice.permutation(len(hits))]
            draws.append((order.cumsum() / np.arange(1, len(order) + 1))[order].sum() / max(1, positives))
        values += [np.mean(draws)] if positives else []
    return float(np.mean(values))


def test_prior_looks_at_the_middle() -> None:
    """All images tie: the precision is the share of hits among the images, and the recall that among the boxed."""
    batch, values = PICTURES.batch, []
    for label in TASKS["gzsl"]:
        inside = (batch["boxes"][..., 0] <= 8) & (batch["boxes"][..., 2] >= 8)
        inside &= (batch["boxes"][..., 1] <= 4) & (batch["boxes"][..., 3] >= 4)
        shown = batch["box_labels"][:, :, label] > 0
        present = batch["targets"][:, label] > 0
        boxed, absent = present & shown.any(1), batch["targets"][:, label] < 0
        hits = int((boxed & (inside & shown).any(1)).sum())
        if boxed.any():
            values.append(hits / int(boxed.sum()) * hits / int(boxed.sum() + absent.sum()))
    assert run()["gzsl"].prior["localisation"] == pytest.approx(np.mean(values), abs=1e-12)


# --- by hand --------------------------------------------------------------------------------------------------------


def by_hand(rows: list[tuple[float, int, float | None]], rules: Rules | None = None, tolerance: float = 0) -> float:
    """The average precision of one label from (score, target, distance or no box)."""
    scores, targets, distances = (list(column) for column in zip(*rows, strict=True))
    boxed = [i for i, distance in enumerate(distances) if distance is not None]
    away = torch.tensor([[distances[i]] * 3 for i in boxed], dtype=torch.float32).reshape(-1, 3)
    found = BoxHits(torch.tensor(boxed, dtype=torch.int64), torch.zeros(len(boxed), dtype=torch.int64), away)
    column = torch.tensor([targets], dtype=torch.int8).T
    task = ScoredTask(torch.tensor([scores]).T, column, torch.ones(1), [True], found)
    measured = Localisation(tolerance=tolerance).measure(task, rules or Rules())
    assert measured is not None
    return measured.value


def test_a_missed_label_is_ranked_as_wrong_and_counts_as_wanted() -> None:
    assert by_hand([(4, 1, 0), (3, 1, 5), (2, -1, None), (1, 1, 0)]) == pytest.approx((1 + 2 / 4) / 3)


def test_unknown_targets_and_labels_without_a_box_are_left_out() -> None:
    rows = [(9, 0, None), (8, 1, None), (4, 1, 0), (3, -1, None), (2, 1, 0)]
    assert by_hand(rows) == pytest.approx((1 + 2 / 3) / 2)


def test_tolerance_reaches_to_the_pixel() -> None:
    rows: list[tuple[float, int, float | None]] = [(2, 1, 18), (1, -1, None)]
    assert [by_hand(rows, tolerance=pixels) for pixels in (0, 17.9, 18)] == [0, 0, 1]


def test_ties_as_in_map() -> None:
    """A hit, a miss and an absent label of one score: the hit comes last, or first as the file has it, or has none."""
    rows: list[tuple[float, int, float | None]] = [(1, 1, 0), (1, 1, 5), (1, -1, None)]
    assert by_hand(rows, Rules(ties="grouped")) == pytest.approx(1 / 3 / 2)
    assert by_hand(rows, Rules(ties="worst")) == pytest.approx(1 / 3 / 2)
    assert by_hand(rows, Rules(ties="stable")) == pytest.approx(1 / 2)


def test_no_hit_is_zero_and_no_box_is_undefined() -> None:
    assert by_hand([(2, 1, 3), (1, -1, None)]) == 0
    assert math.isnan(by_hand([(2, 1, None), (1, -1, None)]))
    assert math.isnan(by_hand([(2, 1, None), (1, -1, None)], Rules(no_positives="zero")))


def test_targets_of_a_localisation() -> None:
    targets = torch.tensor([[1, 1, 1], [-1, 0, 1]], dtype=torch.int8)
    found = BoxHits(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2]), torch.tensor([[0.0, 9, 0], [2, 9, 0], [1, 0, 9]]))
    assert found.targets(targets, "attention", 1).tolist() == [[1, MISSED, 0], [-1, 0, 1]]
    assert found.targets(targets, "random", 0).tolist() == [[MISSED, MISSED, 0], [-1, 0, 1]]
    assert found.targets(targets, "centre", 0).tolist() == [[1, 1, 0], [-1, 0, MISSED]]
    cut = found.cut(torch.tensor([1]), torch.tensor([2, 0]))
    assert (cut.images.tolist(), cut.labels.tolist(), cut.distances.tolist()) == ([0], [0], [[1, 0, 9]])


def test_harmonic_mean() -> None:
    assert harmonic_mean(0.2, 0.6) == pytest.approx(0.3)
    assert harmonic_mean(0.0, 0.5) == harmonic_mean(0.0, 0.0) == 0
    assert math.isnan(harmonic_mean(0.5, math.nan))


# --- refused --------------------------------------------------------------------------------------------------------


def test_the_harmonic_mean_needs_both_kinds() -> None:
    with pytest.raises(BlockError, match="expected the task gzsl for `localisation_harmonic`, got zsl, seen") as caught:
        Evaluation(tasks=("zsl", "seen"), metrics=("localisation_harmonic",))
    assert caught.value.parameter == "metrics"
    everything = Pictures(seen=(True,) * LABELS)
    metrics = run(tasks=("gzsl",), metrics=("map", "localisation_harmonic"), pictures=everything)["gzsl"].metrics
    assert list(metrics) == ["map"]


def test_a_model_that_does_not_tell() -> None:
    def blind(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"scores": look(inputs)["scores"]}

    with pytest.raises(EvaluationError, match="expected a model that tells where it looks"):
        Evaluation(metrics=("localisation",)).run(blind, PICTURES, SPACE, data="toy")
    assert "map" in Evaluation(metrics=("map",)).run(blind, PICTURES, SPACE, data="toy")["zsl"].metrics


def test_examples_without_boxes() -> None:
    with pytest.raises(EvaluationError, match="`boxes` and `box_labels` to tell where a model looks, got image"):
        run(pictures=Pictures(boxed=False))


def test_a_case_without_places() -> None:
    task = ScoredTask(torch.ones(1, 1), torch.ones(1, 1, dtype=torch.int8), torch.ones(1), [True])
    with pytest.raises(EvaluationError, match="expected places where the model looks for `localisation`, got none"):
        Localisation().measure(task, Rules())
