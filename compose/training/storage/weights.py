"""The weights of a run, for those who use the model."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights_file import read_weights_file, write_weights
from compose.training.training_errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

Which = Literal["last", "best"]


def save_weights(folder: RunFolder, which: Which, weights: dict[str, Tensor], *, step: int) -> None:
    """Store weights under their plain names."""
    folder.weights(which).parent.mkdir(exist_ok=True)
    write_weights(folder.weights(which), weights, step=step)


def load_weights(
    folder: RunFolder | Path, model: nn.Module, *, which: Which = "last", nodes: Collection[str] | None = None
) -> None:
    """Load a run's weights into its model.

    A run that has not finished gives those of its newest checkpoint.

    Args:
        folder: the run's folder.
        model: the model built from the run's lock file.
        which: ``last``: those that the run ended with and its report is about; ``best``: those of the best validation.
        nodes: see :func:`fit`.

    Raises:
        CheckpointError: the run has no such weights, or they do not fit the model.
    """
    run = RunFolder(folder) if isinstance(folder, Path) else folder
    fit(model, _find(run, which), f"{run.path}", nodes=nodes)


def fit(model: nn.Module, weights: dict[str, Tensor], origin: str, *, nodes: Collection[str] | None = None) -> None:
    """Load weights into a model.

    Args:
        model: the model.
        weights: its weights by name.
        origin: where they come from, for errors.
        nodes: the nodes of the model, where it may be a part of the one that was trained; weights of others are left.

    Raises:
        CheckpointError: names or shapes differ.
    """
    if nodes is not None:
        weights = {name: value for name, value in weights.items() if name.partition(".")[0] in nodes}
    own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    stored = {name: tuple(value.shape) for name, value in weights.items()}
    wrong = sorted(name for name in own.keys() | stored.keys() if own.get(name) != stored.get(name))
    if wrong:
        name, count = wrong[0], len(own.keys() | stored.keys())
        raise CheckpointError(
            f"{origin}: the weights are of another model: {len(wrong)} of {count} differ, such as `{name}` "
            f"(expected {own.get(name, 'none')}, got {stored.get(name, 'none')})"
        )
    model.load_state_dict(weights)


def _find(run: RunFolder, which: Which) -> dict[str, Tensor]:
    if run.weights(which).exists():
        return read_weights_file(run.weights(which))
    found = Checkpoints(run.checkpoints).newest()
    if found is None:
        raise CheckpointError(f"{run.path}: this run has no weights and no checkpoint")
    state = found[1]
    weights = state["model"] if which == "last" else ((state["stage"] or {}).get("best") or {}).get("weights")
    if weights is None:
        raise CheckpointError(f"{run.path}: this run has no best weights, as it did not validate; use the last ones")
    assert isinstance(weights, dict)
    return weights
