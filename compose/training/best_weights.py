"""The monitored metric: the best value and its weights, and when waiting for a better one has lasted long enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


class BestWeights:
    """Follows a metric over a stage.

    Args:
        metric: its name; a loss (``loss``, ``loss.rank``) is better when lower, anything else when higher.
        patience: values without improvement after which to stop; None to never stop.
        min_delta: by how much a value must beat the best to count as improvement.
    """

    def __init__(self, metric: str, *, patience: int | None, min_delta: float) -> None:
        self.metric = metric
        self.higher_is_better = not (metric == "loss" or metric.startswith("loss."))
        self.best: float | None = None
        self.epoch = 0
        self.weights: dict[str, Tensor] | None = None
        self._patience = patience
        self._min_delta = min_delta
        self._waited = 0

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out."""
        return self._patience is not None and self._waited >= self._patience

    def observe(self, value: float, epoch: int, model: nn.Module) -> bool:
        """Take a value; a better one keeps a copy of the model's weights on the CPU. Returns whether it was better."""
        sign = 1 if self.higher_is_better else -1
        better = not math.isnan(value) and (self.best is None or sign * (value - self.best) > self._min_delta)
        self._waited = 0 if better else self._waited + 1
        if better:
            self.best, self.epoch = value, epoch
            self.weights = {name: tensor.detach().to("cpu", copy=True) for name, tensor in model.state_dict().items()}
        return better

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"best": self.best, "epoch": self.epoch, "waited": self._waited, "weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self.best, self.epoch, self._waited = state["best"], state["epoch"], state["waited"]
        self.weights = state["weights"]
