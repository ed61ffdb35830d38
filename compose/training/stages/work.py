"""A stage at work: what it works on, and what the loop asks of it while it draws batches and computes losses.

The loop knows no kind of stage. It opens one on a :class:`Setting` and runs the :class:`Work` that it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compose.processes.shares import ALONE, Shares

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.labels.label_space import LabelSpace
    from compose.model.facts import Facts
    from compose.spec.wiring.plan import Plan
    from compose.training.adaptation.adaptation import Adaptation
    from compose.training.logging.prediction_sheet import Predictions
    from compose.training.stages.stage import Stage
    from compose.training.stages.stage_validation import StageValidation


class TrainableModel(Protocol):
    """What training needs of a built model (see ``compose.model.build.Built``)."""

    @property
    def training(self) -> torch.fx.GraphModule:
        """Inputs -> scores and losses."""

    def for_losses(self, names: Iterable[str]) -> torch.fx.GraphModule:
        """Only what these losses need, with the weights of ``training``, and only the inputs for it."""

    @property
    def inference(self) -> torch.fx.GraphModule:
        """Inputs -> scores; its weights are those of ``training``."""

    @property
    def looking(self) -> torch.fx.GraphModule:
        """Inputs -> scores, and where the model looks, if it tells."""

    @property
    def plan(self) -> Plan:
        """What it was built from."""

    @property
    def facts(self) -> Mapping[str, Facts]:
        """Step -> shapes, parameters, costs."""

    def attention(self, outputs: Mapping[str, Tensor], labels: Tensor) -> Tensor | None:
        """Where the model looks for a few labels ``b k`` of each image, from what ``looking`` returned: ``b k h w``."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The keyword inputs of ``training``."""

    @property
    def loss_weights(self) -> Mapping[str, float]:
        """Outputs of ``training`` that are losses, and their weights."""

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a stage works on.

    Args:
        model: the built model.
        source: the examples.
        space: the label space.
        evaluation: the spec's, by whose protocol the stage validates.
        seed: the seed of the stage: what is drawn depends on it, the epoch and the batch alone.
        device: where the model is.
        rank: which of the processes this is.
        world: how many processes train together, each on its share of a batch's examples.
        shares: the same processes, where they evaluate.
        adaptation: how weights adapt to episodes where the model is evaluated; None where they don't.
    """

    model: TrainableModel
    source: DataSource
    space: LabelSpace
    evaluation: Evaluation
    seed: int
    device: torch.device
    rank: int = 0
    world: int = 1
    shares: Shares = ALONE
    adaptation: Adaptation | None = None

    def why_unvalidated(self, stage: Stage) -> str:
        """Why a stage does not validate; "" where it does."""
        return stage.unvalidated(self.source, self.model.plan, adapts=self.adaptation is not None)

    def validation(self, stage: Stage) -> StageValidation | None:
        """What a stage measures on validation examples; None where it does not."""
        return None if self.why_unvalidated(stage) else stage.validation(self.evaluation)


class Work(Protocol):
    """A stage at work: where its batches come from and what they are trained on."""

    @property
    def module(self) -> nn.Module:
        """What is trained: the model's graph for these losses, or what wraps it."""

    @property
    def weights(self) -> Mapping[str, float]:
        """The loss terms and their weights, in a fixed order."""

    @property
    def metrics(self) -> Sequence[str]:
        """What :meth:`validate` computes; empty where there are no validation examples."""

    def __len__(self) -> int:
        """Batches in an epoch of this process."""

    def epoch(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from the batch ``start`` on, each a function of the seed and its position alone."""

    def example(self) -> dict[str, Tensor]:
        """A small batch of zeros, to try the model on."""

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> Mapping[str, Tensor]:
        """The unweighted loss terms (scalars) of a batch that lies on the device."""

    def validate(self) -> dict[str, float]:
        """Metrics on the validation examples, of the model in evaluation mode; all processes take part and get them."""

    def predictions(self, count: int) -> Predictions | None:
        """What the model says to a few validation pictures; None where there are no pictures."""
