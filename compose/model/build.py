"""Build a model from a plan: shapes, the label-space check and the memory budget first, weights after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, fx, nn

from compose.block import BlockError
from compose.errors import Place, SpecError, SpecErrors
from compose.model.assemble import (
    assemble,
    inference_outputs,
    input_name,
    looking_outputs,
    module_tree,
    training_outputs,
)
from compose.model.attention_output import is_of_labels, label_attention, names_modules
from compose.model.costs.memory import check_memory
from compose.model.episode_batch import EpisodeBatch
from compose.model.facts import Facts
from compose.model.failures.failure import block_failed
from compose.model.failures.misfit import UnfitError
from compose.model.input_sizes import Sizes
from compose.model.label_space_check import LabelSpaceCheck
from compose.model.made_module import refused
from compose.model.scores_check import check_scores
from compose.model.seeded import seeded, unwarned
from compose.model.task_check import check_tasks
from compose.model.walk import Walk
from compose.registry.registry import Registry
from compose.registry.user_code import at_work, is_mistake
from compose.spec.wiring.plan import Plan, Step, needed, refs
from compose.spec.wiring.reserved import RESERVED


@dataclass(frozen=True)
class Built:
    """A model and what is known of it.

    Args:
        training: ``training(**inputs)`` returns ``scores`` and each term of the loss as ``loss.NAME``.
        inference: the same weights, only what the scores need; returns ``scores``.
        looking: the same, and where the model looks: returns ``scores``, ``attention`` where the model tells, and
            ``winner`` where each label's score comes from one of several modules; for episodes ``query_attention.0``
            and so on, a layer each, see :data:`~compose.spec.wiring.plan.EPISODE_ATTENTION`.
        inputs: the keywords of ``training``.
        loss_weights: ``loss.NAME`` -> weight in the sum.
        nodes: the names of the model's nodes, the top-level submodules of ``training``.
        facts: step -> shapes, parameters, costs.
        plan: the plan that it was built from.
    """

    training: fx.GraphModule
    inference: fx.GraphModule
    looking: fx.GraphModule
    inputs: tuple[str, ...]
    loss_weights: dict[str, float]
    nodes: tuple[str, ...]
    facts: dict[str, Facts]
    plan: Plan

    def attention(self, outputs: Mapping[str, Tensor], labels: Int[Tensor, "b k"]) -> Float[Tensor, "b k h w"] | None:
        """Where the model looks for a few labels of each image; None where it does not tell.

        Args:
            outputs: what ``looking`` returned.
            labels: columns of the scores.
        """
        if "attention" not in outputs:
            return None
        return label_attention(outputs, labels, of_labels=is_of_labels(self.plan, self.facts))

    def for_losses(self, names: Iterable[str]) -> fx.GraphModule:
        """Only what some terms of the loss need, with the same weights as ``training``, and only the inputs for it.

        Args:
            names: keys of ``loss_weights``.
        """
        wanted = set(names)
        outputs = {name: ref for name, ref in training_outputs(self.plan).items() if name in wanted}
        steps = {step.name for step in needed(self.plan.all_steps, outputs.values())}
        if wanted == set(self.loss_weights) and self.plan.scores.step in steps:
            return self.training
        return assemble(self.training, self.plan.all_steps, outputs, type(self.training).__name__)


@dataclass(frozen=True)
class Shaped:
    """A plan whose shapes are known and fit.

    Args:
        plan: the wired spec.
        steps: the steps of the model and of its losses.
        walk: their modules and values on the meta device.
    """

    plan: Plan
    steps: tuple[Step, ...]
    walk: Walk = field(repr=False)

    @property
    def facts(self) -> dict[str, Facts]:
        """Step -> shapes, parameters, costs."""
        return self.walk.facts


def shape(
    plan: Plan,
    registry: Registry,
    sizes: Sizes,
    *,
    where: Callable[[str], Place | None],
    zero_shot: bool,
    episodes: EpisodeBatch | None = None,
    adapts: bool = False,
    tasks: Mapping[str, Sizes] | None = None,
    ranges: Mapping[str, range] | None = None,
    weight_parts: int = 1,
) -> Shaped:
    """Every shape of a plan, without allocating a weight.

    Args:
        plan: the wired spec.
        registry: the blocks.
        sizes: reserved input -> shape, at the batch and the number of labels that the spec trains with.
        where: the place in the spec that an input's shape comes from.
        zero_shot: whether the label set changes between training and testing.
        episodes: what a batch of episodes holds, where there are such; their classes change too.
        adapts: whether the model's weights adapt to one episode at a time.
        tasks: evaluated task -> the reserved inputs' shapes that are others there.
        ranges: reserved input -> the integers that it holds.
        weight_parts: among how many processes the weights are shared.

    Raises:
        UnfitError: shapes that cannot meet, weights that depend on the number of labels or on the size of an episode, a
            model too large.
    """
    steps = plan.all_steps
    walk = _walk(registry, sizes, where, ranges=ranges)
    walk.errors += _not_given(steps, sizes)
    walk.run(steps)
    for term in plan.terms:
        walk.check_term(term)
    errors = walk.errors or check_memory(steps, walk.facts, sizes["targets"][0], weight_parts=weight_parts)
    errors = errors or check_scores(plan, walk, sizes, adapts=adapts)
    errors = errors or _errors_elsewhere(
        walk, plan, sizes, zero_shot=zero_shot, episodes=episodes, adapts=adapts, tasks=tasks
    )
    if errors:
        raise UnfitError(errors, walk)
    return Shaped(plan, steps, walk)


def _errors_elsewhere(
    walk: Walk,
    plan: Plan,
    sizes: Sizes,
    *,
    zero_shot: bool,
    episodes: EpisodeBatch | None,
    adapts: bool,
    tasks: Mapping[str, Sizes] | None,
) -> list[SpecError]:
    """What does not fit the sizes that come after those of the first batch, where that one fits."""

    def again(more: Sizes, known: Walk | None, *, inference: bool = False) -> Walk:
        return _walk(walk.registry, more, walk.where, inference=inference, known=known, ranges=walk.ranges)

    check = LabelSpaceCheck(plan, walk, sizes, again, adapts=adapts)
    if episodes:
        errors = check.labels() or check.episodes(episodes)
    elif check.fits(zero_shot=zero_shot):
        errors = []
    else:
        errors = (check.labels() if zero_shot else []) or check.examples()
    if errors or not tasks:
        return errors
    return check_tasks(plan, sizes, tasks, lambda more: again(more, walk, inference=True), adapts=adapts)


EMPTY = {
    "external.vectors": "every external class is a label, so that none is a node beside the labels",
    "parents.targets": "the data's labels belong to no groups",
}
"""Reserved input -> why data or labels that may give it do not."""


def _not_given(steps: Iterable[Step], sizes: Sizes) -> list[SpecError]:
    """An error for each reserved input that is read and that these data and labels turn out not to have."""
    read = [(step, ref) for step in steps for value in step.inputs.values() for ref in refs(value) if not ref.step]
    found: dict[str, SpecError] = {}
    for step, ref in read:
        if ref.port not in sizes:
            why = f": {EMPTY[ref.port]}" if ref.port in EMPTY else ""
            message = f"there is no `{ref.port}` here{why}"
            found.setdefault(ref.port, SpecError("unavailable-input", message, ref.place or step.place))
    return list(found.values())


def _walk(
    registry: Registry,
    sizes: Sizes,
    where: Callable[[str], Place | None],
    *,
    inference: bool = False,
    known: Walk | None = None,
    ranges: Mapping[str, range] | None = None,
) -> Walk:
    inputs = {name: (size, getattr(torch, RESERVED[name].dtype)) for name, size in sizes.items()}
    return Walk(registry, inputs, where, inference=inference, known=known, ranges=ranges)


def materialise(shaped: Shaped, registry: Registry, *, seed: int, name: str) -> Built:
    """Allocate the weights. Each node draws from its own seed, so that a change elsewhere leaves it as it was.

    Args:
        shaped: the plan.
        registry: the blocks.
        seed: what the weights are drawn by.
        name: what the model is called.

    Raises:
        SpecErrors: a block cannot be made with weights that have values.
    """
    modules = {
        step.name: _module(step, shaped.facts[step.name], registry, seed)
        for step in shaped.steps
        if step.op == "block" and step.share is None
    }
    plan = shaped.plan
    root = module_tree(modules)
    training = assemble(root, shaped.steps, training_outputs(plan), class_name(name))
    inference = assemble(root, shaped.steps, inference_outputs(plan), class_name(name))
    looking = assemble(
        root, shaped.steps, looking_outputs(plan, winner=names_modules(plan, shaped.facts)), class_name(name)
    )
    return Built(
        training=training,
        inference=inference,
        looking=looking,
        inputs=tuple(input_name(name) for name in plan.reserved),
        loss_weights={f"loss.{term.name}": term.weight for term in plan.terms},
        nodes=plan.nodes,
        facts=shaped.facts,
        plan=plan,
    )


def _module(step: Step, facts: Facts, registry: Registry, seed: int) -> nn.Module:
    declaration = step.declaration
    assert declaration is not None
    digest = hashlib.blake2b(f"{seed}/{step.name}".encode(), digest_size=7).digest()
    values = {**facts.sizes, **step.params}
    try:
        with seeded(int.from_bytes(digest, "big")), unwarned(facts.warned), at_work():
            return registry.construct(declaration.kind, declaration.name, values)  # type: ignore[no-any-return]
    except MemoryError:
        raise
    except BlockError as error:
        raise SpecErrors([refused(step, "bad-parameter", error)]) from error
    except BaseException as error:  # what a block does with weights that have values
        if not is_mistake(error):
            raise
        cls = registry.load(declaration.kind, declaration.name)
        raise SpecErrors([block_failed(step, cls, error, "cannot be made with its weights")]) from error


def class_name(name: str) -> str:
    """A class name from the name of a spec."""
    return (
        "".join(part[:1].upper() + part[1:] for part in "".join(c if c.isalnum() else " " for c in name).split())
        or "Model"
    )
