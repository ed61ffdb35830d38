"""Which nodes a stage trains, by patterns on their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from compose.training.stages.optimizers import ParameterGroup
from compose.training.training_errors import TrainingError

if TYPE_CHECKING:
    from torch import nn


def matches(pattern: str, nodes: Iterable[str]) -> list[str]:
    """The nodes whose name matches; a node inside a composite or repeated one (``stack.0``) goes with it."""
    return [node for node in nodes if fnmatchcase(node, pattern) or fnmatchcase(node, f"{pattern}.*")]


def trained(nodes: Sequence[str], train: Sequence[str] | None, freeze: Sequence[str] | None) -> list[str]:
    """The nodes that a stage trains: those that ``train`` names (default all) and ``freeze`` does not."""
    chosen = {node for pattern in train or ["*"] for node in matches(pattern, nodes)}
    frozen = {node for pattern in freeze or [] for node in matches(pattern, nodes)}
    return [node for node in nodes if node in chosen - frozen]


class Selection:
    """The parameters and modules of a model that a stage trains; the rest is frozen while it runs.

    A parameter that its block froze by itself stays frozen. One that several nodes share is trained if one of them is,
    and so is one that belongs to no node but to a loss.

    Args:
        model: a module whose submodules are the nodes.
        nodes: names of the nodes.
        train: patterns of the nodes to train; None for all.
        freeze: patterns of the nodes to leave as they are.
    """

    def __init__(
        self, model: nn.Module, nodes: Sequence[str], train: Sequence[str] | None, freeze: Sequence[str] | None
    ) -> None:
        self._model = model
        self.nodes = trained(nodes, train, freeze)
        # A node that uses another's weights has no module of its own.
        modules = {node: model.get_submodule(node) for node in nodes if hasattr(model, node)}
        self._active = {node: modules[node] for node in self.nodes if node in modules}
        kept = {id(module) for root in self._active.values() for module in root.modules()}
        self._frozen = [module for module in modules.values() if id(module) not in kept]
        idle = {id(p) for module in self._frozen for p in module.parameters()}
        idle -= {id(p) for module in self._active.values() for p in module.parameters()}
        self._initial = [(p, p.requires_grad) for p in model.parameters()]
        self._trained = [p for p, trainable in self._initial if trainable and id(p) not in idle]
        if not self._trained:
            chosen = ", ".join(f"`{node}`" for node in self.nodes) or "none of the nodes"
            raise TrainingError(f"expected weights to train, but the stage trains {chosen}, and every weight is frozen")

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
