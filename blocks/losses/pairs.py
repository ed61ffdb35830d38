"""Sums over all pairs of an absent and a present label, without a tensor of all labels against all labels.

The number of present labels follows from the targets' values, so that the sums are custom operators: from outside
their shapes are fixed, for tracing, ``torch.compile``, ``torch.export`` and ``torch.func``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int8
from torch import Tensor
from torch.nn import functional as F

from compose.blocks.core.full_precision import full_precision

CHUNK = 1 << 18
"""Entries of a chunk of pairs: small enough for a CPU's cache, large enough to hide a call's cost."""


class _Chunk(NamedTuple):
    """Some present labels, each against all labels of its image. ``k`` counts the present labels."""

    rows: Tensor  # k: the image of each
    columns: Tensor  # k: the label
    weight: Tensor  # k l: 1 / (present · absent) where the label is absent, else 0


def pairwise_softplus(scores: Float[Tensor, "r l"], targets: Int8[Tensor, "r l"]) -> Float[Tensor, " r"]:
    """For each row the mean of log(1 + exp(s⁻ - s⁺)) over its pairs of an absent (-1) and a present (1) label.

    A row without a pair has 0. Differentiable twice in the scores.
    """
    result: Tensor = _Value.apply(full_precision(scores), targets)
    return result


@torch.library.custom_op("compose::pairwise_softplus", mutates_args=())
def _value(scores: Tensor, targets: Tensor) -> Tensor:
    result = scores.new_zeros(scores.shape[0])
    for rows, columns, weight in _chunks(targets, scores.dtype):
        margin = scores[rows].sub_(scores[rows, columns, None])  # s⁻ - s⁺: k l
        result.index_add_(0, rows, weight.mul_(_softplus(margin)).sum(1))
    return result


@torch.library.custom_op("compose::pairwise_softplus_grad", mutates_args=())
def _gradient(scores: Tensor, targets: Tensor) -> Tensor:
    """The gradient of each row's value in the row's scores: ``r l``."""
    result = torch.zeros_like(scores)
    for rows, columns, weight in _chunks(targets, scores.dtype):
        margin = scores[rows].sub_(scores[rows, columns, None])
        _add_differences(result, rows, columns, weight.mul_(margin.sigmoid_()))
    return result


@torch.library.custom_op("compose::pairwise_softplus_hvp", mutates_args=())
def _hessian_product(scores: Tensor, targets: Tensor, tangents: Tensor) -> Tensor:
    """Each row's second derivative times the row's tangent: ``r l``."""
    result = torch.zeros_like(scores)
    for rows, columns, weight in _chunks(targets, scores.dtype):
        slope = scores[rows].sub_(scores[rows, columns, None]).sigmoid_()
        curvature = slope.mul_(1 - slope).mul_(tangents[rows].sub_(tangents[rows, columns, None]))
        _add_differences(result, rows, columns, weight.mul_(curvature))
    return result


def _chunks(targets: Tensor, dtype: torch.dtype) -> Iterator[_Chunk]:
    present, absent = targets.gt(0), targets.lt(0)
    pairs = present.sum(1, dtype=dtype) * absent.sum(1, dtype=dtype)
    absent_share = absent / pairs.clamp(min=1)[:, None]  # r l
    size = max(1, CHUNK // max(1, targets.shape[1]))
    for pairs_of_chunk in torch.split(present.nonzero(), size):
        rows, columns = pairs_of_chunk.unbind(1)
        yield _Chunk(rows, columns, absent_share[rows])


def _add_differences(result: Tensor, rows: Tensor, columns: Tensor, pairs: Tensor) -> None:
    """Add each pair's entry to its absent label and take it from its present one."""
    result.index_add_(0, rows, pairs)
    result.index_put_((rows, columns), -pairs.sum(1), accumulate=True)


def _softplus(x: Tensor) -> Tensor:
    return F.logsigmoid(-x).neg_()


# --- what the operators look like from outside ---------------------------------------------------------------------


class _RowWise(torch.autograd.Function):
    """A function of scores and targets, row by row."""

    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)


class _Value(_RowWise):
    @staticmethod
    def forward(scores: Tensor, targets: Tensor) -> Tensor:
        value: Tensor = _value(scores, targets)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad[:, None] * _Gradient.apply(*ctx.saved_tensors), None


class _Gradient(_RowWise):
    @staticmethod
    def forward(scores: Tensor, targets: Tensor) -> Tensor:
        gradient: Tensor = _gradient(scores, targets)
        return gradient

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _hessian_product(*ctx.saved_tensors, grad), None


def _fold(operator: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, int]]:
    """Under vmap the rows of all examples are rows."""

    def folded(info: Any, in_dims: tuple[int | None, ...], *tensors: Tensor) -> tuple[Tensor, int]:
        batch = [
            tensor.expand(info.batch_size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip(tensors, in_dims, strict=True)
        ]
        result = operator(*(tensor.flatten(0, 1) for tensor in batch))
        return result.reshape(info.batch_size, -1, *result.shape[1:]), 0

    return folded


_value.register_fake(lambda scores, targets: scores.new_empty(scores.shape[0]))
_gradient.register_fake(lambda scores, targets: torch.empty_like(scores))
_hessian_product.register_fake(lambda scores, targets, tangents: torch.empty_like(scores))
for _operator in (_value, _gradient, _hessian_product):
    _operator.register_vmap(_fold(_operator))
