"""What a spec's data and label space give, as real tensors of the true sizes."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from compose.data.source import DataSource
from compose.labels.label_set import Labels, training_labels
from compose.labels.label_space import LabelSpace
from compose.labels.parents import Parents
from compose.model.episode_batch import EpisodeBatch
from compose.registry.registry import Registry
from compose.spec.wiring.reserved import RESERVED
from compose.tasks.episodes import EpisodeShape
from compose.tasks.task_pool import draw_tasks

BATCH = 10
"""Examples at a time where no stage says how many."""
MOST_EPISODES = 16
KEPT: OrderedDict[str, World] = OrderedDict()
"""The newest worlds: many specs share one."""
MOST_KEPT = 64

Inputs = dict[str, Tensor]
"""Reserved input -> tensor."""


@dataclass
class World:
    """What surrounds a model.

    Args:
        source: the examples.
        space: the label space.
        episodes: what a batch of episodes holds; None where there are none.
        adapts: whether weights adapt to episodes.
        batch: examples in a batch of the first stage.
        together: whether many episodes are given at once, with their targets.
        training: the reserved inputs while the model is trained.
        refused: why there are no such examples; "" where there are.
    """

    source: DataSource
    space: LabelSpace
    episodes: EpisodeBatch | None
    adapts: bool
    batch: int = BATCH
    together: bool = True
    training: Inputs = field(default_factory=dict)
    refused: str = ""

    def labels(self, which: Labels) -> Inputs | None:
        """What the label space gives of other labels, and targets of as many columns; None where there are none."""
        rows, count = len(self.training.get("targets", ())), len(self.space.label_set(which).names)
        try:
            given = self.space.inputs(which) if count else {}
        except (ValueError, OSError):
            return None
        found = {name: given[reserved.port] for name, reserved in RESERVED.items() if reserved.port in given}
        if not count or not rows:
            return None
        return _kept({**found, "targets": torch.ones(rows, count, dtype=torch.int8)})


def world(spec: Mapping[str, Any], registry: Registry) -> World:
    """The world of a spec; raises what its classes raise."""
    key = json.dumps([spec.get(section) for section in ("data", "labels", "train", "evaluate")], default=str)
    if key not in KEPT:
        KEPT[key] = _made(spec, registry)
        while len(KEPT) > MOST_KEPT:
            KEPT.popitem(last=False)
    return KEPT[key]


def _made(spec: Mapping[str, Any], registry: Registry) -> World:
    data = dict(spec["data"])
    source = registry.construct("data", data.pop("use"), data)
    space = registry.construct("section", "labels", dict(spec.get("labels") or {})).space(source.labels)
    adapting = any(_gives(stage, "novel.targets", registry) for stage in (spec.get("train") or {}).values())
    adapts = adapting or bool((spec.get("evaluate") or {}).get("adapt"))
    stages = (spec.get("train") or {}).values()
    together = any(_gives(stage, "support.targets", registry) for stage in stages)
    together |= "episodes" in ((spec.get("evaluate") or {}).get("tasks") or ())
    found = World(source, space, _episodes(spec, registry), adapts, _batch(spec), together)
    try:
        found.training = _training(found)
    except Exception as error:  # the data has no such examples or episodes
        found.refused = f"{type(error).__name__}: {error}"
        found.training = _without_episodes(found)
    return found


def _gives(stage: Any, name: str, registry: Registry) -> bool:
    declaration = registry.find("stage", str(stage.get("stage"))) if isinstance(stage, dict) else None
    return declaration is not None and name in declaration.gives


def _episodes(spec: Mapping[str, Any], registry: Registry) -> EpisodeBatch | None:
    """Those of the first stage that trains on such, else of the evaluation."""
    for stage in (spec.get("train") or {}).values():
        if isinstance(stage, dict) and (declaration := registry.find("stage", str(stage.get("stage")))):
            if "support.targets" not in declaration.gives and "novel.targets" not in declaration.gives:
                continue
            default = {p.name: p.default for p in declaration.parameters}
            read = {name: stage.get(name) or default[name] for name in ("ways", "shots", "queries", "query_classes")}
            shots = read["shots"] if isinstance(read["shots"], int) else max(read["shots"])
            count = min(stage.get("batch") or default["batch"], MOST_EPISODES)
            return EpisodeBatch(count, EpisodeShape(read["ways"], shots, read["queries"], read["query_classes"]))
    evaluate = spec.get("evaluate") or {}
    if "episodes" not in evaluate.get("tasks", ()):
        return None
    ways, shots = (_first(evaluate.get(name, default)) for name, default in (("ways", 5), ("shots", 1)))
    return EpisodeBatch(2, EpisodeShape(ways, shots, evaluate.get("queries", 15)))


def _batch(spec: Mapping[str, Any]) -> int:
    """The examples of the first stage's batch."""
    first = next(iter((spec.get("train") or {}).values()), {})
    batch = first.get("batch", 32) if isinstance(first, dict) else BATCH
    return batch if isinstance(batch, int) and 0 < batch < 100 else BATCH


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def _training(found: World) -> Inputs:
    source, space, episodes = found.source, found.space, found.episodes
    labels = training_labels(source.labels)
    examples = source.split("train")
    if episodes is None:
        if not len(examples):
            raise ValueError("there are no training examples")
        return _given(source, space, examples[range(found.batch)], labels)
    drawn = draw_tasks(source, "train", [episodes.shape], sampling="uniform", seed=0, count=episodes.count)
    batch = drawn[range(episodes.count)]
    given = _given(source, space, batch, labels)
    if found.together:
        given["support.targets"], given["query.targets"] = batch["support_targets"], batch["query_targets"]
    if found.adapts:
        columns = batch["episode_labels"][0]
        given["novel.targets"] = batch["targets"][:, columns]
        if space.vectors is not None:
            given["labels.novel"] = space.vectors[columns]
    return given


def _without_episodes(found: World) -> Inputs:
    """Examples of zeros, as many as are asked for, and targets of as many episodes."""
    count = found.episodes.images if found.episodes else found.batch
    batch = {name: torch.zeros(count, *shape) for name, shape in found.source.shapes.items()}
    batch["targets"] = torch.ones(count, len(found.source.labels.names), dtype=torch.int8)
    try:
        given = _given(found.source, found.space, batch, training_labels(found.source.labels))
    except Exception:  # labels without vectors, or external classes without examples
        return {}
    for name, size in found.episodes.sizes.items() if found.episodes and found.together else ():
        given[name] = torch.full(size, -1, dtype=torch.int8)
        given[name][..., 0] = 1
    return given


def _given(source: DataSource, space: LabelSpace, batch: Mapping[str, Tensor], labels: Labels) -> Inputs:
    by_port = {reserved.port: name for name, reserved in RESERVED.items()}
    given = {by_port[port]: value for port, value in space.inputs(labels).items()}
    given |= {name: batch[name] for name in source.shapes if name in RESERVED}
    given["targets"] = batch["targets"][:, space.label_set(labels).index]
    if source.parents:
        given["parents.targets"] = Parents(source).targets(batch["targets"])
    if space.external is not None:
        examples = space.external.split("train")
        given["external.targets"] = examples[range(len(batch["targets"]))]["targets"]
    return _kept(given)


def _kept(given: Mapping[str, Tensor]) -> Inputs:
    """Without the vectors of external nodes where every external class is a label."""
    empty = not len(given.get("external.vectors", "some"))
    return {name: value for name, value in given.items() if not (empty and name == "external.vectors")}
