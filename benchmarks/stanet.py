"""A training step of STANet's attention over a batch of episodes, beside the same equations in loops.

    python -m benchmarks.stanet [--rounds 9] [--episodes 16] [--classes 5] [--shots 1] [--queries 5] [--layers 3]

All hold the same weights and see the same maps of Conv64 (64 × 5 × 5). ``in loops`` takes one query picture after the
other and one map after the other, as the equations are written; ``each episode`` calls the batched blocks on one
episode after the other. The rounds alternate between the three, and which comes first alternates too. Printed: the
median times of a step (forward and backward) and how many times longer the loops take. Asked for: at least 10.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.measure import medians
from compose.blocks.attention.scaled_query import ScaledQuery
from compose.blocks.attention.spatial_attention import SpatialAttention
from compose.blocks.attention.task_attention import TaskAttention
from compose.blocks.core.layout.reduce import Reduce
from compose.blocks.losses.cross_entropy import CrossEntropy
from compose.blocks.scoring.context_classifier import ContextClassifier
from compose.blocks.scoring.split_episodes import SplitEpisodes
from compose.training.allocator import keep_freed_memory

CHANNELS, SIDE = 64, 5


class Stanet(nn.Module):
    """From the maps to the scores, batched over episodes, queries and support."""

    def __init__(self, layers: int, classes: int) -> None:
        super().__init__()
        sizes = [CHANNELS, *[2 * CHANNELS] * (layers - 1)]
        self.episodes, self.state = SplitEpisodes(), Reduce(pattern="e q c h w -> e q c")
        self.spatial = nn.ModuleList(SpatialAttention(size, CHANNELS) for size in sizes)
        self.task = nn.ModuleList(TaskAttention(CHANNELS, classes) for _ in sizes)
        self.scores = ContextClassifier(layers, CHANNELS, classes)

    def forward(self, maps: Tensor, support_targets: Tensor) -> Tensor:
        support, query = self.episodes(maps, support_targets)
        state, contexts = self.state(query), []
        for spatial, task in zip(self.spatial, self.task, strict=True):
            attended = spatial(state, support, query)
            context, state, _ = task(attended.query_features, attended.support_features, support_targets)
            contexts.append(context)
        scores: Tensor = self.scores(torch.stack(contexts), support_targets)
        return scores


def each_episode(model: Stanet, maps: Tensor, support_targets: Tensor) -> Tensor:
    """The batched blocks, called once for an episode."""
    episodes = zip(maps.chunk(support_targets.shape[0]), support_targets.split(1), strict=True)
    return torch.cat([model(*episode) for episode in episodes])


def in_loops(model: Stanet, maps: Tensor, support_targets: Tensor) -> Tensor:
    """The equations as they are written: for one query picture and one map at a time."""
    one_hot = support_targets.gt(0).to(maps.dtype)
    support, query = model.episodes(maps, support_targets)
    return torch.stack(
        [
            torch.stack([_of_query(model, image, *episode) for image in queries])
            for *episode, queries in zip(support.flatten(3).mT, one_hot, query.flatten(3).mT, strict=True)
        ]
    )


def _of_query(model: Stanet, query: Tensor, support: Tensor, one_hot: Tensor) -> Tensor:
    """The scores of one query picture, ``places channels``, by its episode's support."""
    state, contexts = query.mean(0), []
    for spatial, task in zip(model.spatial, model.task, strict=True):
        own = _look(spatial.asked, state, query)[0]
        others = torch.stack([_look(spatial.asked, state, image)[0] for image in support])
        taken, attention = _look(task.asked, own, others)
        contexts.append(attention @ task.value(torch.cat([others, one_hot], dim=1)))
        state = torch.cat([own, taken])
    scores: Tensor = model.scores.linear(torch.cat(contexts))
    return scores


def _look(weights: ScaledQuery, asked: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of some features, weighted by scaled dot-product attention, and the weights."""
    keys, query = weights.key(features), weights.query(asked)
    attention = (keys @ query / math.sqrt(keys.shape[1])).softmax(dim=0)
    return attention @ features, attention


def example(episodes: int, classes: int, shots: int, queries: int) -> tuple[Tensor, Tensor, Tensor]:
    """Maps, the support's classes and the queries' classes."""
    support = F.one_hot(torch.arange(classes * shots) % classes, classes).expand(episodes, -1, -1)
    wanted = F.one_hot(torch.arange(queries) % classes, classes).expand(episodes, -1, -1)
    maps = torch.randn(episodes * (classes * shots + queries), CHANNELS, SIDE, SIDE, requires_grad=True)
    return maps, (2 * support - 1).to(torch.int8), (2 * wanted - 1).to(torch.int8)


def step(model: Stanet, forward: Callable[..., Tensor], maps: Tensor, support: Tensor, wanted: Tensor) -> list[Tensor]:
    """One forward and backward; the scores and the gradients."""
    scores = forward(model, maps, support)
    gradients = torch.autograd.grad(CrossEntropy()(scores, wanted), [maps, *model.parameters()])
    return [scores, *gradients]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"rounds": 9, "episodes": 16, "classes": 5, "shots": 1, "queries": 5, "layers": 3}
    for name, default in defaults.items():
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    keep_freed_memory()  # as training does
    torch.manual_seed(0)
    model = Stanet(given.layers, given.classes)
    batch = example(given.episodes, given.classes, given.shots, given.queries)
    ways = {"batched": Stanet.__call__, "each episode": each_episode, "in loops": in_loops}
    calls = {name: partial(step, model, forward, *batch) for name, forward in ways.items()}
    for call in calls.values():
        torch.testing.assert_close(call(), calls["batched"](), rtol=1e-3, atol=1e-6)
    times = medians(calls, given.rounds)
    sizes = ", ".join(f"{getattr(given, name)} {name}" for name in list(defaults)[1:])
    print(f"{torch.get_num_threads()} threads, {sizes}")
    for name, median in times.items():
        print(f"  {name:12s} {1000 * median:8.1f} ms, {median / times['batched']:6.1f} times the batched")


if __name__ == "__main__":
    main()
