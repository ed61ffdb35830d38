"""How a built model's graphs are called: with the inputs that they take, of all that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from compose.evaluation.episodes.episode_test import ModelParts
    from compose.training.stages.work import TrainableModel


def inputs_of(graph: GraphModule) -> set[str]:
    """The keywords that a graph takes."""
    return {str(node.target) for node in graph.graph.nodes if node.op == "placeholder"}


def call(inference: GraphModule, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The outputs for the inputs that the graph takes; others are left out."""
    wanted = inputs_of(inference)
    outputs: dict[str, Tensor] = inference(**{name: value for name, value in inputs.items() if name in wanted})
    return outputs


def outputs_of(graph: GraphModule) -> set[str]:
    """The keys of what a graph returns."""
    (output,) = graph.graph.find_nodes(op="output")
    return set(output.args[0])


def scorer(graph: GraphModule, *, of_labels: bool = False) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    """A graph as the evaluation calls it, see :mod:`compose.evaluation.task_scores`.

    The scores are in full precision: half of it would tie many of them.

    Args:
        graph: a built model's ``inference`` or ``looking``.
        of_labels: whether its maps of attention are of labels, and not of modules.
    """

    def answer(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = call(graph, inputs)
        if of_labels:
            outputs = {"scores": outputs["scores"], "label_maps": outputs["attention"]}
        return {**outputs, "scores": outputs["scores"].float()}

    return answer


def asked(model: TrainableModel, *, looks: bool) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    """A built model as the evaluation calls it: through ``looking`` only where it is asked where it looks."""
    if not looks:
        return scorer(model.inference)
    from compose.model.attention_output import is_of_labels

    return scorer(model.looking, of_labels=is_of_labels(model.plan, model.facts))


def mixing(model: TrainableModel) -> set[str]:
    """The paths of a built model's modules whose outputs have no row for each example."""
    steps = [step for step in model.plan.all_steps if step.name in model.facts and model.facts[step.name].mixes]
    return {step.share or step.name for step in steps}


def episode_parts(model: TrainableModel, device: torch.device) -> ModelParts | None:
    """A built model in the parts that an evaluation of episodes uses; None where it has no such."""
    from compose.evaluation.episodes.episode_test import ModelParts
    from compose.model.per_image import split_per_image

    parts = split_per_image(model.inference, mixing=mixing(model))
    if parts is None:
        return None

    def features(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        with torch.no_grad():
            given = {name: value.to(device) for name, value in batch.items() if name != "targets"}
            found = call(parts.features, given)
        return {"targets": batch["targets"], **{name: value.cpu() for name, value in found.items()}}

    parts.features.eval()
    parts.rest.eval()
    return ModelParts(features, scorer(parts.rest))
