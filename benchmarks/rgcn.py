"""A training step of RGCN-PosVAE on the edges of its graph, beside the same equations on all pairs of nodes.

    python -m benchmarks.rgcn [--rounds 9] [--batch 32] [--labels 81] [--external 1000] [--edges 0.05 0.2]

Both models hold the same weights and see the same batch. ``on pairs`` weighs all pairs of nodes in one tensor and
multiplies by a full Â; everything but the graph network is the same. The rounds alternate between the two, and which
comes first alternates too. Printed for each share of pairs that are edges: the median times of a step (forward and
backward) and of the graph network alone, their ratios, and the peak memory of a step, measured in processes of
their own. Asked for: less than 2 GB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.measure import medians, peak
from compose.blocks.graph.node_init import NodeInit
from compose.blocks.graph.posvae import PosVae
from compose.blocks.graph.rgcn import Rgcn
from compose.blocks.losses.bce import Bce
from compose.blocks.scoring.label_head import LabelHead
from compose.training.allocator import keep_freed_memory

FEATURE, DIM, SIZE = 2048, 300, 256


class OnPairs(nn.Module):
    """The graph network as one writes it with dense matrices."""

    def __init__(self, rgcn: Rgcn) -> None:
        super().__init__()
        self.relation, self.layers = rgcn.relation, rgcn.layers

    def forward(
        self, nodes: Tensor, labels: Tensor, graph: Tensor, external: Tensor, vectors: Tensor
    ) -> tuple[Tensor, None]:
        states, vectors = torch.cat([nodes, external], dim=1), torch.cat([labels, vectors])
        receiving, sending = self.relation.hidden(vectors, vectors)
        hidden = (receiving[:, None] + sending).relu()  # n n j
        adjacency = torch.zeros(len(vectors), len(vectors))
        adjacency[graph[1], graph[0]] = 1
        related = self.relation.score(hidden)[..., 0].sigmoid()
        weights = torch.where(torch.eye(len(vectors), dtype=torch.bool), 1, related) * adjacency
        weights = weights / weights.sum(1, keepdim=True)
        *hidden, last = self.layers
        for layer in hidden:
            states = layer(weights @ states).relu()
        return last(weights[: len(labels)] @ states), None


class Model(nn.Module):
    """From features and probabilities to the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.vae = NodeInit(FEATURE, DIM, size=SIZE), PosVae(DIM, size=SIZE)
        self.rgcn: nn.Module = Rgcn(SIZE, DIM, size=SIZE, outputs="labels")
        self.head, self.loss = LabelHead(SIZE), Bce()

    def forward(
        self, features: Tensor, posterior: Tensor, labels: Tensor, vectors: Tensor, graph: Tensor, targets: Tensor
    ) -> Tensor:
        external = self.vae(posterior, vectors)
        nodes, _ = self.rgcn(self.start(features, labels), labels, graph, external.nodes, vectors)
        loss: Tensor = self.loss(self.head(nodes), targets) + external.loss
        return loss


def example(batch: int, labels: int, external: int, share: float) -> tuple[Tensor, ...]:
    """A batch, and a random symmetric graph with a share of all pairs as edges."""
    nodes = labels + external
    edges = torch.rand(nodes, nodes).triu(1)
    edges = (edges > 1 - share) | (edges > 1 - share).T | torch.eye(nodes, dtype=torch.bool)
    targets = torch.where(torch.rand(batch, labels) < 0.05, 1, -1).to(torch.int8)
    vectors = nn.functional.normalize(torch.randn(nodes, DIM), dim=1).split([labels, external])
    posterior = torch.randn(batch, external).softmax(1)
    return torch.randn(batch, FEATURE), posterior, *vectors, edges.nonzero().T.flip(0).contiguous(), targets


def calls(batch: int, labels: int, external: int, share: float, *, pairs: bool) -> dict[str, Callable[[], None]]:
    """One step, and the part of it that is the graph network."""
    torch.manual_seed(0)
    model, given = Model(), example(batch, labels, external, share)
    if pairs:
        model.rgcn = OnPairs(model.rgcn)  # type: ignore[arg-type]
    states = [torch.randn(batch, count, SIZE, requires_grad=True) for count in (labels, external)]

    def network() -> None:
        model.rgcn(states[0], given[2], given[4], states[1], given[3])[0].sum().backward()

    def step() -> None:
        model.zero_grad(set_to_none=True)
        model(*given).backward()

    return {"step": step, "graph network": network}


def compare(rounds: int, sizes: tuple[int, int, int, float]) -> None:
    """Time both models in turn, and print."""
    models = {"on edges": calls(*sizes, pairs=False), "on pairs": calls(*sizes, pairs=True)}
    for part in ("step", "graph network"):
        times = medians({name: model[part] for name, model in models.items()}, rounds)
        shown = ", ".join(f"{name} {1000 * median:7.0f} ms" for name, median in times.items())
        print(f"  {part:13s} {shown}, ratio {times['on pairs'] / times['on edges']:5.2f}")


def measure_memory(sizes: tuple[int, int, int, float], *, pairs: bool) -> None:
    """Print what two steps take beyond the inputs and the weights."""
    step = calls(*sizes, pairs=pairs)["step"]
    before = peak()
    step()
    step()
    print(f"{peak() - before:.2f}")


def memory(sizes: tuple[int, int, int, float], name: str) -> str:
    """The peak memory of a step in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.rgcn", "--memory", name, *_options(sizes)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _options(sizes: tuple[int, int, int, float]) -> list[str]:
    names = ("--batch", "--labels", "--external", "--edges")
    return [text for name, size in zip(names, sizes, strict=True) for text in (name, str(size))]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--rounds", 9), ("--batch", 32), ("--labels", 81), ("--external", 1000)):
        options.add_argument(name, type=int, default=default)
    options.add_argument("--edges", type=float, nargs="+", default=[0.05, 0.2])
    options.add_argument("--memory", choices=["edges", "pairs"], help=argparse.SUPPRESS)
    given = options.parse_args()
    keep_freed_memory()  # as training does
    every = [(given.batch, given.labels, given.external, share) for share in given.edges]
    if given.memory:
        measure_memory(every[0], pairs=given.memory == "pairs")
        return
    # First, while this process is small: a child's peak begins at its parent's.
    peaks = [[memory(sizes, name) for name in ("edges", "pairs")] for sizes in every]
    print(f"{torch.get_num_threads()} threads, batch {given.batch}, {given.labels} + {given.external} nodes")
    for sizes, (ours, theirs) in zip(every, peaks, strict=True):
        print(f"{sizes[-1]:.0%} of all pairs are edges: peak memory {ours} GB on edges, {theirs} GB on pairs")
        compare(given.rounds, sizes)


if __name__ == "__main__":
    main()
