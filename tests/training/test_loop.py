import json
import math

import pytest
import torch
from torch import nn
from toy import ToySource, ToyStage, ToyWork, make_model, make_plan, make_setting, run

from compose.training.memory_format import lay_channels_last, prefers_channels_last
from compose.training.seeds import derive
from compose.training.stages.optimizers import SGD
from compose.training.stages.schedules import Plateau
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import load_weights
from compose.training.trainer import train
from compose.training.training_errors import NonFiniteLossError, TrainingError


def lines(path, kind):
    read = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [line for line in read if line["kind"] == kind]


def by_hand(*, batch: int, accumulate: int, rate: float, clip: float | None) -> dict[str, torch.Tensor]:
    """Two epochs of SGD over the toy, in plain PyTorch."""
    plan = make_plan([stage := ToyStage(batch=batch)], model=make_model(dropout=0.0))
    work = ToyWork(stage, make_setting(model=plan.model, source=plan.source, seed=derive(plan.seed, 0)))
    model = plan.model.training.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for epoch in range(2):
        batches = list(work.epoch(epoch, 0))
        for start in range(0, len(batches), accumulate):
            group = batches[start : start + accumulate]
            for one in group:
                terms = work.terms(model, one)
                (sum(work.weights[name] * terms[name] for name in terms) / len(group)).backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
    return model.state_dict()


@pytest.mark.parametrize(("accumulate", "clip"), [(1, None), (2, None), (4, 0.05)])
def test_the_loop_is_plain_pytorch(tmp_path, accumulate, clip):
    stage = ToyStage(epochs=2, batch=4, accumulate=accumulate, clip=clip, optimizer=SGD(lr=0.3))
    trained = run([stage], tmp_path / "run", model=make_model(dropout=0.0))
    expected = by_hand(batch=4, accumulate=accumulate, rate=0.3, clip=clip)
    for name, value in expected.items():
        torch.testing.assert_close(trained[name], value)


def test_early_stopping_ends_with_the_best_weights(tmp_path):
    stopped = run([ToyStage(epochs=7, batch=8, patience=2)], tmp_path / "stopped")
    second = run([ToyStage(epochs=2, batch=8)], tmp_path / "second")
    assert [line["val/map"] for line in lines(tmp_path / "stopped", "epoch")] == [0.1, 0.3, 0.2, 0.25]
    assert all(torch.equal(stopped[name], second[name]) for name in second)


def test_best_and_last_weights_are_kept_apart(tmp_path):
    last = run([ToyStage(epochs=3, batch=8)], tmp_path / "run")
    second = run([ToyStage(epochs=2, batch=8)], tmp_path / "second")
    for which, expected in (("last", last), ("best", second)):
        model = make_model(seed=1).training
        load_weights(tmp_path / "run", model, which=which)
        assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())


def test_plateau_and_patience_can_watch_the_training_loss(tmp_path):
    stage = ToyStage(epochs=2, monitor="loss", schedule=Plateau(), patience=1)
    run([stage], tmp_path / "run", source=ToySource(validates=False))
    assert RunFolder(tmp_path / "run").weights("best").exists()


@pytest.mark.parametrize(
    ("options", "validates", "message"),
    [
        (
            {"patience": 1, "monitor": "maps"},
            True,
            "waits for `maps`, which .* not measure; did you mean `map`?",
        ),
        ({"patience": 1}, False, "for `map`, which the stage does not measure: the data has no validation examples"),
        (
            {"keep": "best", "monitor": "x"},
            True,
            "stage1.monitor: `keep: best` looks for `x`, which",
        ),
        ({"schedule": Plateau(), "monitor": "x"}, True, r"\(there are: loss, loss.rank, loss.spread, map\)"),
    ],
)
def test_what_cannot_be_monitored_is_refused(tmp_path, options, validates, message):
    with pytest.raises(TrainingError, match=message):
        run([ToyStage(**options)], tmp_path / "run", source=ToySource(validates=validates))


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(ToyWork, "poison", 8)  # six batches in an epoch
    with pytest.raises(NonFiniteLossError) as caught:
        run([ToyStage(epochs=2, batch=4, checkpoint_every=0, log_every=100)], tmp_path / "run")
    error = caught.value
    assert (error.terms, error.epoch, error.step) == (("loss.rank", "loss.spread"), 2, 9)
    assert error.checkpoint.name == "step-000000008.safetensors"
    assert str(error).startswith("`loss.rank`, `loss.spread` not finite in epoch 2, step 9; the newest checkpoint is ")


def test_a_bad_step_is_named_though_one_looks_later(tmp_path, monkeypatch):
    monkeypatch.setattr(ToyWork, "poison", 2)
    with pytest.raises(NonFiniteLossError) as caught:
        run([ToyStage(epochs=2, batch=4, log_every=100)], tmp_path / "run")
    assert (caught.value.step, caught.value.epoch, caught.value.checkpoint) == (3, 1, None)


def test_a_stage_can_train_on_some_of_the_losses(tmp_path):
    run([ToyStage(epochs=1, losses=["rank"])], tmp_path / "run")
    line = lines(tmp_path / "run", "epoch")[0]
    assert "epoch/loss.spread" not in line
    assert line["epoch/loss"] == pytest.approx(0.6 * line["epoch/loss.rank"])


def test_bf16_trains_on_the_cpu(tmp_path):
    half = run([ToyStage(epochs=1, batch=8, precision="bf16")], tmp_path / "half")
    full = run([ToyStage(epochs=1, batch=8)], tmp_path / "full")
    assert all(value.dtype != torch.bfloat16 and value.isfinite().all() for value in half.values())
    assert not torch.equal(half["head.project.weight"], full["head.project.weight"])


def test_no_training_examples(tmp_path):
    source = ToySource()
    source.split = lambda name, split=source.split: () if name == "train" else split(name)
    with pytest.raises(TrainingError, match="there are no training examples"):
        run([ToyStage()], tmp_path / "run", source=source)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(TrainingError, match="is not empty; name another folder, or go on with --resume"):
        run([ToyStage(epochs=1)], tmp_path)


def test_without_stages_nothing_is_trained(tmp_path):
    weights = run([], tmp_path / "run")
    assert all(torch.equal(value, weights[name]) for name, value in make_model().training.state_dict().items())


def test_only_the_weights_of_maps_are_laid_out_channels_last():
    model = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3), nn.Linear(3, 4)])
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    lay_channels_last(model)
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model[1].weight.is_contiguous()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_channels_last_is_for_models_whose_blocks_take_it():
    class Flat(nn.Module):
        def forward(self, maps):
            return maps.view(len(maps), -1)[:, :40].reshape(-1, 5, 8).mean(2)

    plan = make_plan([stage := ToyStage()])
    work = ToyWork(stage, make_setting(model=plan.model, source=plan.source))
    assert prefers_channels_last(work, plan.model.training, torch.device("cpu"))
    plan.model.training.backbone.drop = nn.Sequential(Flat(), nn.Unflatten(1, (5, 1, 1)))
    plan.model.training.head.project = nn.Linear(5, 5)
    assert not prefers_channels_last(work, plan.model.training, torch.device("cpu"))


def test_the_weights_end_contiguous(tmp_path):
    plan = make_plan([ToyStage(epochs=1)])
    outcome = train(plan, RunFolder(tmp_path / "run"), device="cpu")
    assert plan.model.training.backbone.conv.weight.is_contiguous()
    assert outcome.steps == 1
    assert math.isfinite(outcome.seconds)
