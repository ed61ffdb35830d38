"""What meta-learning trains, and what adapts to an episode."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.training.adaptation.inner_rates import rated_tensors
from compose.training.adaptation.task_model import TaskModel
from compose.training.adaptation.task_scorer import task_scorer
from compose.training.prepare import Prepared
from compose.training.stages.nodes import holders

from .meta_learned import ADAPTING, Make, lines, opened, run, same


def changed(prepared: Prepared, path: Path) -> set[str]:
    """The nodes whose weights the last stage changes; the first one trains the extractor."""
    before, after = prepared.build().training.state_dict(), run(prepared, path)
    return {name.partition(".")[0] for name in after if not torch.equal(before[name], after[name])}


def test_gates_are_trained_and_do_not_adapt(labels: Make, tmp_path: Path) -> None:
    assert changed(labels(), tmp_path / "run") == {"extractor", *ADAPTING, "inference", "inner_rates"}
    work, _ = opened(labels())
    assert {name.partition(".")[0] for name in work.module._own()} == set(ADAPTING)


def test_reptile_changes_only_what_adapts(labels: Make, tmp_path: Path) -> None:
    options: dict[str, Any] = {"outer": "reptile", "inner_rates": "fixed"}
    assert changed(labels(**options), tmp_path / "run") == {"extractor", *ADAPTING}
    assert changed(labels(**options, adapt=["feature"]), tmp_path / "one") == {"extractor", "feature"}
    assert all(math.isfinite(line["epoch/loss"]) for line in lines(tmp_path / "run"))


def test_where_nothing_is_named_all_that_is_trained_adapts(labels: Make) -> None:
    work, _ = opened(labels(adapt=None))
    assert {name.partition(".")[0] for name in work.module._own()} == {*ADAPTING, "inference"}


def test_a_node_that_shares_weights_adapts_those(labels: Make) -> None:
    twin = "model.twin={use: feature_inference, in: extractor, dropout: 0.1, share: feature}"
    summed = "model.inference.in=[feature, twin, correlation, attention]"
    prepared = labels(twin, summed, adapt=["twin"])
    assert holders(prepared.spec.plan, ["twin"]) == {"feature"}
    work, _ = opened(prepared)
    assert {name.partition(".")[0] for name in work.module._own()} == {"feature"}


# --- rates of each weight tensor --------------------------------------------------------------------------------------


def test_rates_of_tensors_are_those_of_what_the_loss_reads(labels: Make, tmp_path: Path) -> None:
    """`base` is trained by the stage and read by no loss of it; the model that is evaluated is without it."""
    prepared = labels("train.second.adapt=null", inner_rates="layer")
    weights = run(prepared, tmp_path / "run")
    built = prepared.scoring().build()
    assert built.training.inner_rates.values.shape == weights["inner_rates.values"].shape
    assert not hasattr(built.training, "base")
    assert prepared.inner is not None
    names = [rated_tensors(model, prepared.inner, ["loss.task"]) for model in (prepared.build(), built)]
    assert names[0] == names[1]
    assert len(names[0]) == weights["inner_rates.values"].shape[1]


def test_other_nodes_than_those_with_rates_may_adapt(labels: Make) -> None:
    prepared = labels("evaluate.adapt=[correlation, inference]", inner_rates="layer", adapt=["feature", "correlation"])
    assert prepared.adaptation is not None
    assert prepared.inner is not None
    model = prepared.build()
    module = TaskModel(model, prepared.adaptation, {"loss.task": 1.0}, fixed=prepared.space.inputs("seen"))
    names = rated_tensors(model, prepared.inner, ["loss.task"])
    assert module.rates is not None
    module.rates.values.data = torch.arange(float(2 * len(names))).view(2, -1)
    loop = module._loop(first_order=True)
    for name in module._own():
        assert torch.as_tensor(loop._rate(1, name)).item() == pytest.approx(
            len(names) + names.index(name) if name in names else 0.1
        )
    assert "inference.factors" in module._own()


# --- pictures of one class each ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapt", [None, ["scores"]])
def test_pictures_of_classes(classes: Make, tmp_path: Path, adapt: list[str] | None) -> None:
    """Batch norms know the batch alone, in validation and evaluation alike, whether their node adapts or not."""
    prepared = classes(adapt=adapt)
    before, after = prepared.build().training.state_dict(), run(prepared, tmp_path / "run")
    stored = [name for name in after if "running" in name or "tracked" in name]
    assert stored
    assert all(torch.equal(before[name], after[name]) for name in stored)
    epochs = lines(tmp_path / "run")
    assert epochs[-1]["epoch/loss"] < epochs[0]["epoch/loss"]
    (result,) = lines(tmp_path / "run", "result")
    assert result["result/3-way 1-shot/accuracy"] == pytest.approx(epochs[-1]["val/accuracy"])  # the same episodes
    assert epochs[-1]["val/accuracy"] > (0.4 if adapt is None else 0.34)


def test_batch_norms_of_frozen_nodes_use_what_is_stored(classes: Make) -> None:
    prepared = classes(freeze=["backbone"])
    work, model = opened(prepared)
    norms = [module for module in model.training.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.running_var.fill_(4.0)  # type: ignore[union-attr]
    batch = next(work.epoch(0, 0))
    (found,) = work.module.features(batch).values()
    torch.testing.assert_close(found, model.training.backbone.eval()(batch["image"]).last)
    assert not work.module._norms


def test_evaluation_is_deterministic_and_changes_nothing(classes: Make) -> None:
    prepared = classes()
    model = prepared.build()
    before = {name: value.clone() for name, value in model.training.state_dict().items()}
    assert prepared.adaptation is not None
    model.training.eval()
    scorer = task_scorer(model, prepared.adaptation, prepared.space, "cpu")
    (test,) = prepared.evaluation.episodes
    assert isinstance(test, EpisodeTest)
    batch = test.draw(prepared.source)[range(4)]
    given = {name: value for name, value in batch.items() if name not in ("targets", "query_targets")}
    with torch.no_grad():
        one, two, alone = scorer(given), scorer(given), scorer({**given, "episode_labels": given["episode_labels"] * 0})
    assert torch.equal(one["scores"], two["scores"])
    assert torch.equal(one["scores"], alone["scores"])  # they are named by their positions alone
    assert one["scores"].shape == (4, 9, 3)
    assert same(model.training.state_dict(), before)
    assert model.training.training is False
