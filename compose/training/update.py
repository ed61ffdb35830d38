"""One optimizer step: gradients of one or several batches, clipped, at the schedule's rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn

from compose.training.memory_format import channels_last, lay_channels_last, prefers_channels_last
from compose.training.processes.sharded_weights import is_sharded, part_like, whole
from compose.training.processes.shared_graph import SharedGraph
from compose.training.seeds import derive, seed_all

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch.optim import Optimizer as TorchOptimizer

    from compose.training.stages.nodes import Selection
    from compose.training.stages.stage import Stage
    from compose.training.stages.work import Work


class Updater:
    """Updates a model's weights.

    Args:
        model: the model.
        stage: the options.
        work: the loss terms.
        fabric: device, precision and processes.
        selection: the parameters to train.
        seed: the stage's seed.
    """

    def __init__(
        self, model: nn.Module, *, stage: Stage, work: Work, fabric: Fabric, selection: Selection, seed: int
    ) -> None:
        self._fabric, self._model, self._clip, self._seed = fabric, model, stage.clip, seed
        # Processes exchange gradients as they lie in memory.
        self._channels_last = fabric.broadcast(
            not is_sharded(model) and prefers_channels_last(work, model, fabric.device)
        )
        if self._channels_last:
            lay_channels_last(model)
        # Fused optimizers unscale half-precision gradients by themselves, too late for clipping; not all take parts.
        self.scales = getattr(fabric.strategy.precision, "scaler", None) is not None
        fused = not (self.scales and stage.clip) and not is_sharded(model)
        optimizer = stage.optimizer(selection.groups(stage.lr_scale), fused=fused)
        called = SharedGraph(model) if fabric.world_size > 1 and isinstance(model, fx.GraphModule) else model
        # In a model that adapts to episodes each process draws for its own episodes.
        self._draws_by = fabric.global_rank if called is model else 0
        objective = Objective(called, work)
        self._objective, optimizers = fabric.setup_module(objective), fabric.setup_optimizers(optimizer)
        assert not isinstance(optimizers, tuple), "one was given"
        self._optimizer = optimizers
        self.names = (*objective.names, *(["gradient"] if stage.clip else []))

    def update(self, batches: Iterator[dict[str, Tensor]], size: int, *, factor: float, at: tuple[int, int]) -> Tensor:
        """Step along the mean gradient of ``size`` batches.

        Args:
            batches: where they come from.
            size: how many.
            factor: on the learning rate.
            at: the epoch, and the first batch's number in it.

        Returns:
            A vector on the device of what ``names`` names.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = group["base_lr"] * factor
        epoch, first = at
        rows = [self._backward(next(batches), (epoch, first + i), size, last=i + 1 == size) for i in range(size)]
        values = torch.stack(rows).mean(0)
        if self._clip:
            norm = self._fabric.clip_gradients(
                self._objective, self._optimizer, max_norm=self._clip, error_if_nonfinite=False
            )
            assert norm is not None
            values = torch.cat([values, whole(norm.detach()).reshape(1).to(values)])
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return values

    def _backward(self, batch: dict[str, Tensor], at: tuple[int, int], size: int, *, last: bool) -> Tensor:
        """Add a batch's share to the gradients."""
        batch = self._fabric.to_device(batch)
        if self._channels_last:
            batch = channels_last(batch)
        seed_all(derive(self._seed, *at, self._draws_by))
        with self._fabric.no_backward_sync(self._objective, enabled=not last and self._fabric.world_size > 1):
            loss, values = self._objective(batch)
            self._fabric.backward(loss / size)
        assert isinstance(values, Tensor)
        return values

    def state(self) -> dict[str, Any]:
        """The optimizer's state, and the scale of half-precision gradients."""
        return {"optimizer": whole(self._inner.state_dict()), "scaler": self._fabric.strategy.precision.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self._inner.load_state_dict(state["optimizer"])
        for parameter, values in self._inner.state.items():
            for name, value in values.items():
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    # Fused kernels read a parameter and its state in the order of memory.
                    values[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(part_like(value, parameter))
        self._fabric.strategy.precision.load_state_dict(state["scaler"])

    def close(self) -> None:
        """Lay the weights out as they were."""
        if self._channels_last:
            self._model.to(memory_format=torch.contiguous_format)

    @property
    def _inner(self) -> TorchOptimizer:
        inner: TorchOptimizer = self._optimizer.optimizer
        return inner


class Objective(nn.Module):
    """The weighted sum of a stage's losses, as a module: what Fabric wraps for mixed precision and many processes.

    Args:
        model: the model to train.
        work: computes the loss terms of a batch.
    """

    def __init__(self, model: nn.Module, work: Work) -> None:
        super().__init__()
        self.model = model
        self._work = work
        self.names = ("loss", *work.weights)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The loss, and a detached vector of what ``names`` names: the loss, then its unweighted terms."""
        terms = self._work.terms(self.model, batch)
        weighted = [weight * terms[name].float() for name, weight in self._work.weights.items()]
        loss = torch.stack(weighted).sum()
        return loss, torch.stack([loss, *(terms[name].float() for name in self._work.weights)]).detach()
