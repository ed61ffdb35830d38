"""The machine a run trains on: device, precision and processes, through Lightning Fabric."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision, Precision
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.strategies.model_parallel import ModelParallelStrategy
from lightning_fabric.strategies.strategy import Strategy
from torch import Tensor

from compose.processes.launched import PATIENCE, rank, store_of_start, world_size
from compose.training.training_errors import TrainingError

PrecisionName = Literal["auto", "bf16", 16, 32]
StrategyName = Literal["ddp", "fsdp"]
"""What each of several processes keeps of the weights: all (``ddp``), or a part (``fsdp``)."""


class Autocast(MixedPrecision):
    """Mixed precision that leaves the inputs as they are.

    Fabric's own casts every floating-point input, so that word vectors and targets would lose digits before any block
    sees them; autocast casts what it multiplies anyway.
    """

    def convert_input(self, data: object) -> object:
        """Leave the inputs alone."""
        return data


def choose_device(wanted: str = "auto") -> torch.device:
    """The device by name (``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``).

    Raises:
        TrainingError: this machine does not have it.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    available = [kind for kind, is_there in there.items() if is_there]
    if wanted == "auto":
        return torch.device(available[0])
    kind, _, index = wanted.partition(":")
    if kind not in available or (index and not index.isdigit()):
        raise TrainingError(f"no device `{wanted}` here (there are: {', '.join(['auto', *available])})")
    if kind == "cuda" and index and int(index) >= torch.cuda.device_count():
        raise TrainingError(f"no device `{wanted}` here: the GPUs are cuda:0 to cuda:{torch.cuda.device_count() - 1}")
    return torch.device(wanted)


def choose_precision(wanted: PrecisionName, device: torch.device) -> Literal["bf16", 16, 32]:
    """What ``auto`` means on a device.

    Raises:
        TrainingError: the device cannot compute in it.
    """
    if wanted == "auto":
        native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if native else 32
    if wanted == 16 and device.type != "cuda":
        raise TrainingError(f"precision 16 needs a GPU, and this run is on {device.type}; use bf16, 32 or auto")
    return wanted


def make_fabric(device: torch.device, precision: Literal["bf16", 16, 32], strategy: StrategyName = "ddp") -> Fabric:
    """Fabric on one device, or on one for each process that torchrun started.

    Args:
        device: what each process computes on.
        precision: in what it computes.
        strategy: what each process keeps of the weights.

    Raises:
        TrainingError: there are no processes to share the weights.
    """
    world, local = world_size(), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    plugin: Precision | None = None
    if precision != 32:
        plugin = Autocast("16-mixed" if precision == 16 else "bf16-mixed", device=device.type)
    many = world > 1
    if strategy == "fsdp" and not many:
        told = "expected several processes with `fsdp`, which leaves to each a part of the weights: see torchrun"
        raise TrainingError(told)
    if many:
        _join(device)
    one = 1 if device.index is None else [device.index]
    fabric = Fabric(
        accelerator=device.type,
        devices=local if many else one,
        num_nodes=world // local if many else 1,
        strategy=_strategy(strategy, world) if many else "auto",
        plugins=plugin,
    )
    # It tells how processes find one another; and torch that gradients of channels-last weights are copied, and that
    # nothing may change what a block gives in place, which no block may anyway.
    warnings.filterwarnings("ignore", message="Grad strides do not match bucket view")
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module")
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric.launch()
    return fabric


def _strategy(name: StrategyName, world: int) -> Strategy:
    if name == "fsdp":
        # The weights are shared once for all stages, see `shard_weights`.
        return ModelParallelStrategy(lambda model, _: model, data_parallel_size=world, tensor_parallel_size=1)
    # A loss that is switched off, or a node that only pictures need, leaves parameters without gradient.
    return DDPStrategy(find_unused_parameters=True)


def _join(device: torch.device) -> None:
    """Let the processes that torchrun started know one another."""
    store = store_of_start()
    if store is None or torch.distributed.is_initialized():
        return
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "nccl" if device.type == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, store=store, rank=rank(), world_size=world_size(), timeout=PATIENCE)


def all_reduce(fabric: Fabric, values: Tensor, *, how: Literal["mean", "sum"] = "mean") -> Tensor:
    """The mean or the sum of a tensor over the processes."""
    reduced = fabric.all_reduce(values, reduce_op=how)
    assert isinstance(reduced, Tensor)
    return reduced


def leave_processes() -> None:
    """Take leave of the other processes; one that exits while its threads still serve the others is aborted."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
