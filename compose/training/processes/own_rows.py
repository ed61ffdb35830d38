"""Which values of a model's graph have a row for each example that depends on that example alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import gcd
from typing import Any

import torch
from torch import Tensor, distributed, fx, nn
from torch.fx.node import map_arg
from torch.utils._pytree import tree_flatten, tree_map

from compose.spec.wiring.reserved import RESERVED
from compose.training.processes.whole_batch import whole_batch

ALIKE = 1e-4
"""By how much of the greatest value those of an example may differ with what is computed beside it."""
OF_BATCH = frozenset(given.port for given in RESERVED.values() if given.of_batch)
"""The inputs that come with the examples."""


def own_rows(graph: fx.GraphModule, batch: dict[str, Tensor]) -> frozenset[str]:
    """The names of those nodes; what they compute each process can compute of its own examples.

    It is tried on two examples of the batch, or two episodes, of two processes: such a node gives for the first the
    same without the second. No graph shows it, as a block may do with a batch what it likes.

    Args:
        graph: a built model's.
        batch: all inputs of it, of this process's share of a batch.
    """
    given = {name: value for name, value in batch.items() if name in OF_BATCH}
    units = gcd(*(len(value) for value in given.values()))
    two = {name: _of_two(value, len(value) // units) for name, value in given.items()}
    trial = _Trial(graph)
    inputs = {**batch, **two}
    devices = {value.device for value in batch.values() if value.device.type == "cuda"}
    with torch.no_grad(), torch.random.fork_rng(devices=list(devices)), _evaluating(graph), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a loss on a single example
        trial.run(*(inputs[str(node.target)] for node in graph.graph.find_nodes(op="placeholder")))
    found = [sorted(trial.rows)]
    distributed.broadcast_object_list(found)
    return frozenset(found[0])


def _of_two(value: Tensor, rows: int) -> Tensor:
    """The first rows of the first two processes."""
    return whole_batch(value[:rows].contiguous())[: 2 * rows]


@contextmanager
def _evaluating(graph: nn.Module) -> Iterator[None]:
    """Let everything be computed without dropout and by stored statistics."""
    modes = [(module, module.training) for module in graph.modules()]
    graph.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


class _Trial(fx.Interpreter):
    """Runs a graph on two examples, and each node on the first of them, too.

    Attributes:
        rows: the nodes with a row for each.
    """

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        self.rows: set[str] = set()
        self._varying: set[fx.Node] = set()

    def run_node(self, n: fx.Node) -> Any:
        """Run a node, and tell whether it has rows."""
        value = super().run_node(n)
        inputs = [node for node in n.all_input_nodes if node in self._varying]
        if inputs or (n.op == "placeholder" and n.target in OF_BATCH):
            self._varying.add(n)
            if n.op != "output" and all(node.name in self.rows for node in inputs) and self._has_rows(n, value):
                self.rows.add(n.name)
        return value

    def _has_rows(self, node: fx.Node, value: Any) -> bool:
        if node.op == "placeholder":
            return True

        def first(given: fx.Node) -> Any:
            found = self.env[given]
            return tree_map(_half, found) if given.name in self.rows else found

        args, kwargs = map_arg(node.args, first), map_arg(node.kwargs, first)
        run: Callable[..., Any] = getattr(self, node.op)
        try:
            alone = run(node.target, args, kwargs)
        except Exception:  # a block may need more than one example
            return False
        together, apart = tree_flatten(value)[0], tree_flatten(alone)[0]
        return len(together) == len(apart) and all(map(_same, together, apart))


def _half(value: Any) -> Any:
    return value[: len(value) // 2] if isinstance(value, Tensor) else value


def _same(together: Any, alone: Any) -> bool:
    """Whether the first half of a value is the other."""
    if not isinstance(together, Tensor) or not together.ndim:
        return False
    half = _half(together)
    if half.shape != alone.shape or len(together) != 2 * len(alone):
        return False
    if not half.is_floating_point():
        return torch.equal(half, alone)
    scale = float(half.nan_to_num().abs().max()) if half.numel() else 0.0
    return torch.allclose(half, alone, rtol=0, atol=ALIKE * scale, equal_nan=True)
