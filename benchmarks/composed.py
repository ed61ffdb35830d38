"""Composed against hand-wired: forward and backward of a spec, beside the same blocks wired in plain PyTorch.

    python -m benchmarks.composed [--rounds 40] [--batch 16] [-v VARIANT]

Both models hold the same weights and see the same batch. The rounds alternate between them, and which comes first
alternates too, so that whatever else the machine does falls on both. Printed: the median times and their ratio.
"""

from __future__ import annotations

import argparse
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.measure import medians
from compose.model.build import Built
from compose.spec.read import read_spec
from compose.training.prepare import Prepared, prepare


class HandWired(nn.Module):
    """The second stage of zoo/ml2p.yaml as one writes it without the framework."""

    def __init__(self, composed: nn.Module) -> None:
        super().__init__()
        self.backbone = composed.backbone
        self.pyramid = composed.pyramid
        self.groups = composed.groups
        self.encoder = composed.encoder
        self.relation = composed.relation
        self.semantics = composed.semantics
        self.scores = composed.scores
        self.ranknet = composed.loss.rank
        self.variance = composed.loss.spread

    def forward(self, image: Tensor, labels_vectors: Tensor, targets: Tensor) -> dict[str, Tensor]:
        maps = self.backbone(image).maps
        groups, order = self.groups(self.pyramid(maps, labels_vectors), labels_vectors)
        semantics = self.relation(self.encoder(groups).semantics).semantics
        semantics = self.semantics(semantics, order)
        scores = self.scores(semantics, labels_vectors).scores
        rank = self.ranknet(scores, targets, labels_vectors)
        return {"loss.rank": rank, "loss.spread": self.variance(semantics)}


def inputs(prepared: Prepared, batch: int) -> dict[str, Tensor]:
    """A batch of the spec's data, its targets cut to the seen labels."""
    seen = prepared.space.label_set("seen")
    drawn = prepared.source.split("train")[range(batch)]
    return {
        "image": drawn["image"],
        "labels_vectors": prepared.space.inputs("seen")["labels_vectors"],
        "targets": drawn["targets"][:, seen.columns],
    }


def step(model: nn.Module, batch: dict[str, Tensor], weights: dict[str, float]) -> None:
    """One forward and backward."""
    model.zero_grad(set_to_none=True)
    out = model(**batch)
    torch.stack([weight * out[name] for name, weight in weights.items()]).sum().backward()


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("-v", "--variant", action="append", default=[])
    given = options.parse_args()
    prepared = prepare(read_spec("zoo/ml2p.yaml", variants=given.variant))
    built: Built = prepared.build()
    batch = inputs(prepared, given.batch)
    weights = {name: built.loss_weights[name] for name in ("loss.rank", "loss.spread")}
    models = {"composed": built.for_losses(weights).train(), "by hand": HandWired(built.training).train()}
    calls = {name: partial(step, model, batch, weights) for name, model in models.items()}
    times = medians(calls, given.rounds)
    for name, median in times.items():
        print(f"{name:10s} {1000 * median:8.2f} ms a step (median of {given.rounds}, batch {given.batch})")
    print(f"ratio      {times['composed'] / times['by hand']:8.4f}")


if __name__ == "__main__":
    main()
