"""Where a model looks for a label: its own attention, or that of the module which its score comes from."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor

from compose.model.facts import Facts
from compose.spec.wiring.plan import Plan

MODULES = "m"
"""The dim of what a score is chosen from."""
MAP_DIMS = 4
"""Images, modules or labels, height and width."""


def is_of_labels(plan: Plan, facts: Mapping[str, Facts]) -> bool:
    """Whether the maps of attention are of labels, ``b l h w``, and not of modules.

    A block says it by its port's letters. Where the port has dims of any meaning, or the letter stands for something
    else, such as external nodes, the maps are of labels if there are as many as scores.

    Args:
        plan: the wired spec.
        facts: step -> the shapes that it gives.
    """
    ref = plan.attention
    if ref is None:
        return False
    step = next(step for step in plan.steps if step.name == ref.step)
    port = step.declaration and step.declaration.output(ref.port)
    if port and port.dims and len(port.dims) == MAP_DIMS and port.dims[1] != "l":
        return False
    maps, scores = (facts[found.step].outputs[found.port] for found in (ref, plan.scores))
    return len(maps) == MAP_DIMS and maps[1] == scores[-1]


def names_modules(plan: Plan, facts: Mapping[str, Facts]) -> bool:
    """Whether the scores' port ``winner`` names the modules whose maps the attention has: there must be as many.

    Args:
        plan: the wired spec.
        facts: step -> the shapes that it gives and the dims that it is bound to.
    """
    if plan.winner is None or plan.attention is None:
        return False
    maps, letters = facts[plan.attention.step].outputs[plan.attention.port], facts[plan.winner.step].letters
    among = {letters[MODULES]} if MODULES in letters else set(letters.values())
    return len(maps) == MAP_DIMS and maps[1] in among


def label_attention(
    outputs: Mapping[str, Tensor], labels: Int[Tensor, "b k"], *, of_labels: bool
) -> Float[Tensor, "b k h w"]:
    """Where the model looks for a few labels of each image.

    Args:
        outputs: what ``looking`` returns: ``attention`` and, for several modules, ``winner``.
        labels: columns of the scores.
        of_labels: whether the maps are of labels, see :func:`is_of_labels`.

    Returns:
        Each label's map: its own, or that of the module which its score comes from. Where nothing tells the modules
        apart it is their mean.
    """
    maps = outputs["attention"].float()
    if not of_labels and "winner" not in outputs:
        return maps.mean(1, keepdim=True).expand(-1, labels.shape[1], -1, -1)
    rows = labels if of_labels else outputs["winner"].gather(1, labels)
    images = torch.arange(maps.shape[0], device=maps.device)[:, None]
    return maps[images, rows]
