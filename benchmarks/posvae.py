"""Does PosVAE help unseen labels on the drawn scenes? What its weight and a classifier that is right would change.

    python -m benchmarks.posvae RUN [--seeds 0 1 2] [--epochs 6]

RUN is a run of ``zoo/rgcn-posvae.yaml``, whose frozen backbone and classifier see every scene once. On what they say,
the second stage of that spec is trained anew for each row: without external nodes (``-v rgcn``), and with them at
several weights of PosVAE's loss, for the classifier as it is and for one that is right: its classes fire where a label
near them in WordNet is in the scene. Printed are the mAP of unseen and of seen labels in percent, and by how much a
node's mean differs from scene to scene (standard deviation): 0 where its state is the prior whatever a scene shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

import compose
from compose.api.run import Run
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.rules import Rules
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import load_taxonomy
from compose.training.stages.schedules import Cosine, Moment

SPEC = "zoo/rgcn-posvae.yaml"
SHARPNESS = 20
"""What a similarity counts in the logits of the classifier that is right."""
BATCH, RATE, CLIP, WARMUP = 32, 3e-3, 1.0, 0.5
SLICE = 250
"""Scenes that are seen at once without gradients."""

Posterior = Callable[["Seen"], Tensor]


@dataclass(frozen=True)
class Seen:
    """What backbone and classifier say of a split's scenes.

    Args:
        features: b c.
        logits: b x, of the external classes that are nodes.
        targets: b l, of all labels.
    """

    features: Tensor
    logits: Tensor
    targets: Tensor

    def __getitem__(self, rows: Tensor) -> Seen:
        return Seen(self.features[rows], self.logits[rows], self.targets[rows])

    def slices(self) -> Iterator[Seen]:
        """Slices of its scenes."""
        for rows in torch.arange(len(self.targets)).split(SLICE):
            yield self[rows]


class FirstStage:
    """The frozen part of a run, and the scenes it has seen."""

    def __init__(self, run: Run) -> None:
        self.space, self._source, self._model = run.prepared.space, run.prepared.source, run.model.eval()

    @cached_property
    def train(self) -> Seen:
        """The scenes of training."""
        return self._seen("train")

    @cached_property
    def test(self) -> Seen:
        """The scenes of the test."""
        return self._seen("test")

    @cached_property
    def near(self) -> Tensor:
        """WUP similarity of each external class to each label, x l."""
        taxonomy, classes, labels = load_taxonomy(None), self.space.classes.kept, self.space.table
        of_classes = find_synsets(taxonomy, classes.names, classes.synsets)
        of_labels = find_synsets(taxonomy, labels.names, labels.synsets)
        return torch.as_tensor(wup_similarities(taxonomy, of_classes, of_labels), dtype=torch.float32)

    def said(self, seen: Seen) -> Tensor:
        """The classifier as it is: b x."""
        return seen.logits.softmax(1)

    def right(self, seen: Seen) -> Tensor:
        """A classifier that is right: softmax over how near the nearest label of a scene is to each class, b x."""
        nearest = torch.stack([(self.near * row).amax(1) for row in (seen.targets > 0).float()])
        return (SHARPNESS * nearest).softmax(1)

    @torch.no_grad()
    def _seen(self, split: str) -> Seen:
        examples, parts = self._source.split(split), []
        for rows in torch.arange(len(examples)).split(SLICE):
            batch = examples[rows.tolist()]
            pooled = self._model.pooled(self._model.backbone(batch["image"]).last)
            logits = self._model.classifier(pooled, self.space.classes.places)[:, self.space.classes.places >= 0]
            parts.append((pooled, logits, batch["targets"]))
        return Seen(*(torch.cat(part) for part in zip(*parts, strict=True)))


class SecondStage:
    """The part of the spec that is trained here.

    Args:
        first: what has seen the scenes.
        seed: of the weights and of the scenes' order.
        weight: of PosVAE's loss; none is without external nodes.
        posterior: how probable each external class is.
    """

    def __init__(self, first: FirstStage, seed: int, weight: float | None, posterior: Posterior) -> None:
        variants = ["rgcn"] if weight is None else []
        self.first, self.seed, self.weight, self.posterior = first, seed, weight, posterior
        self.model = compose.load(SPEC, variants=variants, overrides={"seed": seed}).build().training
        trained = ("states", "propagation", "scores", *(() if weight is None else ("external_states",)))
        self.trained = nn.ModuleList(self.model.get_submodule(name) for name in trained)

    def fit(self, epochs: int) -> None:
        """Train with the optimiser and schedule of the spec's second stage."""
        random = torch.Generator().manual_seed(self.seed)
        torch.manual_seed(self.seed)
        weights, train = list(self.trained.parameters()), self.first.train
        optimizer, schedule = torch.optim.Adam(weights, lr=RATE), Cosine(warmup=WARMUP)
        seen = self.first.space.label_set("seen").index
        self.trained.train()
        for epoch in range(epochs):
            batches = torch.randperm(len(train.targets), generator=random).split(BATCH)
            for step, rows in enumerate(batches):
                batch = train[rows]
                scores, states = self._forward(batch, "seen")
                loss = self.model.loss.labels(scores, batch.targets[:, seen])
                if states is not None:
                    loss = loss + self.weight * states.loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(weights, CLIP)
                moment = Moment(epoch + step / len(batches), 1 / len(batches), epochs)
                for group in optimizer.param_groups:
                    group["lr"] = RATE * schedule.factor(moment)
                optimizer.step()

    @torch.no_grad()
    def results(self) -> tuple[float, float, float]:
        """mAP of unseen labels and of seen ones among all, in percent, and how much nodes differ between scenes."""
        self.trained.eval()
        said = [self._forward(part, "all") for part in self.first.test.slices()]
        scores, space = torch.cat([scores for scores, _ in said]), self.first.space
        place = {column: row for row, column in enumerate(space.label_set("all").index.tolist())}
        maps = []
        for name in ("unseen", "seen"):
            columns = space.label_set(name).index.tolist()
            own = scores[:, [place[column] for column in columns]]
            maps.append(100 * MeanAveragePrecision().value(own, self.first.test.targets[:, columns], Rules()))
        nodes = [states.nodes for _, states in said if states is not None]
        return maps[0], maps[1], torch.cat(nodes).std(0).mean().item() if nodes else 0.0

    def _forward(self, seen: Seen, labels: str) -> tuple[Tensor, object]:
        given = self.first.space.inputs(labels)
        vectors, edges, model = given["labels_vectors"], given["labels_graph"], self.model
        nodes = model.states(seen.features, vectors)
        if self.weight is None:
            among_labels = edges[:, (edges < len(vectors)).all(0)]
            return model.scores(model.propagation(nodes, vectors, among_labels).labels), None
        external = given["external_vectors"]
        states = model.external_states(self.posterior(seen), external)
        return model.scores(model.propagation(nodes, vectors, edges, states.nodes, external).labels), states


def main() -> None:
    """Train and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path)
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    options.add_argument("--epochs", type=int, default=6)
    given = options.parse_args()
    first = FirstStage(Run(given.run))
    rows = [
        ("no external nodes", None, first.said),
        *((f"as it is, weight {weight}", weight, first.said) for weight in (1, 0.01, 0)),
        *((f"right, weight {weight}", weight, first.right) for weight in (1, 0)),
    ]
    print("| classifier | seed | unseen mAP | seen mAP | nodes differ |\n| --- | --- | --- | --- | --- |")
    for seed in given.seeds:
        for name, weight, posterior in rows:
            stage = SecondStage(first, seed, weight, posterior)
            stage.fit(given.epochs)
            unseen, seen, differ = stage.results()
            print(f"| {name} | {seed} | {unseen:.1f} | {seen:.1f} | {differ:.4f} |", flush=True)


if __name__ == "__main__":
    main()
