"""A model's graph, computed by several processes as one would compute it on the whole batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, fx, nn
from torch.fx.node import map_arg
from torch.utils._pytree import tree_map

from compose.training.processes.own_rows import own_rows
from compose.training.processes.shared_statistics import SharedStatistics
from compose.training.processes.whole_batch import whole_batch
from compose.training.seeds import derive, seed_all


class SharedGraph(nn.Module):
    """Called as the graph is, with this process's share of a batch; the losses are those of the whole batch.

    What treats each example for itself is computed of the own examples; what does not, as a loss that ranks them among
    one another or counts known targets, is computed by every process of the examples of all. Batch norms know all
    examples. The gradient of the weights, averaged over the processes, is that of one process with the whole batch.

    What draws numbers draws its own in each process where it is computed of the own examples, and the same in all
    where it is not.

    Args:
        graph: a built model's, for some of its losses.
    """

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__()
        self.inner = graph
        self._rows = frozenset(node.name for node in graph.graph.nodes)
        self._calls = 0

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """What the graph returns; scores and the like of the own examples."""
        self._calls += 1
        if self._calls.bit_count() == 1:  # tried anew after 1, 2, 4, ... steps: a weight that is 0 at first hides much
            self._rows &= own_rows(self.inner, inputs)
        run = _SharedRun(self.inner, self._rows)
        outputs: dict[str, Tensor] = run.run(*(inputs[name] for name in run.placeholders))
        return outputs


class _SharedRun(fx.Interpreter):
    """One pass through the graph."""

    def __init__(self, graph: fx.GraphModule, rows: frozenset[str]) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        self.placeholders = [str(node.target) for node in graph.graph.find_nodes(op="placeholder")]
        self._rows = rows
        self._whole: dict[fx.Node, Any] = {}
        self._seed, self._rank = torch.initial_seed(), distributed.get_rank()
        self._number = {node: number for number, node in enumerate(graph.graph.nodes)}

    def run_node(self, n: fx.Node) -> Any:
        """Run a node on the own examples, or on all."""
        own = n.name in self._rows
        if n.op == "call_module":
            seed_all(derive(self._seed, self._number[n], self._rank + 1 if own else 0))
        if own and n.op == "call_module":
            with SharedStatistics():
                return super().run_node(n)
        return super().run_node(n)

    def fetch_args_kwargs_from_env(self, n: fx.Node) -> tuple[Any, Any]:
        """The arguments of a node: those with rows as they are, or of all processes."""
        if n.op == "output" or n.name in self._rows:
            return super().fetch_args_kwargs_from_env(n)
        return map_arg(n.args, self._of_all), map_arg(n.kwargs, self._of_all)

    def _of_all(self, node: fx.Node) -> Any:
        if node.name not in self._rows:
            return self.env[node]
        if node not in self._whole:
            self._whole[node] = tree_map(whole_batch, self.env[node])
        return self._whole[node]
