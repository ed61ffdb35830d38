"""Attempts to confirm that the data or the label space do not give what is asked of them."""

from __future__ import annotations

from itertools import product
from typing import Any

from torch import Tensor

from compose.data.source import DataSource
from compose.errors import SpecError
from compose.evaluation.task_labels import LABELS
from compose.spec.wiring.reserved import RESERVED
from compose.tasks.episodes import EpisodeShape
from compose.tasks.task_pool import draw_tasks
from tests.soundness.confirmed.case import Case, Spec, texts

OF_EXAMPLES = {name for name, given in RESERVED.items() if given.of_batch}


def no_such_data(case: Case, error: SpecError) -> bool:
    """The data has no such examples, episodes or labels."""
    if isinstance(case.world, str) or case.world.refused:
        return True
    evaluate = case.spec.get("evaluate") or {}
    source = case.world.source
    split = evaluate.get("split", "test")
    try:
        if not len(source.split(split)):
            return True
        _draw_all(case.spec, source)
        case.registry.construct("section", "evaluate", evaluate)
    except Exception:  # whatever the source does
        return True
    return False


def _draw_all(spec: Spec, source: DataSource) -> None:
    """Draw the episodes of the evaluation, and those of each stage in training and validation."""
    evaluate, stages = spec.get("evaluate") or {}, (spec.get("train") or {}).values()
    asked = [(part, split) for part in stages if part.get("ways") for split in ("train", "val")]
    if "episodes" in evaluate.get("tasks", ()):
        metrics = [metric for metric in evaluate.get("metrics", ()) if isinstance(metric, dict)]
        chosen = any(metric.get("threshold") == "validation" for metric in metrics)
        asked += [(evaluate, split) for split in (evaluate.get("split", "test"), *(["val"] if chosen else []))]
    for part, split in asked:
        for ways, shots in product(_listed(part.get("ways", 5)), _listed(part.get("shots", 1))):
            shape = EpisodeShape(ways, shots, part.get("queries", 1))
            drawn = draw_tasks(source, split, [shape], sampling="uniform", seed=0, count=2)
            drawn[[0, 1]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def no_labels(case: Case, error: SpecError) -> bool:
    """A task has no labels."""
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ("zsl", "gzsl"))
    if isinstance(case.world, str):
        return False
    space = case.world.space
    return any(not len(space.label_set(LABELS[task]).names) for task in tasks if task in LABELS)


def no_graph(case: Case, error: SpecError) -> bool:
    """Labels in use have no vectors, or a graph that joins no two of them."""
    if isinstance(case.world, str):
        return True
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ("zsl", "gzsl"))
    for labels in {"seen", *(LABELS[task] for task in tasks if task in LABELS)}:
        try:
            edges = case.world.space.inputs(labels).get("labels_graph")
        except Exception:  # whatever the space raises
            return True
        if edges is not None and bool((edges[0] == edges[1]).all()):
            return True
    return False


def external_misfit(case: Case, error: SpecError) -> bool:
    """The external examples have another shape than those of the data."""
    if isinstance(case.world, str) or case.world.space.external is None:
        return False
    ours, theirs = case.world.source.shapes, case.world.space.external.shapes
    return any(theirs[name] != ours[name] for name in theirs if name in ours)


def nothing_measured(case: Case, error: SpecError) -> bool:
    """No example of what is evaluated carries a label of any task, or none is known to lack one."""
    if isinstance(case.world, str):
        return False
    evaluate, source = case.spec.get("evaluate") or {}, case.world.source
    examples = source.split(evaluate.get("split", "test"))
    targets = examples[range(len(examples))]["targets"]
    for task in evaluate.get("tasks", ("zsl", "gzsl")):
        if task == "episodes":
            return False
        columns = targets[:, case.world.space.label_set(LABELS[task]).index]
        if bool((columns > 0).any()) and bool((columns < 0).any()):
            return False
    return True


def unfed(case: Case, error: SpecError) -> bool:
    """A stage's examples feed none of its losses, or not the one that it names."""
    section, name = case.part(error)
    stage = (case.spec.get("train") or {}).get(name)
    if section != "train" or not isinstance(stage, dict):
        return False
    found = fed(case, stage)
    return not set(stage.get("losses") or found) <= set(found) or not found


def fed(case: Case, stage: Spec) -> list[str]:
    """The losses that a stage's examples feed; of a stage on external examples or on tasks, those on their targets."""
    declaration = case.registry.find("stage", str(stage.get("stage")))
    external, gives = stage.get("examples") == "external", set(declaration.gives) if declaration else set()
    if isinstance(case.world, str):
        return []
    source = case.world.space.external if external else case.world.source
    if source is None:
        return []
    targets = {"external.targets"} if external else {"targets", "parents.targets"} - gives
    wanted = "external.targets" if external else "novel.targets"
    given = {*source.shapes, *gives, *(targets if "novel.targets" not in gives else ())}
    found = []
    for loss, term in case.spec.get("loss", {}).items():
        reads = case.reads([*texts(term.get("in")), *case.by_name("loss", term)])
        on_targets = wanted in reads or not (external or wanted in gives)
        if on_targets and not {read for read in reads if read in OF_EXAMPLES} - given:
            found.append(loss)
    return found


def wrong_kind_of_scores(case: Case, error: SpecError) -> bool:
    """A task is of labels and the scores are of the classes of episodes, or the other way round."""
    scores = case.interpreter.scores
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ["zsl", "gzsl"])
    reads = case.reads([str(case.spec.get("scores", "scores"))])
    of_episodes = any(RESERVED[name].of_episodes or RESERVED[name].of_tasks for name in reads)
    if isinstance(case.world, str):
        return False
    truth = case.world.training
    of_labels = isinstance(scores, Tensor) and "targets" in truth and scores.shape == truth["targets"].shape
    adapts = case.world.adapts
    return any(
        (task == "episodes" and not of_episodes and not adapts)
        or (task == "episodes" and of_labels)
        or (task != "episodes" and (of_episodes or adapts or not of_labels))
        for task in tasks
    ) or (adapts and any(RESERVED[name].of_episodes for name in reads))


def cannot_look(case: Case, error: SpecError) -> bool:
    """A metric compares places with boxes, and the model tells no places, or the data has no boxes."""
    if isinstance(case.world, str) or "boxes" not in case.world.source.shapes:
        return True
    if case.spec.get("attention"):
        return False
    uses = [node.get("use") for name, node in case.spec["model"].items() if name in case.nodes_of_scores]
    inner = [node.get("use") for body in case.spec.get("blocks", {}).values() for node in body["model"].values()]
    known = [case.registry.find("block", str(used)) for used in [*uses, *inner]]
    return not any(block and block.output("attention") for block in known)
