"""Weights are loaded into the model that they are of, or into a part of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import fit, load_weights, save_weights
from compose.training.training_errors import CheckpointError


def model(*nodes: str) -> nn.ModuleDict:
    return nn.ModuleDict({name: nn.Linear(2, 3) for name in nodes})


def trained() -> dict[str, Tensor]:
    return model("backbone", "head", "branch").state_dict()


def test_a_part_takes_the_weights_of_its_nodes() -> None:
    weights, part = trained(), model("backbone", "head")
    fit(part, weights, "run", nodes=("backbone", "head"))
    assert all(torch.equal(value, weights[name]) for name, value in part.state_dict().items())


def test_nodes_without_weights_are_no_matter() -> None:
    part = model("head")
    fit(part, trained(), "run", nodes=("pool", "head"))


@pytest.mark.parametrize(
    ("nodes", "name"), [(None, "branch.bias"), (("backbone", "tail"), "tail.bias"), (("backbone",), "tail.bias")]
)
def test_what_is_missing_is_named(nodes: tuple[str, ...] | None, name: str) -> None:
    part = model("backbone", "head") if nodes is None else model("backbone", "tail")
    with pytest.raises(
        CheckpointError, match=rf"run: the weights are of another model: 2 of [46] differ, such as `{name}`"
    ):
        fit(part, trained(), "run", nodes=nodes)


def test_a_node_of_another_size_is_refused() -> None:
    part = nn.ModuleDict({"head": nn.Linear(4, 3)})
    with pytest.raises(CheckpointError, match=r"`head.weight` \(expected \(3, 4\), got \(3, 2\)\)"):
        fit(part, trained(), "run", nodes=("head",))


def test_a_runs_weights_are_loaded_into_a_part(tmp_path: Path) -> None:
    weights = trained()
    save_weights(RunFolder(tmp_path), "last", weights, step=1)
    part = model("head")
    load_weights(tmp_path, part, nodes=("head",))
    assert torch.equal(part["head"].weight, weights["head.weight"])
    with pytest.raises(CheckpointError, match="4 of 6 differ"):
        load_weights(tmp_path, part)
