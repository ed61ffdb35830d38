"""The rows of LESA's table 2 on one stream of pictures: what each term of the loss changes, and nothing else does.

    python -m benchmarks.loss_rows RUN [--seeds 0 1 2] [--epochs 8] [--set KEY=VALUE ...]

RUN is a run of ``zoo/lesa.yaml``, whose backbone and neck are taken as they are. For each row the rest of the second
stage (maps, attention and scores) starts from the same weights and sees the same batches: ranking alone, then with
relevance, diversity and distribution one after the other, the latter three as the spec sums them and as the released
code does. Printed is the mAP of unseen and of seen labels of the test, in percent. ``--set data.size=80`` and the like
change the spec, for pictures with more regions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import compose
from compose.api.run import Run
from compose.blocks.losses.distribution import Distribution
from compose.blocks.losses.diversity import Diversity
from compose.blocks.losses.margin_ranking import MarginRanking
from compose.blocks.losses.relevance import Relevance
from compose.data.loader import Loader
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.rules import Rules
from compose.training.stages.schedules import Cosine, Moment

SPEC = "zoo/lesa.yaml"
HEAD = ("maps", "attention", "scores")
TERMS = ("rank", "relevance", "diversity", "all")
WEIGHTS = (1e-3, 1e-2, 1e-1)
SLICE = 250
"""Pictures that are seen at once without gradients."""
BATCH, RATE, CLIP, WARMUP = 32, 2e-3, 1.0, 0.5


@dataclass(frozen=True)
class Said:
    """What a head says of pictures; ``mean`` is the score of the mean region."""

    scores: Tensor
    mean: Tensor
    modules: Tensor
    energies: Tensor


class Row:
    """A row of the table: a head of its own, and the terms of its loss.

    Args:
        terms: how many of the terms are added to the ranking.
        released: whether they are summed as in the released code.
        model: whose head it copies.
    """

    def __init__(self, terms: int, released: bool, model: nn.Module) -> None:
        self.name = TERMS[terms] + released * " (released)"
        self.head = nn.ModuleDict({name: _copy(model.get_submodule(name)) for name in HEAD})
        self.optimizer = torch.optim.Adam(self.head.parameters(), lr=RATE)
        self._rank = MarginRanking()
        relevance, diversity, distribution = (
            (Relevance(reduction="sum"), Diversity(form="norm"), Distribution(over="image"))
            if released
            else (Relevance(), Diversity(), Distribution())
        )
        added: list[Callable[[Said, Tensor], Tensor]] = [
            lambda said, targets: relevance(said.scores, said.mean, targets),
            lambda said, targets: diversity(said.energies),
            lambda said, targets: distribution(said.modules, targets),
        ]
        self._terms = list(zip(WEIGHTS[:terms], added[:terms], strict=True))

    def step(self, features: Tensor, vectors: Tensor, targets: Tensor, factor: float) -> None:
        """A step on a batch, at a share of the rate."""
        said = self.said(features, vectors)
        loss = self._rank(said.scores, targets)
        for weight, term in self._terms:
            loss = loss + weight * term(said, targets)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.head.parameters(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * factor
        self.optimizer.step()

    def said(self, features: Tensor, vectors: Tensor) -> Said:
        """What its head says: features ``b c h w``, vectors ``l d``."""
        maps = self.head["maps"](features)
        attention = self.head["attention"](maps)
        scores = self.head["scores"](attention.features, vectors)
        mean = self.head["scores"](maps.mean((2, 3)), vectors).scores
        return Said(scores.scores, mean, scores.modules, attention.energies)


def _copy(module: nn.Module) -> nn.Module:
    return deepcopy(module).train()


class Table:
    """All rows, trained side by side.

    Args:
        run: whose backbone and neck are taken.
        seed: of the heads, the pictures and their order.
        changes: values of the spec that are changed.
    """

    def __init__(self, run: Run, seed: int, changes: list[str]) -> None:
        made = compose.load(SPEC, overrides=[*changes, f"seed={seed}"])
        self.space, self._source, self._seed = made.space, made.source, seed
        model = made.build().training
        for name in ("backbone", "neck"):
            model.get_submodule(name).load_state_dict(run.model.get_submodule(name).state_dict())
        self._backbone, self._neck = model.backbone.eval(), model.neck.eval()
        kinds = [(0, False), *((terms, released) for terms in (1, 2, 3) for released in (False, True))]
        self.rows = [Row(terms, released, model) for terms, released in kinds]

    def fit(self, epochs: int) -> None:
        """Train every row on the same batches, by the spec's optimiser and schedule."""
        vectors, seen = self.space.inputs("seen")["labels_vectors"], self.space.label_set("seen").index
        loader = Loader(self._source.split("train"), batch=BATCH, seed=self._seed, workers=0)
        schedule = Cosine(warmup=WARMUP)
        for epoch in range(epochs):
            for step, batch in enumerate(loader.epoch(epoch, start=0)):
                features, targets = self._features(batch["image"]), batch["targets"][:, seen]
                factor = schedule.factor(Moment(epoch + step / len(loader), 1 / len(loader), epochs))
                for row in self.rows:
                    row.step(features, vectors, targets, factor)

    @torch.no_grad()
    def results(self) -> Iterator[tuple[str, float, float]]:
        """The mAP of unseen and of seen labels of each row, in percent."""
        examples, names = self._source.split("test"), ("unseen", "seen")
        vectors = {name: self.space.inputs(name)["labels_vectors"] for name in names}
        scores: dict[tuple[str, str], list[Tensor]] = {(row.name, name): [] for row in self.rows for name in names}
        targets = []
        for row in self.rows:
            row.head.eval()
        for rows in torch.arange(len(examples)).split(SLICE):
            batch = examples[rows.tolist()]
            features = self._features(batch["image"])
            targets.append(batch["targets"])
            for row in self.rows:
                for name in names:
                    scores[row.name, name].append(row.said(features, vectors[name]).scores)
        whole = torch.cat(targets)
        for row in self.rows:
            of_each = (
                MeanAveragePrecision().value(
                    torch.cat(scores[row.name, name]), whole[:, self.space.label_set(name).index], Rules()
                )
                for name in names
            )
            unseen, seen = (100 * value for value in of_each)
            yield row.name, unseen, seen

    @torch.no_grad()
    def _features(self, images: Tensor) -> Tensor:
        features: Tensor = self._neck(self._backbone(images).last)
        return features


def main() -> None:
    """Train and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--set", nargs="+", default=[])
    given = options.parse_args()
    print("| loss | seed | unseen mAP | seen mAP |\n| --- | --- | --- | --- |")
    for seed in given.seeds:
        table = Table(Run(given.run), seed, given.set)
        table.fit(given.epochs)
        for name, unseen, seen in table.results():
            print(f"| {name} | {seed} | {unseen:.1f} | {seen:.1f} |", flush=True)


if __name__ == "__main__":
    main()
