"""What several processes compute together: run by torchrun, or in one process for what they are compared with.

The arguments are a folder, and which of ``CASES`` go there.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, distributed, fx, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[1]))
from toy import ToySource, ToyStage, ToyWork, make_model, make_plan

from compose.block import stage
from compose.cli import end_process
from compose.data.source import Examples
from compose.evaluation.task_scores import score
from compose.labels.label_set import LabelSet
from compose.processes.launched import rank, world_size
from compose.processes.shares import Shares
from compose.tasks.example_cache import ExampleCache
from compose.training.device import leave_processes, make_fabric
from compose.training.processes.shared_graph import SharedGraph
from compose.training.stages.optimizers import SGD
from compose.training.stages.work import Setting
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train
from compose.training.training_errors import Interrupted

ROWS = 13
"""Not to be shared evenly by two or four processes."""


def own(values: Tensor) -> Tensor:
    """This process's share of the rows."""
    return values[len(values) * rank() // world_size() : len(values) * (rank() + 1) // world_size()]


class Conv(nn.Module):
    """A row for each picture, by the statistics of all."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)

    def forward(self, image: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(image))).mean((2, 3))


class Encode(nn.Module):
    """Of the labels alone: every process has all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.norm = nn.Linear(5, 4), nn.BatchNorm1d(4)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.norm(self.project(vectors))


class Score(nn.Module):
    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        return features @ labels.T


class AcrossBatch(nn.Module):
    """As many rows as examples, each of which depends on all once the scale is not 0."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.0))

    def forward(self, scores: Tensor) -> Tensor:
        return scores + self.scale * scores.softmax(0)


class Ranks(nn.Module):
    """Every example against every other one."""

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        better = (targets[:, None] > targets).to(scores)
        return (better * F.softplus(scores[None] - scores[:, None])).sum() / better.sum()


class Masked(nn.Module):
    """The mean over the known targets, of which processes have different numbers."""

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        known = targets.ne(0)
        return (F.softplus(-targets * scores) * known).sum() / known.sum()


class Root(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.encode, self.score, self.across = Conv(), Encode(), Score(), AcrossBatch()
        self.ranks, self.masked = Ranks(), Masked()

    def forward(self, image: Tensor, labels_vectors: Tensor, targets: Tensor) -> dict[str, Tensor]:
        labels = self.encode(labels_vectors)
        scores = self.score(self.conv(image), labels)
        mixed = self.across(scores)
        return {
            "scores": scores,
            "loss.ranks": self.ranks(scores, targets),
            "loss.masked": self.masked(mixed, targets),
            "loss.weights": labels.square().mean(),
        }


class Leaves(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return True


def gradients(path: Path) -> dict[str, Tensor]:
    """Of losses that are no means over examples, with shares of different sizes, in double precision."""
    torch.manual_seed(0)
    root = Root().double()
    graph = fx.GraphModule(root, Leaves().trace(root))
    image = torch.randn(ROWS, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    targets, vectors = torch.randint(-1, 2, (ROWS, 7), dtype=torch.int8), torch.randn(7, 5, dtype=torch.float64)
    model = SharedGraph(graph) if world_size() > 1 else graph
    found = {}
    for scale in (0.0, 0.7):
        root.across.scale.data.fill_(scale)
        graph.zero_grad()
        image.grad = None
        outputs = model(image=own(image), labels_vectors=vectors, targets=own(targets))
        loss = sum(value for name, value in outputs.items() if name.startswith("loss."))
        loss.backward()
        found |= {name: value.detach() for name, value in outputs.items() if name.startswith("loss.")}
    for name, parameter in [*graph.named_parameters(), ("image", image)]:
        gradient = parameter.grad.clone()
        if world_size() > 1:
            distributed.all_reduce(gradient)
        found[name] = gradient / world_size()
    return found | {name: buffer.double() for name, buffer in graph.named_buffers()}


class Shown(Examples):
    """Pictures with boxes; what is read is counted."""

    repeats = True

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(5)
        self.values = {
            "image": torch.rand(ROWS, 1, 8, 8, generator=random),
            "targets": (torch.rand(ROWS, 6, generator=random) < 0.5).to(torch.int8) * 2 - 1,
            "boxes": torch.rand(ROWS, 2, 4, generator=random) * 4 + torch.tensor([0, 0, 4, 4]),
            "box_labels": (torch.rand(ROWS, 2, 6, generator=random) < 0.5).to(torch.int8),
        }

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        return {name: value[list(indices)] for name, value in self.values.items()}


def looking(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Scores of six labels, and maps of three modules."""
    image = inputs["image"]
    maps = torch.cat([image, image.flip(2), image.flip(3)], 1)
    return {
        "scores": image.flatten(1)[:, :6],
        "attention": maps,
        "winner": image.flatten(1)[:, :6].mul(3).long().clamp(max=2),
    }


def evaluation(path: Path) -> dict[str, Tensor]:
    """Scores, places, modules and targets of images that processes cannot share evenly."""
    shares, labels = Shares.of_run(), LabelSet("all", tuple(range(6)), tuple("abcdef"), (True,) * 6, (None,) * 6)
    found = score(looking, Shown(), {"gzsl": labels}, lambda _: {}, looks=True, batch=2, shares=shares)
    hits = found.box_hits["gzsl"]
    return {
        "targets": found.targets,
        "scores": found.scores["gzsl"],
        "usage": found.usage["gzsl"],
        "images": hits.images,
        "labels": hits.labels,
        "distances": hits.distances,
    }


def features(path: Path) -> dict[str, Tensor]:
    """What processes compute of examples, each of its share, and all have."""
    import numpy as np

    count = torch.zeros(1, dtype=torch.int64)

    def compute(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        count.add_(len(batch["image"]))
        return {"mean": batch["image"].mean((1, 2, 3)), "targets": batch["targets"]}

    cache = ExampleCache(Shown(), np.arange(1, ROWS), compute=compute, shares=Shares.of_run())
    assert world_size() == 1 or int(count) < ROWS - 1
    return cache[range(ROWS - 1, 0, -2)]


@dataclass
class StoppedWork(ToyWork):
    """Asks to stop in the second epoch, as Ctrl-C does."""

    def batches(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        for batch, example in enumerate(super().batches(number, start)):
            if (number, batch, rank()) == (1, 2, 0):
                os.kill(os.getpid(), signal.SIGINT)
            yield example


@stage
class StoppedStage(ToyStage):
    def open(self, setting: Setting) -> ToyWork:
        return StoppedWork(self, setting)


def stages(kind: type[ToyStage] = ToyStage) -> list[ToyStage]:
    """One that freezes some weights, and one with batch norms, clipping and another last batch, that keeps its best."""
    first = {"losses": ["rank"], "freeze": ["backbone"], "optimizer": SGD(lr=0.5, momentum=0.9)}
    second = {"epochs": 3, "accumulate": 2, "clip": 0.1, "keep": "best", "optimizer": SGD(lr=0.5, momentum=0.9)}
    return [ToyStage(epochs=1, batch=4, **first), kind(batch=4, log_every=1, checkpoint_every=60, **second)]


def training(path: Path, strategy: str = "ddp", kind: type[ToyStage] = ToyStage) -> dict[str, Tensor]:
    """The weights that a run ends with, those that it keeps, and its losses."""
    plan = make_plan(stages(kind), model=make_model(dropout=0.0), source=ToySource(train=24))
    try:
        train(plan, RunFolder(path), device="cpu", strategy=strategy, resume=(path / "spec.lock.yaml").exists())
    except Interrupted:
        assert kind is StoppedStage
    return {}


CASES = {
    "gradients": gradients,
    "evaluation": evaluation,
    "features": features,
    "ddp": training,
    "fsdp": partial(training, strategy="fsdp"),
    "stopped": partial(training, kind=StoppedStage),
}


def main(folder: Path, names: Sequence[str]) -> None:
    make_fabric(torch.device("cpu"), 32)
    for name in names:
        found = CASES[name](folder / name)
        if rank() == 0 and found:
            torch.save(found, folder / f"{name}.pt")
    leave_processes()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
    end_process(0)
