"""A model whose weights adapt to each episode, and all episodes of a batch at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from compose.model.cut_graph import depends, given_by, module_call, taking
from compose.model.per_image import PerImage, only, split_per_image
from compose.training.adaptation.adaptation import Adaptation
from compose.training.adaptation.batch_statistics import batch_statistics
from compose.training.adaptation.inner_loop import InnerLoop, Params, reptile
from compose.training.adaptation.inner_rates import NAME, InnerRates, adapted_tensors, rated_tensors
from compose.training.inference import call, inputs_of, mixing
from compose.training.stages.nodes import holders

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from compose.training.stages.work import TrainableModel

TARGETS = "novel_targets"
PULL = "loss.pull"
"""The term of an output's distance from what it adapts to."""
OF_EPISODES = ("labels_novel", "labels_base_mask")
"""What each episode has besides its examples and their targets."""


@dataclass(frozen=True)
class Outer:
    """The outer loop's rule.

    Args:
        first_order: take no second derivatives.
        reptile: move the weights to those of the episodes instead of descending the queries' loss.
        pulls: draw the outputs that adapt towards what they adapt to.
    """

    first_order: bool = False
    reptile: bool = False
    pulls: bool = False


class TaskModel(nn.Module):
    """A built model, adapted to episodes by gradient descent on their support.

    Where the output of a node adapts, what leads to it is computed once, of the support; the inner loop and the queries
    take the rest of the model. Terms of the loss that do not depend on it are the outer loop's alone.

    What nodes compute of each example alone, and whose weights do not vary, is computed once for all uses.

    Args:
        model: the built model.
        adaptation: what adapts, and how.
        losses: the terms of the inner and the outer loss, ``loss.NAME`` -> weight.
        varying: nodes that are trained meanwhile, so that what they compute cannot be kept.
        fixed: what the label space gives, by port name.
    """

    def __init__(
        self,
        model: TrainableModel,
        adaptation: Adaptation,
        losses: Mapping[str, float],
        *,
        varying: Collection[str] = (),
        fixed: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        self._fixed = {name: value for name, value in (fixed or {}).items() if name not in OF_EPISODES}
        whole = model.for_losses(["scores", *losses])
        adapting = holders(model.plan, adaptation.of(model.nodes))
        normed = _normed(model, adaptation)
        moved = {*adapting, *normed, *holders(model.plan, varying), *model.plan.starts}
        self.parts: PerImage | None = split_per_image(whole, varying=moved, mixing=mixing(model), fixed=self._fixed)
        rest = self.parts.rest if self.parts else whole
        self.starts = [name for name in model.plan.starts if module_call(rest, name) is not None]
        self._inner = {name: share for name, share in losses.items() if depends(rest, name, self.starts)}
        before = [name for name in losses if name not in self._inner]
        self.before: GraphModule | None = given_by(rest, self.starts, before) if self.starts else None
        self.losses: GraphModule = taking(only(rest, list(self._inner)), self.starts)
        self.scoring: GraphModule = taking(only(rest, ["scores"]), self.starts)
        learned = dict(model.training.named_children()).get(NAME) if adaptation.rates != "fixed" else None
        self.rates = learned if isinstance(learned, InnerRates) else None
        parts = [part for graph in self._graphs for part in graph.named_modules()]
        norms = [module for name, module in parts if _top(name) in {*adapting, *normed}]
        self._norms = [norm for norm in dict.fromkeys(norms) if isinstance(norm, _BatchNorm)]
        self.weights, self._adaptation = dict(losses), adaptation
        self._taken = set().union(*(inputs_of(graph) for graph in self._graphs))
        self._of_examples = sorted(self._taken - {TARGETS, *OF_EPISODES, *self._fixed, *self.starts})
        self._adapted = adapted_tensors(model, adaptation, losses)
        every = [*self._adapted, *self.starts]
        self._places = dict.fromkeys(every, 0)
        if adaptation.rates == "layer":
            rated = [*rated_tensors(model, adaptation, losses), *model.plan.starts]
            self._places = {name: i for i, name in enumerate(rated)}

    @property
    def takes(self) -> set[str]:
        """What it takes of a batch of episodes, see :meth:`terms`."""
        return {*self._of_examples, *({*OF_EPISODES} & self._taken), "support_targets", "query_targets"}

    @property
    def _graphs(self) -> list[GraphModule]:
        return [self.losses, self.scoring, *([self.before] if self.before else [])]

    def features(self, examples: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the rest of the model needs of each example: all that does not adapt, computed without gradients.

        Args:
            examples: as the data gives them, ``b ...``; or what this returned for them.
        """
        if self.parts is None or all(name in examples for name in self._of_examples):
            return {name: examples[name] for name in self._of_examples}
        with torch.no_grad():
            return call(self.parts.features, {**self._fixed, **examples})

    def kept(self, batch: Mapping[str, Tensor], device: torch.device | str) -> dict[str, Tensor]:
        """:meth:`features` of a batch of examples on the processor, with their targets, to be kept in their stead.

        Args:
            batch: examples as a split gives them.
            device: where the model is.
        """
        given = {name: value.to(device) for name, value in batch.items() if name != "targets"}
        return {"targets": batch["targets"], **{name: value.cpu() for name, value in self.features(given).items()}}

    def terms(self, batch: Mapping[str, Tensor], outer: Outer, *, shares: Tensor | None = None) -> dict[str, Tensor]:
        """The terms of the queries' loss, the mean over the episodes.

        Args:
            batch: :meth:`features` of the examples ``b ...``, where b = e · (s + q), and by name ``support_targets``
                ``e s n``, ``query_targets`` ``e q n``, ``labels_novel`` ``e n d`` and ``labels_base_mask`` ``e m``.
            outer: the outer loop's rule.
            shares: the weight of the queries' loss after each inner step (multi-step loss); the last alone where None.
        """
        support, query = self._sides(batch)
        weights = self._own()
        if outer.reptile:
            return self._reptile(weights, support, query)
        loop = self._loop(first_order=outer.first_order)

        def of_episode(support: Params, query: Params) -> dict[str, Tensor]:
            start, beside = self._start(support)
            after = list(loop({**weights, **start}, lambda adapted: self._loss(adapted, support)))
            if outer.pulls:
                beside[PULL] = _distance(start, after[-1])
            if shares is None:
                return {**self._terms(after[-1], query), **beside}
            each = [self._terms(adapted, query) for adapted in after]
            means = {name: sum(s * terms[name] for s, terms in zip(shares, each, strict=True)) for name in self._inner}
            return {**means, **beside}

        # torch's fused attention has no second derivative.
        with nullcontext() if outer.first_order else sdpa_kernel(SDPBackend.MATH):
            found = vmap(of_episode, randomness="different")(support, query)
        return {name: value.mean() for name, value in found.items()}

    def scores(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The scores of the queries, ``e q n``, by the weights that each episode's support leads to.

        The model's own weights stay as they are.

        Args:
            batch: as in :meth:`terms`; of the targets only those of the support are looked at.
        """
        support, query = self._sides(batch)
        weights, loop = self._own(), self._loop(first_order=True)
        scoring = {name for name, _ in self.scoring.named_parameters()}  # what adapts may serve the losses alone

        def of_episode(support: Params, query: Params) -> Tensor:
            adapted = {**weights, **self._start(support)[0]}
            for adapted in loop(adapted, lambda adapted: self._loss(adapted, support)):  # noqa: B007
                pass
            mine = {name: value for name, value in adapted.items() if name in scoring or name in self.starts}
            return self._call(self.scoring, mine, query)["scores"]

        return vmap(of_episode, randomness="different")(support, query)

    def _reptile(self, weights: Params, support: Params, query: Params) -> dict[str, Tensor]:
        """The mean terms of the queries' loss after the inner loop, with the gradient of Reptile.

        The inner loop learns from all examples of an episode: there is nothing that only the outer one may see.
        """
        loop = self._loop(first_order=True)

        def of_episode(support: Params, query: Params) -> tuple[Params, dict[str, Tensor]]:
            both = {name: self._joined(name, value, query[name]) for name, value in support.items()}
            adapted = weights
            for adapted in loop(weights, lambda adapted: self._loss(adapted, both)):  # noqa: B007
                pass
            return adapted, self._terms(adapted, query)

        with torch.no_grad():
            adapted, terms = vmap(of_episode, randomness="different")(support, query)
        means = {name: value.mean() for name, value in terms.items()}
        first, share = next(iter(self.weights.items()))
        return means | {first: means[first] + reptile(weights, adapted) / share}

    def _joined(self, name: str, support: Tensor, query: Tensor) -> Tensor:
        return support if name in OF_EPISODES else torch.cat([support, query])

    def _own(self) -> Params:
        return {name: value for name, value in self.losses.named_parameters() if name in self._adapted}

    def _loop(self, *, first_order: bool) -> InnerLoop:
        adaptation = self._adaptation
        return InnerLoop(
            steps=adaptation.steps, lr=adaptation.lr, rates=self.rates, places=self._places, first_order=first_order
        )

    def _loss(self, weights: Params, side: Params) -> Tensor:
        terms = self._terms(weights, side)
        return torch.stack([share * terms[name] for name, share in self._inner.items()]).sum()

    def _start(self, support: Params) -> tuple[Params, Params]:
        """The outputs that adapt, as the support gives them, and the terms of the loss that none of them changes."""
        if self.before is None:
            return {}, {}
        given = self._call(self.before, {}, support)
        return {name: given[name] for name in self.starts}, {n: v for n, v in given.items() if n not in self.starts}

    def _terms(self, weights: Params, side: Params) -> dict[str, Tensor]:
        return self._call(self.losses, weights, side)

    def _call(self, graph: GraphModule, weights: Params, side: Params) -> dict[str, Tensor]:
        wanted = inputs_of(graph)
        given = {name: value for name, value in {**self._fixed, **side, **weights}.items() if name in wanted}
        own = {name: value for name, value in weights.items() if name not in self.starts}
        with batch_statistics(self._norms):
            outputs: dict[str, Tensor] = functional_call(graph, own, (), given)
        return outputs

    def _sides(self, batch: Mapping[str, Tensor]) -> Iterator[Params]:
        """What the model takes of each episode's support, and of its queries: each ``e ...``."""
        episodes, shots = batch["support_targets"].shape[:2]
        examples = {name: rearrange(batch[name], "(e x) ... -> e x ...", e=episodes) for name in self._of_examples}
        shared = {name: batch[name] for name in OF_EPISODES if name in batch}
        for part, targets in ((slice(shots), "support_targets"), (slice(shots, None), "query_targets")):
            known = {TARGETS: batch[targets]} if targets in batch else {}
            yield {**{name: value[:, part] for name, value in examples.items()}, **shared, **known}


def _distance(start: Params, adapted: Params) -> Tensor:
    """The squared distance of outputs from what they adapt to, summed over the last dim (LEO, eq. 6)."""
    each = [(adapted[name].detach() - value).square().sum(-1).mean() for name, value in start.items()]
    return torch.stack(each).sum()


def _normed(model: TrainableModel, adaptation: Adaptation) -> set[str]:
    """The submodules with batch norms that the outer loop trains on the statistics of each batch, and on no others."""
    norms = {_top(name) for name, module in model.training.named_modules() if isinstance(module, _BatchNorm)}
    return norms & holders(model.plan, adaptation.trained)


def _top(name: str) -> str:
    return name.partition(".")[0]
