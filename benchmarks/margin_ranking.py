"""The ranking loss of LESA, beside its definition over all pairs of labels.

    python -m benchmarks.margin_ranking [--rounds 20] [--batch 16] [--labels 925] [--present 5]

Both see the same scores and targets. The rounds alternate between them, and which comes first alternates too. Printed:
the median times of a forward and a backward pass and their ratio (asked for: at least 50), by how much values and
gradients differ, and the peak memory for a batch of 32 with the 7,186 labels of Open Images, measured in a process of
its own (asked for: less than 300 MB; a single tensor over all pairs of labels takes 6,610 MB).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.measure import medians, peak
from compose.blocks.losses.margin_ranking import MarginRanking

Loss = Callable[[Tensor, Tensor], Tensor]


def pairwise(scores: Tensor, targets: Tensor) -> Tensor:
    """The loss as one writes it from the paper: a tensor of all labels against all labels."""
    pairs = (targets < 0)[:, :, None] & (targets > 0)[:, None, :]
    hinge = (1 + scores[:, :, None] - scores[:, None, :]).relu() * pairs
    missed = hinge.detach().gt(0).sum((1, 2))
    return (hinge.sum((1, 2)) / missed.clamp(min=1)).mean()


def example(batch: int, labels: int, present: float) -> tuple[Tensor, Tensor]:
    """Scores, and targets of which a number is present on average."""
    torch.manual_seed(0)
    targets = torch.where(torch.rand(batch, labels) < present / labels, 1, -1).to(torch.int8)
    return torch.randn(batch, labels, requires_grad=True), targets


def step(loss: Loss, scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The value and its gradient."""
    value = loss(scores, targets)
    return value.detach(), torch.autograd.grad(value, scores)[0]


def compare(rounds: int, batch: int, labels: int, present: float) -> None:
    """Time both in turn, and print."""
    losses: dict[str, Loss] = {"sorted": MarginRanking(), "pairwise": pairwise}
    given = example(batch, labels, present)
    times = medians({name: partial(step, loss, *given) for name, loss in losses.items()}, rounds, warmup=2)
    shown = ", ".join(f"{name} {1000 * median:.2f} ms" for name, median in times.items())
    print(f"batch {batch}, {labels} labels: {shown}, ratio {times['pairwise'] / times['sorted']:.0f}")
    ours, theirs = (step(loss, *given) for loss in losses.values())
    value, gradient = ((one - other).abs().max() / other.abs().max() for one, other in zip(ours, theirs, strict=True))
    print(f"relative difference of the values {value:.1e}, of the gradients {gradient:.1e}")


def measure_memory(batch: int, labels: int, present: float) -> None:
    """Print what a step takes beyond the inputs."""
    step(MarginRanking(), *example(2, 10, 5))  # what PyTorch allocates once
    given = example(batch, labels, present)
    before = peak()
    step(MarginRanking(), *given)
    print(f"{1000 * (peak() - before):.0f}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--rounds", 20), ("--batch", 16), ("--labels", 925), ("--present", 5)):
        options.add_argument(name, type=int, default=default)
    options.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.memory:
        measure_memory(32, 7186, given.present)
        return
    # First, while this process is small: a child's peak begins at its parent's.
    command = [sys.executable, "-m", "benchmarks.margin_ranking", "--memory", "--present", str(given.present)]
    memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    print(f"{torch.get_num_threads()} threads, {given.present} present labels an image")
    compare(given.rounds, given.batch, given.labels, given.present)
    print(f"batch 32, 7186 labels: peak memory {memory} MB")


if __name__ == "__main__":
    main()
