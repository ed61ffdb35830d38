"""What TensorBoard's tab HPARAMS compares, read as TensorBoard reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.list_session_groups import Handler
from toy import ToyStage, make_plan

from compose.training.logging.hyper_parameters import chosen_values, flat_values
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train

VALUES = {"seed": 1, "loss": {"rank": {"weight": 0.5}}, "train": {"main": {"epochs": 1}}, "data": {"sizes": [1, 2]}}


def test_what_tells_runs_apart() -> None:
    lock = (
        "# made by: compose train m.yaml -v a -v b -s loss.rank.weight=.5 -s data={x: 1} -s seed=1 -s labels=null\nx: 1"
    )
    assert chosen_values(lock, VALUES) == {
        "variants": "a+b",
        "loss.rank.weight": 0.5,
        "data.sizes": "[1, 2]",
        "labels": "null",
        "seed": 1,
    }
    assert chosen_values("", {}) == {"seed": 0}


def test_values_are_flat() -> None:
    assert flat_values(VALUES) == {
        "seed": 1,
        "loss.rank.weight": 0.5,
        "train.main.epochs": 1,
        "data.sizes": "[1, 2]",
    }
    assert len(str(flat_values({"a": "x" * 10_000})["a"])) == 500


def test_tensorboard_compares_the_runs_of_a_sweep(tmp_path: Path) -> None:
    for seed, weight in enumerate((0.5, 2.0)):
        lock = f"# made by: compose train m.yaml -s loss.rank.weight={weight} -s seed={seed}\nname: toy\n"
        values = {**VALUES, "seed": seed, "loss": {"rank": {"weight": weight}}}
        plan = make_plan([ToyStage(epochs=1, batch=4, log_every=2)])
        train(replace(plan, lock=lock, values=values), RunFolder(tmp_path / f"run-{seed}"), device="cpu")
    for group in _groups(tmp_path):
        assert group.sessions[0].status == api_pb2.STATUS_SUCCESS
        assert {"val/map", "epoch/loss"} <= {value.name.tag for value in group.metric_values}
    found = [{name: value.number_value for name, value in group.hparams.items()} for group in _groups(tmp_path)]
    assert sorted(found, key=lambda one: one["seed"]) == [
        {"seed": 0.0, "loss.rank.weight": 0.5},
        {"seed": 1.0, "loss.rank.weight": 2.0},
    ]


def _groups(folder: Path) -> Any:
    """The rows of the tab's table."""
    runs = EventMultiplexer().AddRunsFromDirectory(str(folder))
    runs.Reload()
    provider = MultiplexerDataProvider(runs, str(folder))
    context, request = Context(TBContext(data_provider=provider)), RequestContext()
    experiment = context.experiment_from_metadata(
        request, "", True, context.hparams_metadata(request, ""), context.hparams_from_data_provider(request, "", None)
    )
    asked = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=100,
        allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_RUNNING],
        col_params=[api_pb2.ColParams(metric=info.name) for info in experiment.metric_infos],
    )
    return Handler(request, context, "", asked).run().session_groups
