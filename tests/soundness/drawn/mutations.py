"""Mistakes that people make, one put into a spec that may well be right."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from compose.registry.registry import Registry
from tests.soundness.drawn.random_values import wrong

Spec = dict[str, Any]
NAMES = ("global", "class", "self", "_modules", "forward", "train", "labels", "loss", "image", "None", "in", "use")


def mutate(dice: Random, spec: Spec, registry: Registry) -> str:
    """Put one mistake in; returns which, "" where it did not apply."""
    change = dice.choice(CHANGES)
    before = repr(spec)
    change(dice, spec, registry)
    return change.__name__.strip("_") if repr(spec) != before else ""


def _node(dice: Random, spec: Spec) -> Spec:
    found: Spec = dice.choice([*spec["model"].values()])
    return found


def _stage(dice: Random, spec: Spec) -> Spec:
    found: Spec = dice.choice([*spec["train"].values()])
    return found


def _misspelt_node(dice: Random, spec: Spec, registry: Registry) -> None:
    node = _node(dice, spec)
    if isinstance(node.get("in"), str):
        node["in"] = node["in"] + "x"


def _other_feed(dice: Random, spec: Spec, registry: Registry) -> None:
    """Another node, or a reserved input, in place of what feeds a node."""
    node = _node(dice, spec)
    sources = [*spec["model"], "image", "features", "labels.vectors", "targets", "labels.graph", "support.targets"]
    if isinstance(node.get("in"), list):
        node["in"][dice.randrange(len(node["in"]))] = dice.choice(sources)
    elif isinstance(node.get("in"), dict) and node["in"]:
        node["in"][dice.choice([*node["in"]])] = dice.choice(sources)
    else:
        node["in"] = dice.choice(sources)


def _no_feed(dice: Random, spec: Spec, registry: Registry) -> None:
    _node(dice, spec).pop("in", None)


def _one_feed_more(dice: Random, spec: Spec, registry: Registry) -> None:
    node = _node(dice, spec)
    feeds = node.get("in")
    if isinstance(feeds, str | list):
        node["in"] = [*([feeds] if isinstance(feeds, str) else feeds), dice.choice([*spec["model"]])]


def _wrong_value(dice: Random, spec: Spec, registry: Registry) -> None:
    node = _node(dice, spec)
    declaration = registry.find("block", node.get("use", ""))
    if declaration and declaration.parameters:
        parameter = dice.choice(declaration.parameters)
        node[parameter.name] = wrong(dice, parameter)


def _unknown_key(dice: Random, spec: Spec, registry: Registry) -> None:
    dice.choice([_node(dice, spec), _stage(dice, spec), spec["evaluate"], spec["data"]])["sise"] = 3


def _taken_name(dice: Random, spec: Spec, registry: Registry) -> None:
    section = dice.choice(["model", "loss"])
    if not spec.get(section):
        return
    name, new = dice.choice([*spec[section]]), dice.choice(NAMES)
    from tests.soundness.drawn.random_spec import renamed

    spec[section] = {(new if key == name else key): value for key, value in spec[section].items()}
    if section == "model":
        spec["model"] = {key: renamed(node, {name: new}) for key, node in spec["model"].items()}
        spec["loss"] = {key: renamed(term, {name: new}) for key, term in spec.get("loss", {}).items()}
        if name == "scores":
            spec["scores"] = new


def _nothing_trained(dice: Random, spec: Spec, registry: Registry) -> None:
    option, value = dice.choice([("freeze", ["*"]), ("train", ["scores"]), ("train", []), ("losses", [])])
    _stage(dice, spec)[option] = value


def _one_trained(dice: Random, spec: Spec, registry: Registry) -> None:
    name = dice.choice([*spec["model"]])
    _stage(dice, spec)[dice.choice(["train", "freeze"])] = [name]


def _one_loss(dice: Random, spec: Spec, registry: Registry) -> None:
    if spec.get("loss"):
        _stage(dice, spec)["losses"] = [dice.choice([*spec["loss"], "nothing"])]


def _plain_loss(dice: Random, spec: Spec, registry: Registry) -> None:
    """A term that takes a port as it is."""
    if spec.get("loss"):
        spec["loss"][dice.choice([*spec["loss"]])] = {"in": dice.choice([*spec["model"], "targets", "image"])}


def _loss_elsewhere(dice: Random, spec: Spec, registry: Registry) -> None:
    """A loss that reads another node."""
    if spec.get("loss"):
        term = dice.choice([*spec["loss"].values()])
        term["in"] = dice.choice([*spec["model"]])


def _no_losses(dice: Random, spec: Spec, registry: Registry) -> None:
    spec.pop("loss", None)


def _waits(dice: Random, spec: Spec, registry: Registry) -> None:
    """A schedule or patience that waits for what is validated, without validation."""
    stage = _stage(dice, spec)
    stage |= dice.choice([{"schedule": {"use": "plateau"}}, {"patience": 1}, {"keep": "best"}])
    stage |= dice.choice([{"validate_every": 0}, {"monitor": "loss"}, {"monitor": "nothing"}, {}])


def _scores_by_place(dice: Random, spec: Spec, registry: Registry) -> None:
    """Scores by a layer with as many outputs as there are labels or classes."""
    used, size = dice.choice(["linear", "mlp"]), dice.choice([2, 3, 5, 7, 10])
    options = {"size": size} if used == "linear" else {"sizes": [size]}
    feeds = [name for name in spec["model"] if name != "scores"] or ["features"]
    spec["model"]["scores"] = {"use": used, "in": dice.choice(feeds), **options}


def _scores_elsewhere(dice: Random, spec: Spec, registry: Registry) -> None:
    spec["scores"] = dice.choice([*spec["model"], "image", "targets", "nothing"])


def _circle(dice: Random, spec: Spec, registry: Registry) -> None:
    names = [*spec["model"]]
    first = dice.choice(names)
    spec["model"][first]["in"] = dice.choice(names[names.index(first) :])


def _targets_seen(dice: Random, spec: Spec, registry: Registry) -> None:
    node = _node(dice, spec)
    node["in"] = dice.choice(["targets", ["targets"], "query.targets"])


def _other_tasks(dice: Random, spec: Spec, registry: Registry) -> None:
    spec["evaluate"]["tasks"] = dice.sample(["zsl", "seen", "gzsl", "episodes"], dice.randint(1, 2))


def _many_ways(dice: Random, spec: Spec, registry: Registry) -> None:
    dice.choice([spec["evaluate"], _stage(dice, spec)])[dice.choice(["ways", "shots"])] = dice.choice([4, 50])


def _no_examples(dice: Random, spec: Spec, registry: Registry) -> None:
    if spec["data"]["use"] == "random_pictures":
        spec["data"][dice.choice(["train", "val", "test"])] = 0


def _no_positives(dice: Random, spec: Spec, registry: Registry) -> None:
    if spec["data"]["use"] == "random_pictures":
        spec["data"]["bare"] = True


def _fewer_labels(dice: Random, spec: Spec, registry: Registry) -> None:
    if spec["data"]["use"] == "random_pictures":
        spec["data"][dice.choice(["seen", "unseen"])] = dice.choice([0, 1])


def _labels_lack(dice: Random, spec: Spec, registry: Registry) -> None:
    if spec.get("labels"):
        spec["labels"].pop(dice.choice([*spec["labels"]]))


def _node_gone(dice: Random, spec: Spec, registry: Registry) -> None:
    spec["model"].pop(dice.choice([*spec["model"]]))
    if not spec["model"]:
        spec["model"] = {"scores": {"use": "nothing"}}


def _same_weights(dice: Random, spec: Spec, registry: Registry) -> None:
    first, second = dice.choice([*spec["model"]]), dice.choice([*spec["model"]])
    node = spec["model"][second]
    spec["model"][second] = {"share": first, **({"in": node["in"]} if "in" in node else {})}


CHANGES: tuple[Callable[[Random, Spec, Registry], None], ...] = (
    _misspelt_node,
    _other_feed,
    _other_feed,
    _other_feed,
    _no_feed,
    _one_feed_more,
    _wrong_value,
    _wrong_value,
    _unknown_key,
    _taken_name,
    _nothing_trained,
    _one_trained,
    _one_trained,
    _one_loss,
    _plain_loss,
    _loss_elsewhere,
    _no_losses,
    _waits,
    _waits,
    _scores_by_place,
    _scores_by_place,
    _scores_elsewhere,
    _circle,
    _targets_seen,
    _other_tasks,
    _many_ways,
    _no_examples,
    _no_positives,
    _fewer_labels,
    _labels_lack,
    _node_gone,
    _same_weights,
)
