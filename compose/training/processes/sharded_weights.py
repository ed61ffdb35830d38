"""Weights of which every process keeps a part: each node's are brought together only while it computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.utils._pytree import tree_map

if TYPE_CHECKING:
    from torch.distributed.device_mesh import DeviceMesh

LAYER = 10_000_000
"""Weights of a layer of a node that are worth bringing together by themselves."""


def shard_weights(training: fx.GraphModule, mesh: DeviceMesh, *, layer: int = LAYER) -> None:
    """Leave to each process its part of a model's weights, with gradients and optimizer state.

    What the model stores and loads stays whole: all processes take part in it.

    Args:
        training: a built model's graph; its nodes' modules are those of its other graphs.
        mesh: the processes.
        layer: see :data:`LAYER`.
    """
    for module in _units(training, layer):
        fully_shard(module, mesh=mesh, reshard_after_forward=True)
    training.register_state_dict_post_hook(_bring_together)  # type: ignore[no-untyped-call]
    training.register_load_state_dict_pre_hook(_take_part)  # type: ignore[no-untyped-call]


def is_sharded(model: nn.Module) -> bool:
    """Whether processes have parts of a model's weights."""
    return any(isinstance(parameter, DTensor) for parameter in model.parameters())


def whole(tree: Any) -> Any:
    """The same with every tensor of which processes have parts whole; all of them take part.

    Args:
        tree: dicts and lists with tensors.
    """
    return tree_map(lambda value: value.full_tensor() if isinstance(value, DTensor) else value, tree)


def part_like(value: Tensor, own: Tensor) -> Tensor:
    """This process's part of a tensor that all have.

    Args:
        value: the whole one.
        own: lies on the processes as the part shall; where it is whole, so is the result.
    """
    if not isinstance(own, DTensor) or isinstance(value, DTensor):
        return value
    there = value.to(own.to_local().device)
    return distribute_tensor(there, own.device_mesh, own.placements, src_data_rank=None)


def _units(training: fx.GraphModule, layer: int) -> Iterator[nn.Module]:
    """What brings its weights together by itself, the inner ones first: large layers, then nodes."""
    nodes = {str(node.target): None for node in training.graph.nodes if node.op == "call_module"}
    for path in nodes:
        node = training.get_submodule(path)
        for module in reversed([*node.modules()]):
            if isinstance(module, nn.ModuleList | nn.Sequential):
                yield from (part for part in module if part is not node and _size(part) >= layer)
        if _size(node):
            yield node


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _bring_together(_model: nn.Module, state: dict[str, Any], _prefix: str, _metadata: Any) -> None:
    state.update(whole(dict(state)))


def _take_part(model: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    own: Mapping[str, Tensor] = dict([*model.named_parameters(), *model.named_buffers()])
    with torch.no_grad():
        for name, value in own.items():
            if prefix + name in state:
                state[prefix + name] = part_like(state[prefix + name], value)
