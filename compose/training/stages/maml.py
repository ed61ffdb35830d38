"""Meta-learning by gradient descent: weights that a few steps on an episode's support make fit for its queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from compose.block import BlockError, Refers, stage
from compose.training.adaptation.adaptation import Adaptation, Rates, task_losses
from compose.training.stages.episodic import Episodic
from compose.training.stages.nodes import trained
from compose.training.stages.stage import Monitor
from compose.training.stages.work import Setting

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.spec.wiring.plan import Plan
    from compose.training.stages.maml_work import MamlWork


@stage
class Maml(Episodic):
    """Train weights, or a node's output, that adapt to an episode by a few steps of gradient descent on its support.

    The inner loop adapts them; the outer one descends the loss of the queries under the adapted weights. All episodes
    of a batch are adapted at once. Where the data has several labels an example, an episode is a task of N labels.

    Reference: MAML (ICML 2017), algorithm 2; DESIRE-Net, algorithm 1; LEO (ICLR 2019), algorithm 1.
    """

    gives = ("novel.targets", "labels.novel")
    measured = "micro_auc"

    def __init__(
        self,
        *,
        adapt: Annotated[list[str], Refers("nodes", needed=True)] | None = None,
        adapt_outputs: Annotated[list[str], Refers("nodes")] | None = None,
        pull: Annotated[float, Field(ge=0)] = 0.0,
        inner_steps: Annotated[int, Field(ge=1)] = 1,
        inner_lr: Annotated[float, Field(gt=0)] = 0.1,
        inner_rates: Rates = "fixed",
        outer: Literal["maml", "reptile"] = "maml",
        first_order: bool | Annotated[int, Field(ge=0)] = False,
        multi_step: Annotated[int, Field(ge=0)] = 0,
        queries: Annotated[int, Field(ge=1)] = 15,
        sampling: Literal["balanced", "uniform"] = "uniform",
        monitor: Monitor = "micro_auc",
        **options: Any,
    ) -> None:
        """Check the options against one another.

        Args:
            adapt: patterns (`*`, `?`) of the nodes that adapt to an episode; all that the stage trains where not given.
                Other weights are shared by all episodes, and the outer loop alone trains them.
            adapt_outputs: names of nodes whose output adapts to an episode instead: what leads to it is computed once,
                of the support, and the inner loop changes the result, as LEO does with its codes. Only weights that
                `adapt` names then adapt beside it.
            pull: the weight of a further loss: the squared distance of such an output from what it adapts to, summed
                over its last dim. It draws the output there, and not the other way round (LEO's encoder penalty).
            inner_steps: gradient steps on the support.
            inner_lr: their learning rate; where rates are learned, what they begin with.
            inner_rates: `fixed`, or learned by the outer loop: one for each inner `step`, or for each step and weight
                tensor (`layer`), as in MAML++.
            outer: `maml` descends the queries' loss; `reptile` moves the weights towards those that the inner loop
                reaches on support and queries together, and trains only what adapts.
            first_order: take the inner gradients as constants (FOMAML); a number does so in so many epochs at first.
            multi_step: epochs over which the queries' loss after every inner step counts, at first each the same, then
                more and more the last, as in MAML++; 0 for the last alone.
            queries: query examples of each class or label.
            sampling: `uniform` draws the classes of each episode from all; `balanced` takes every class once before any
                comes again.
            monitor: what early stopping, `keep` and `plateau` watch: a validation metric, or `loss` (on training data).
        """
        super().__init__(queries=queries, sampling=sampling, monitor=monitor, **options)
        if outer == "reptile" and (inner_rates != "fixed" or multi_step):
            parameter = "inner_rates" if inner_rates != "fixed" else "multi_step"
            message = "expected `outer: maml`, as Reptile has no loss to learn it from, got `reptile`"
            raise BlockError(message, parameter=parameter)
        if outer == "reptile" and adapt_outputs:
            message = "expected `outer: maml`, as Reptile moves weights, got `reptile`"
            raise BlockError(message, parameter="adapt_outputs")
        if pull and not adapt_outputs:
            raise BlockError("expected `adapt_outputs`, whose nodes are pulled", parameter="pull")
        self._adapt_outputs, self.pull = tuple(adapt_outputs or ()), pull
        self.adapt, self.inner_steps, self.inner_lr, self.inner_rates = adapt, inner_steps, inner_lr, inner_rates
        self.reptile = outer == "reptile"
        self.first_order_epochs = self.epochs if first_order is True else int(first_order)
        self.multi_step = multi_step

    @property
    def patterns(self) -> Mapping[str, Iterable[str]]:
        """The options that name nodes by patterns, those that adapt too."""
        return {**super().patterns, "adapt": self.adapt or (), "adapt_outputs": self.adapted_outputs}

    @property
    def adapted_outputs(self) -> Sequence[str]:
        """The nodes whose output adapts to an episode."""
        return self._adapt_outputs

    def adaptation(self, nodes: Sequence[str]) -> Adaptation:
        """The inner loop.

        Args:
            nodes: names of the model's nodes.
        """
        own = tuple(trained(nodes, self.train, self.freeze))
        every = self.adapt is None and not self.adapted_outputs
        adapt = own if every else tuple(self.adapt or ())
        losses = None if self.losses is None else tuple(self.losses)
        return Adaptation(adapt, self.inner_steps, self.inner_lr, self.inner_rates, losses, own)

    def feeds(self, source: DataSource) -> set[str]:
        """The reserved inputs that its batches feed: each episode by itself."""
        return {*source.shapes, *self.gives}

    def descends(self, plan: Plan, source: DataSource) -> list[str]:
        """The losses that it descends: those that it names, else all on the targets of an episode's labels."""
        return [*task_losses(plan, self.losses)]

    def check(self, nodes: Sequence[str], losses: Sequence[str]) -> None:
        """Check the names in the options, those of nodes that adapt too."""
        super().check(nodes, losses)
        still = self.adaptation(nodes).of(nodes) - set(trained(nodes, self.train, self.freeze))
        if still:
            raise BlockError(f"expected nodes that the stage trains, got `{min(still)}`", parameter="adapt")

    def open(self, setting: Setting) -> MamlWork:  # type: ignore[override]
        """Begin to work on a model and its data."""
        from compose.training.stages.maml_work import MamlWork

        return MamlWork(self, setting)
