"""A tiny model, its data and a stage over it, for tests of the loop and for the processes that tests kill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor, fx, nn

from compose.block import data, stage
from compose.data.source import DataError, DataSource, Examples, LabelTable
from compose.errors import Document, Place
from compose.evaluation.evaluation import Evaluation
from compose.graphs.vectors.label_vectors import LabelVectors
from compose.labels.label_space import LabelSpace
from compose.model.attention_output import label_attention
from compose.model.facts import Facts
from compose.spec.wiring.plan import Plan, Ref, Step, Term
from compose.spec.yaml.tree import Mapping
from compose.training.logging.prediction_sheet import Predictions
from compose.training.prepare import Prepared
from compose.training.run_plan import RunPlan
from compose.training.seeds import derive
from compose.training.stages.stage import Stage
from compose.training.stages.work import Setting
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train

NAMES = ("king", "queen", "rook", "bishop", "knight", "pawn")
NODES = ("backbone", "head", "encoder")
SEEN = (True, True, False, True, True, False)


class Backbone(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(dropout)

    def forward(self, image: Tensor) -> Tensor:
        return self.drop(torch.relu(self.norm(self.conv(image))))


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 5)

    def forward(self, maps: Tensor, labels_vectors: Tensor) -> Tensor:
        return self.project(maps.mean((2, 3))) @ labels_vectors.T


class Attention(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps[:, :2].flatten(2).softmax(-1).reshape(-1, 2, *maps.shape[2:])


class Logistic(nn.Module):
    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.softplus(-targets.to(scores.dtype) * scores).mean()


class Spread(nn.Module):
    def forward(self, scores: Tensor) -> Tensor:
        return scores.var(0).mean()


class Leaves(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return True


class Root(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.backbone, self.head, self.encoder = Backbone(dropout), Head(), Attention()
        self.rank, self.spread = Logistic(), Spread()


class TrainingRoot(Root):
    def forward(self, image: Tensor, labels_vectors: Tensor, targets: Tensor) -> dict[str, Tensor]:
        scores = self.head(self.backbone(image), labels_vectors)
        return {"scores": scores, "loss.rank": self.rank(scores, targets), "loss.spread": self.spread(scores)}


class InferenceRoot(Root):
    def forward(self, image: Tensor, labels_vectors: Tensor) -> dict[str, Tensor]:
        return {"scores": self.head(self.backbone(image), labels_vectors)}


class LookingRoot(Root):
    def forward(self, image: Tensor, labels_vectors: Tensor) -> dict[str, Tensor]:
        maps = self.backbone(image)
        return {"scores": self.head(maps, labels_vectors), "attention": self.encoder(maps)}


def make_model(*, dropout: float = 0.2, seed: int = 0) -> SimpleNamespace:
    torch.manual_seed(seed)
    root = TrainingRoot(dropout)
    training = fx.GraphModule(root, Leaves().trace(root), "Toy")
    return SimpleNamespace(
        training=training,
        for_losses=lambda names: training,
        inference=fx.GraphModule(root, Leaves().trace(InferenceRoot(dropout)), "Toy"),
        looking=fx.GraphModule(root, Leaves().trace(LookingRoot(dropout)), "Toy"),
        attention=lambda outputs, labels: label_attention(outputs, labels, of_labels=False),
        inputs=("image", "labels_vectors", "targets"),
        loss_weights={"loss.rank": 0.6, "loss.spread": 0.4},
        nodes=NODES,
        facts={name: _facts(module) for name, module in root.named_children()},
        plan=PLAN,
    )


def _step(name: str, *reads: Ref) -> Step:
    place = Place(Document("toy", ()), 1, 1)
    inputs = {f"in{i}": ref for i, ref in enumerate(reads)}
    return Step(name, "block", None, {}, inputs, None, place, Mapping(place, {}, {}))


def _term(name: str, weight: float, *reads: Ref) -> Term:
    return Term(name, weight, _step(f"loss.{name}", *reads), Ref(f"loss.{name}", "out"))


MAPS, SCORES = Ref("backbone", "out"), Ref("head", "out")
PLAN = Plan(
    (_step("backbone", Ref("", "image")), _step("head", MAPS, Ref("", "labels.vectors")), _step("encoder", MAPS)),
    (_term("rank", 0.6, SCORES, Ref("", "targets")), _term("spread", 0.4, SCORES)),
    SCORES,
)


def _facts(module: nn.Module) -> Facts:
    weights = [(p.numel(), p.requires_grad) for p in module.parameters()]
    return Facts(parameters=sum(n for n, _ in weights), trainable=sum(n for n, learns in weights if learns))


class ToyExamples(Examples):
    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        drawn = [self._draw(i) for i in indices]
        return {"image": torch.stack([d[0] for d in drawn]), "targets": torch.stack([d[1] for d in drawn])}

    def _draw(self, index: int) -> tuple[Tensor, Tensor]:
        random = torch.Generator().manual_seed(derive(self.seed, index))
        targets = (torch.rand(6, generator=random) < 0.4).to(torch.int8) * 2 - 1
        image = torch.rand(3, 8, 8, generator=random) * 0.3
        image[0] += 0.1 * targets[0]
        image[1] += 0.1 * targets[1]
        return image.clamp(0, 1), targets


@data(name="toy")
class ToySource(DataSource):
    labels = LabelTable(NAMES, SEEN, (None,) * 6)
    shapes = {"image": (3, 8, 8)}  # noqa: RUF012

    def __init__(self, *, validates: bool = True, train: int = 22) -> None:
        self._sizes = {"train": train, "val": 8 if validates else 0, "test": 8}

    def split(self, name: str) -> ToyExamples:
        if not self._sizes[name]:
            raise DataError(f"toy: no split {name}")
        return ToyExamples(self._sizes[name], len(name))

    def displayed(self, image: Tensor) -> Tensor:
        return image


class ToyVectors(LabelVectors):
    dim = 5

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Tensor:
        vectors = torch.randn(6, 5, generator=torch.Generator().manual_seed(7))
        return vectors[[NAMES.index(name) for name in names]]


def make_space() -> LabelSpace:
    return LabelSpace(ToySource.labels, ToyVectors())


def make_setting(**options: object) -> Setting:
    """A model, its data and its labels, as a stage is given them."""
    given = {
        "model": make_model(),
        "source": ToySource(),
        "space": make_space(),
        "evaluation": Evaluation(),
        "seed": 0,
        "device": torch.device("cpu"),
    }
    return Setting(**{**given, **options})  # type: ignore[arg-type]


def setting_of(made: Prepared, model: object, **options: object) -> Setting:
    """The setting of a stage of a spec, on a built model."""
    given = {"source": made.source, "space": made.space, "evaluation": made.evaluation}
    return make_setting(model=model, **{**given, **options})


@stage
class ToyStage(Stage):
    def open(self, setting: Setting) -> ToyWork:
        return ToyWork(self, setting)


@dataclass
class ToyWork:
    """A supervised work without a loader; ``validation`` is what it measures, epoch by epoch."""

    stage: Stage
    setting: Setting

    validation = (0.1, 0.3, 0.2, 0.25, 0.28, 0.1, 0.1)
    poison = None

    def __post_init__(self) -> None:
        self.seen = self.setting.space.label_set("seen")
        self.label_inputs = self.setting.space.inputs("seen")
        names = self.stage.losses or ["rank", "spread"]
        self.weights = {f"loss.{name}": self.setting.model.loss_weights[f"loss.{name}"] for name in names}
        self.module = self.setting.model.for_losses(self.weights)
        self.examples = self.setting.source.split("train")
        try:
            self.val = self.setting.source.split("val")
            self.metrics = ["map"]
        except DataError:
            self.metrics = []

    def __len__(self) -> int:
        return -(-len(self.examples) // self.stage.batch)

    def epoch(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        self.number = number
        return self.batches(number, start)

    def batches(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        count, world, rank = len(self.examples), self.setting.world, self.setting.rank
        random = torch.Generator().manual_seed(derive(self.setting.seed, number))
        order = torch.randperm(count, generator=random).tolist()
        for batch in range(start, len(self)):
            rows = order[batch * self.stage.batch : (batch + 1) * self.stage.batch]
            rows = rows[rank * len(rows) // world : (rank + 1) * len(rows) // world]
            example = self.examples[[number * count + i for i in rows]]
            example["targets"] = example["targets"][:, self.seen.index]
            if self.poison == number * len(self) + batch:
                example["image"] = example["image"] * torch.inf
            yield example

    def example(self) -> dict[str, Tensor]:
        return {"image": torch.zeros(2, 3, 8, 8), "targets": torch.zeros(2, 4, dtype=torch.int8)}

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = model(**batch, labels_vectors=self.label_inputs["labels_vectors"])
        return {name: outputs[name] for name in self.weights}

    def validate(self) -> dict[str, float]:
        torch.rand(3)  # validation must not disturb training
        return {"map": self.validation[self.number]}

    def predictions(self, count: int) -> Predictions | None:
        return None


def make_plan(stages: Sequence[Stage], *, model: SimpleNamespace | None = None, source: object = None) -> RunPlan:
    return RunPlan(
        model=model or make_model(),
        source=source or ToySource(),
        space=make_space(),
        stages={f"stage{number}": stage for number, stage in enumerate(stages, 1)},
        evaluation=None,
        seed=3,
        lock="name: toy\n",
        title="toy",
    )


def run(stages: Sequence[Stage], path: Path, *, resume: bool = False, **options: object) -> dict[str, Tensor]:
    """Train a fresh model and return its weights."""
    plan = make_plan(stages, **options)  # type: ignore[arg-type]
    train(plan, RunFolder(path), device="cpu", resume=resume)
    return plan.model.training.state_dict()
