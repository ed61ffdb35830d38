"""Which nodes a stage trains, by patterns on their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from compose.block import BlockError
from compose.errors import listed
from compose.training.stages.optimizers import ParameterGroup

if TYPE_CHECKING:
    from torch import nn

    from compose.model.facts import Facts
    from compose.spec.wiring.plan import Plan
    from compose.training.stages.work import TrainableModel


def matches(pattern: str, nodes: Iterable[str]) -> list[str]:
    """The nodes whose name matches; a node inside a composite or repeated one (``stack.0``) goes with it."""
    return [node for node in nodes if fnmatchcase(node, pattern) or fnmatchcase(node, f"{pattern}.*")]


def trained(nodes: Sequence[str], train: Sequence[str] | None, freeze: Sequence[str] | None) -> list[str]:
    """The nodes that a stage trains: those that ``train`` names (default all) and ``freeze`` does not."""
    chosen = {node for pattern in train or ["*"] for node in matches(pattern, nodes)}
    frozen = {node for pattern in freeze or [] for node in matches(pattern, nodes)}
    return [node for node in nodes if node in chosen - frozen]


def holders(plan: Plan, nodes: Collection[str]) -> set[str]:
    """The submodules that hold the weights of nodes: their own ones, or those of the nodes whose weights they share.

    Args:
        plan: the wired spec.
        nodes: names of its nodes.
    """
    steps = [step for step in plan.steps if step.name.partition(".")[0] in nodes]
    return {(step.share or step.name).partition(".")[0] for step in steps}


def check_trained(
    plan: Plan,
    facts: Mapping[str, Facts],
    train: Sequence[str] | None,
    freeze: Sequence[str] | None,
    losses: Iterable[str],
) -> None:
    """Check that a stage has weights to train.

    Args:
        plan: the wired spec.
        facts: step -> how many weights it has, and how many of them learn.
        train: patterns of the nodes to train; None for all.
        freeze: patterns of the nodes to leave as they are.
        losses: the losses that the stage descends.

    Raises:
        BlockError: what `train` names is frozen, or nothing is left that learns.
    """
    own = trained(plan.nodes, train, freeze)
    for pattern in train or ():
        if not set(matches(pattern, plan.nodes)) & {*own}:
            raise BlockError(f"`{pattern}` is to be trained, and `freeze` names it, too", parameter="train")
    held = holders(plan, own)
    counted = [facts[step.name] for step in plan.steps if step.name.partition(".")[0] in held]
    counted += [facts[name] for name in map(_step_of, losses) if name in facts]
    if not any(fact.trainable for fact in counted):
        about = next((key for key, patterns in {"train": train, "freeze": freeze}.items() if patterns), None)
        reason = _why_nothing(own, any(fact.parameters for fact in counted))
        raise BlockError(f"the stage has nothing to train: {reason}", parameter=about)


def _step_of(loss: str) -> str:
    return f"loss.{loss}"


def _why_nothing(nodes: Sequence[str], has_weights: bool) -> str:
    """Why no weights of these nodes learn."""
    named, one = listed([f"`{node}`" for node in nodes]), len(nodes) == 1
    if not nodes:
        return "`freeze` leaves no node of the model"
    if not has_weights:
        return f"{named} {'has' if one else 'have'} no weights"
    return f"the {'block' if one else 'blocks'} of {named} keep{'s' if one else ''} all weights frozen"


class Selection:
    """The parameters and modules of a model that a stage trains; the rest is frozen while it runs.

    A parameter that its block froze by itself stays frozen. One that several nodes share is trained if one of them is,
    and so is one that belongs to no node but to a loss.

    Args:
        built: the model.
        train: patterns of the nodes to train; None for all.
        freeze: patterns of the nodes to leave as they are.
    """

    def __init__(self, built: TrainableModel, train: Sequence[str] | None, freeze: Sequence[str] | None) -> None:
        self._model = model = built.training
        self.nodes = trained(built.nodes, train, freeze)
        # A node that no loss and no score needs has no module there.
        inside = [node for node in built.nodes if hasattr(model, node)]
        modules = {node: model.get_submodule(node) for node in inside}
        chosen = holders(built.plan, self.nodes)
        self._active = {node: module for node, module in modules.items() if node in chosen}
        kept = {id(module) for root in self._active.values() for module in root.modules()}
        self._frozen = [module for module in modules.values() if id(module) not in kept]
        idle = {id(p) for module in self._frozen for p in module.parameters()}
        idle -= {id(p) for module in self._active.values() for p in module.parameters()}
        self._initial = [(p, p.requires_grad) for p in model.parameters()]
        self._trained = [p for p, trainable in self._initial if trainable and id(p) not in idle]

    def __enter__(self) -> Selection:
        chosen = {id(p) for p in self._trained}
        for parameter, _ in self._initial:
            parameter.requires_grad_(id(parameter) in chosen)
        return self

    def __exit__(self, *error: object) -> None:
        for parameter, trainable in self._initial:
            parameter.requires_grad_(trainable)

    def train_mode(self) -> None:
        """Put the trained nodes into training mode, and the frozen ones into evaluation mode."""
        self._model.train()
        for module in self._frozen:
            module.eval()

    def groups(self, scales: Mapping[str, float]) -> list[ParameterGroup]:
        """The trained parameters by learning rate; where several patterns match a node, the last one counts."""
        scale_of: dict[int, float] = {}
        for node, module in self._active.items():
            scale = next((s for pattern, s in reversed(list(scales.items())) if matches(pattern, [node])), 1.0)
            scale_of |= {id(p): scale for p in module.parameters()}
        groups: dict[float, list[nn.Parameter]] = {}
        for parameter in self._trained:
            groups.setdefault(scale_of.get(id(parameter), 1.0), []).append(parameter)
        return [ParameterGroup(parameters, scale) for scale, parameters in groups.items()]
