"""A random spec, a function of its seed and of what is registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from torch import Tensor

from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.metric_entries import make_metric
from compose.registry.registry import Registry
from tests.soundness.drawn.mutations import mutate
from tests.soundness.drawn.random_model import Grower, Grown
from tests.soundness.drawn.random_values import NoValue, Setting, draw, parameters
from tests.soundness.drawn.rewritings import rewrite
from tests.soundness.world import World, world

Spec = dict[str, Any]


@dataclass
class RandomSpec:
    """A spec, and what it is made of.

    Args:
        seed: what it is drawn by.
        spec: the spec.
        drawn: how often each block and loss stands in it.
        done: what was done to it so that it may be wrong; "" for nothing.
        variants: variants that are laid over it.
    """

    seed: int
    spec: Spec
    drawn: Counter[str] = field(default_factory=Counter)
    done: str = ""
    variants: tuple[str, ...] = ()


def random_spec(seed: int, registry: Registry) -> RandomSpec:
    """The spec of a seed."""
    dice = Random(seed)
    grower = None
    blocks = [found for found in registry.all() if found.kind in ("block", "composite")]
    favourite = blocks[seed % len(blocks)]
    while grower is None or len(grower.nodes) < 2 or ("scores" not in grower.nodes and dice.random() < 0.9):
        spec, kind = _surroundings(dice, registry, {port.name for port in favourite.inputs})
        try:
            around = world(spec, registry)
        except Exception:
            continue
        if around.refused and dice.random() < 0.9:
            continue
        wild = dice.choice([0.0, 0.0, 0.0, 0.06])
        grower = Grower(dice, registry, around.training, wild=wild, favourite=favourite)
        _model(dice, grower, _wanted(around, kind))
    _name_scores(dice, grower)
    spec["model"], spec["loss"] = grower.nodes, _losses(dice, grower, kind)
    if kind != "labels" and dice.random() < 0.85:
        _drop_idle(spec)
    _stages(dice, spec, registry)
    spec["evaluate"] = _evaluate(dice, spec["evaluate"], registry)
    found = RandomSpec(seed, {key: value for key, value in spec.items() if value}, grower.drawn)
    rewrite(dice, found.spec, registry)
    found.done = mutate(dice, found.spec, registry) if dice.random() < 0.18 else ""
    return found


# --- data, labels, and what is scored ---------------------------------------------------------------------------------

DATA: Mapping[str, Sequence[tuple[int, Spec]]] = {
    "pictures": (
        (30, {"use": "random_pictures"}),
        (1, {"use": "glyph_scenes", "size": 16, "train": 12, "val": 4, "test": 12}),
    ),
    "classes": (
        (30, {"use": "random_classes"}),
        (1, {"use": "alphabets", "size": 16, "drawings": 3}),
    ),
    "features": (
        (30, {"use": "random_features"}),
        (1, {"use": "glosses", "split": {"train": 4, "val": 3, "test": 3}}),
    ),
}
"""Data by what its examples are: how often each is drawn, and the options that keep it small."""
OFTEN = {"random_pictures": 0.3, "random_classes": 0.25, "random_features": 0.3}
"""How often an option of a data source is drawn; never where its data is slow."""


def _surroundings(dice: Random, registry: Registry, ports: set[str]) -> tuple[Spec, str]:
    """The sections around a model, the stages without what names its nodes; and what it scores.

    What is scored are ``labels`` (of the label space), ``episodes`` (classes of episodes at once) or ``tasks`` (the
    classes of one episode, to which weights adapt).

    Args:
        dice: what is drawn from.
        registry: what there is.
        ports: names of ports; reserved inputs that feed them by those names are there mostly.
    """
    kind = dice.choice(["labels"] * 5 + ["episodes"] * 3 + ["tasks"] * 2)
    if {"support_targets", "labels_novel"} & ports and dice.random() < 0.8:
        kind = "episodes" if "support_targets" in ports else "tasks"
    examples = dice.choice(["pictures"] * 5 + ["classes", "features"] if kind == "labels" else ["classes", "features"])
    options = DATA[examples]
    chosen = dice.choices([option for _, option in options], [weight for weight, _ in options])[0]
    data = {**chosen, **_drawn(dice, registry, "data", chosen["use"], OFTEN.get(chosen["use"], 0.0))}
    if dice.random() < 0.9:
        data = {key: value for key, value in data.items() if key not in ("seen", "unseen", "test") or value}
    tasks = ["episodes"] if kind != "labels" else dice.sample(["zsl", "seen", "gzsl"], dice.randint(1, 3))
    if data.get("unseen") == 0 and dice.random() < 0.9:
        tasks = ["seen"]
    if dice.random() < 0.03:
        tasks = dice.sample(["zsl", "seen", "gzsl", "episodes"], 2)
    evaluate: Spec = {"tasks": tasks}
    if "episodes" in tasks:
        evaluate |= {"ways": dice.choice([2, 3, [2, 3]]), "shots": dice.choice([1, 2, [1, 2]])}
        evaluate |= {"queries": dice.randint(1, 2), "episodes": dice.randint(2, 4)}
    spec = {"name": "drawn", "seed": dice.randrange(3), "data": data, "labels": _labels(dice, registry, data, ports)}
    return {**spec, "train": _skeletons(dice, kind, registry), "evaluate": evaluate}, kind


def _drawn(dice: Random, registry: Registry, kind: Any, name: str, often: float) -> Spec:
    declaration = registry.find(kind, name)
    assert declaration is not None
    return parameters(dice, Setting(declaration), often=often)


def _labels(dice: Random, registry: Registry, data: Spec, ports: set[str]) -> Spec:
    """The label space; its options with a rate of their own, since few models need each."""
    found: Spec = {}
    if dice.random() < (0.1 if data["use"] == "alphabets" else 0.92):  # a letter has no place in WordNet
        found["vectors"] = {"use": "wordnet", "dim": dice.choice([4, 5, 8, 11])}
    if dice.random() < (0.9 if "labels_graph" in ports else 0.2):
        found["graph"] = {"use": "wup", **_drawn(dice, registry, "graph", "wup", 0.4)}
    if dice.random() < (0.9 if any(port.startswith("external_") for port in ports) else 0.2):
        alike = dice.random() < 0.8 and data["use"].startswith("random_")
        size = {key: data[key] for key in ("size", "channels") if key in data}
        found["external"] = {"use": data["use"] if alike else "random_pictures", **(size if alike else {})}
    found |= _drawn(dice, registry, "section", "labels", 0.12) if dice.random() < 0.5 else {}
    return found


def _skeletons(dice: Random, kind: str, registry: Registry) -> Spec:
    """The stages with what decides the shape of their batches."""
    last = {"labels": "supervised", "episodes": "episodic", "tasks": "maml"}[kind]
    kinds = [last]
    if dice.random() < 0.35:
        kinds = [dice.choice(["supervised", last]), last]
    stages = {}
    for number, stage in enumerate(kinds):
        shape: Spec = {"stage": stage, "epochs": dice.choice([1, 1, 1, 2]), "batch": dice.choice([9, 13])}
        declaration = registry.find("stage", stage)
        assert declaration is not None
        if declaration.parameter("ways"):
            shape |= {
                "batch": dice.choice([3, 5]),
                "ways": dice.randint(2, 3),
                "shots": dice.choice([1, 2, [1, 2]]),
                "queries": dice.randint(1, 2),
            }
            shape |= {"episodes": dice.choice([2, 4]), "validation_episodes": 2}
        stages[dice.choice(["main", f"stage{number}", f"s-{number}"])] = shape
    return stages


# --- the model and its losses -----------------------------------------------------------------------------------------


def _model(dice: Random, grower: Grower, wanted: tuple[int, ...] | None) -> None:
    """Nodes, one of which scores what the spec is about, where one is found."""
    grower.grow(dice.randint(2, 9))
    for _ in range(3):
        if wanted is None or grower.score(wanted):
            break
        grower.grow(1)
    grower.grow(dice.choice([0, 0, 1, 2, 4]))


def _name_scores(dice: Random, grower: Grower) -> None:
    """Let some node be the scores where none is."""
    if "scores" not in grower.nodes and grower.nodes:
        likely = [text for text in grower.values if text.split(".")[0] in grower.nodes]
        last = dice.choice(likely).split(".")[0] if likely else next(reversed(grower.nodes))
        grower.nodes = {("scores" if name == last else name): node for name, node in grower.nodes.items()}
        grower.nodes = {name: renamed(node, {last: "scores"}) for name, node in grower.nodes.items()}
        grower.values = {_renamed(text, {last: "scores"}): value for text, value in grower.values.items()}


TRUTH = {"labels": "targets", "episodes": "query.targets", "tasks": "novel.targets"}
"""What scores are compared with."""


def _wanted(around: World, kind: str) -> tuple[int, ...] | None:
    """The shape of the scores."""
    found = around.training.get(TRUTH[kind])
    return None if found is None else tuple(found.shape)


def renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A node, loss or reference that reads other nodes."""
    if isinstance(node, str):
        return _renamed(node, names)
    if isinstance(node, list):
        return [renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    feeds = node.get("in")
    if isinstance(feeds, dict):
        feeds = {port: renamed(feed, names) for port, feed in feeds.items()}
    changed = {"in": renamed(feeds, names) if not isinstance(feeds, dict) else feeds} if feeds is not None else {}
    if isinstance(node.get("share"), str):
        changed["share"] = names.get(node["share"], node["share"])
    return {**node, **changed}


def _renamed(text: str, names: Mapping[str, str]) -> str:
    head, *rest = text.split(".")
    return ".".join([names.get(head, head), *rest])


def _losses(dice: Random, grower: Grower, kind: str) -> Spec:
    """Some losses, the first on the scores where one fits them."""
    found: Spec = {}
    for number in range(dice.choice([1, 1, 2, 3])):
        term = _on_scores(dice, grower, TRUTH[kind]) if number == 0 and dice.random() < 0.95 else None
        term = term or _loss(dice, grower)
        if term:
            found[dice.choice([f"l{number}", f"loss-{number}"])] = term
    for text, value in grower.values.items():
        if isinstance(value, Tensor) and value.shape == () and dice.random() < 0.5:
            found[f"plain{len(found)}"] = {"in": text}
    for name in found:
        if dice.random() < 0.3:
            found[name]["weight"] = dice.choice([0, 0.5, 1, 2.0, 1e-3])
    others = [name for name in found if isinstance(found[name].get("weight", 1), int | float)]
    if len(others) > 1 and dice.random() < 0.1:
        found[others[0]]["weight"] = f"1 - {others[1]}"
    return found


def _drop_idle(spec: Spec) -> None:
    """Leave out stages on batches of examples where no loss is on their targets."""
    feeds = repr([term.get("in") for term in spec["loss"].values()])
    if "'targets'" not in feeds and len(spec["train"]) > 1:
        stages = spec["train"]
        spec["train"] = {name: shape for name, shape in stages.items() if shape["stage"] != "supervised"} or stages


def _on_scores(dice: Random, grower: Grower, truth: str) -> Spec | None:
    for _ in range(150):
        grown = grower.attempt(dice.choice(grower.losses), wild=False, targets=True)
        if grown and not grown.fails and {"scores", truth} <= grown.reads:
            return _term(grower, grown)
    return None


def _loss(dice: Random, grower: Grower) -> Spec | None:
    for _ in range(40):
        grown = grower.attempt(dice.choice(grower.losses), wild=dice.random() < grower.wild, targets=True)
        if grown and (not grown.fails or dice.random() < 0.2):
            return _term(grower, grown)
    return None


def _term(grower: Grower, grown: Grown) -> Spec:
    grower.drawn[grown.node["use"]] += 1
    return grown.node


# --- how it is trained and evaluated ----------------------------------------------------------------------------------


def _stages(dice: Random, spec: Spec, registry: Registry) -> None:
    """Give the stages the options that name nodes, losses and metrics, and others now and then."""
    often = dice.choice([0.0, 0.0, 0.04, 0.12])
    for shape in spec["train"].values():
        metrics = _monitored(dice, registry, shape["stage"])
        names = {"nodes": [*spec["model"]], "losses": [*spec["loss"]], "metrics": metrics}
        declaration = registry.find("stage", shape["stage"])
        assert declaration is not None
        setting = Setting(declaration, names=names, nested=lambda kind: nested(dice, registry, kind))
        drawn = parameters(dice, setting, often=often)
        if not spec["labels"].get("external") and dice.random() < 0.9:
            drawn.pop("examples", None)
        if drawn.get("precision") == 16:  # which needs a GPU
            del drawn["precision"]
        for key in ("workers", "checkpoint_every", "query_classes", "log_every", *shape):
            drawn.pop(key, None)
        shape |= drawn


def _monitored(dice: Random, registry: Registry, stage: str) -> list[str]:
    """Metrics that a stage measures, mostly."""
    names = [f"{name}@2" if _has_k(registry, name) else name for name in registry.names("metric")]
    if dice.random() < 0.1:
        return names
    metrics = [(name, make_metric(name)) for name in names]
    if stage != "supervised":
        return [name for name, metric in metrics if isinstance(metric, EpisodeMetric)]
    return [name for name, metric in metrics if not (metric.looks or metric.both_kinds)]


def _has_k(registry: Registry, metric: str) -> bool:
    declaration = registry.find("metric", metric)
    return declaration is not None and declaration.parameter("k") is not None


def nested(dice: Random, registry: Registry, kind: Any) -> Any:
    """A ``{use: ...}`` of a kind, or a metric as text."""
    name = dice.choice(registry.names(kind))
    declaration = registry.find(kind, name)
    assert declaration is not None
    values = parameters(dice, Setting(declaration), often=0.3)
    if kind == "metric" and set(values) <= {"k"}:
        return f"{name}@{values['k']}" if values else name
    return {"use": name, **values}


RATES = {
    "split": 0.02,
    "adapt": 0.02,
    "inner_steps": 0.02,
    "inner_lr": 0.02,
    "episodes": 0,
    "ways": 0.01,
    "shots": 0.01,
}
"""How often an option of the evaluation is drawn that few specs can have."""


def _has(evaluate: Spec, entry: Any) -> bool:
    """Whether the tasks have a metric."""
    metric, tasks = make_metric(entry), evaluate["tasks"]
    if "episodes" in tasks and not isinstance(metric, EpisodeMetric):
        return False
    return not (metric.looks or (metric.both_kinds and "gzsl" not in tasks) or (metric.tuned and tasks != ["episodes"]))


def _evaluate(dice: Random, evaluate: Spec, registry: Registry) -> Spec:
    declaration = registry.find("section", "evaluate")
    assert declaration is not None
    strict = dice.random() < 0.97

    def metric(kind: str) -> Any:
        return next(
            entry for entry in iter(lambda: nested(dice, registry, kind), "") if not strict or _has(found, entry)
        )

    found = dict(evaluate)
    setting = Setting(declaration, nested=metric)
    for parameter in declaration.parameters:
        rate = 0.6 if parameter.uses else RATES.get(parameter.name, 0.06)
        if parameter.name in found or parameter.refers or dice.random() > rate:
            continue
        try:
            found[parameter.name] = draw(dice, parameter, setting)
        except NoValue:
            continue
    return found
