"""Whether a model's feature maps may lie with the channels last, in which convolutions are faster."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from compose.registry.user_code import at_work, is_mistake

if TYPE_CHECKING:
    from compose.training.stages.work import Work


def prefers_channels_last(work: Work, model: nn.Module, device: torch.device) -> bool:
    """Whether channels last is worth while on the device and every block takes it.

    A block that says ``view`` where ``reshape`` is meant fails on such maps; trying it on fake tensors shows it, and
    neither costs memory nor touches batch statistics.
    """
    if device.type not in ("cpu", "cuda") or not any(p.ndim == 4 for p in model.parameters()):
        return False
    from torch._subclasses.fake_tensor import FakeTensorMode

    example = {name: tensor.to(device) for name, tensor in work.example().items()}
    with _quiet(), FakeTensorMode(allow_non_fake_inputs=True) as mode, torch.no_grad():
        weights = [*model.named_parameters(), *model.named_buffers()]
        fake = channels_last({name: mode.from_tensor(tensor) for name, tensor in weights})
        batch = channels_last({name: mode.from_tensor(tensor) for name, tensor in example.items()})
        try:
            with at_work():
                work.terms(_Functional(model, fake), batch)
        except BaseException as error:  # whatever it is, it would stop the training
            if not is_mistake(error):
                raise
            return False
    return True


def channels_last(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, those of pictures or maps (floats ``b c h w``) with the channels last in memory."""
    return {
        name: tensor.contiguous(memory_format=torch.channels_last)
        if tensor.ndim == 4 and tensor.is_floating_point()
        else tensor
        for name, tensor in tensors.items()
    }


def lay_channels_last(model: nn.Module) -> None:
    """Lay the weights of convolutions over maps out so; others, such as those over volumes, stay as they are."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.ndim == 4 and tensor.is_floating_point():
            tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the traceback that torch logs where a model fails on fake tensors."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


class _Functional(nn.Module):
    def __init__(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._call = partial(torch.func.functional_call, model, dict(tensors), ())

    def forward(self, **inputs: Tensor) -> object:
        return self._call(inputs)
