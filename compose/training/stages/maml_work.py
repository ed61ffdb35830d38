"""The stage ``maml`` at work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from compose.data.loader import Loader
from compose.tasks.example_cache import LIMIT, ExampleCache
from compose.training.adaptation.episode_labels import EpisodeLabels
from compose.training.adaptation.task_model import PULL, Outer, TaskModel
from compose.training.adaptation.task_scorer import TaskScorer
from compose.training.stages.batches import workers_of

if TYPE_CHECKING:
    from compose.data.source import Examples
    from compose.training.logging.prediction_sheet import Predictions
    from compose.training.stages.maml import Maml
    from compose.training.stages.work import Setting

ALIKE = 1e-4
"""By how much of the greatest feature those of an example may differ with what is computed beside it."""


class MamlWork:
    """A stage ``maml`` at work.

    Args:
        stage: its options.
        setting: model and data.
    """

    def __init__(self, stage: Maml, setting: Setting) -> None:
        model = setting.model
        names = [f"loss.{name}" for name in stage.descends(model.plan, setting.source)]
        self._stage, self._setting, self._epoch = stage, setting, 0
        self.weights = {name: model.loss_weights[name] for name in names}
        terms = dict(self.weights)
        if stage.pull:
            self.weights[PULL] = stage.pull
        self._labels = EpisodeLabels(setting.space, setting.device)
        self._validation = setting.validation(stage)
        self.metrics = self._validation.names if self._validation else []
        adapted = stage.adaptation(model.nodes)
        self.module = TaskModel(model, adapted, terms, varying=adapted.trained, fixed=self._labels.fixed)

    @cached_property
    def _loader(self) -> Loader:
        stage, setting = self._stage, self._setting
        features = self._features(setting.source.task_examples("train"))
        return Loader(
            stage.draw(setting.source, setting.seed, examples=features),
            batch=stage.batch,
            seed=setting.seed,
            workers=workers_of(stage, setting),
            rank=setting.rank,
            world=setting.world,
        )

    def _features(self, examples: Examples) -> Examples | None:
        """What the frozen part of the model makes of each example, or the examples where nothing is frozen, each read
        once; None where epochs differ, or it is too much."""
        if not examples.repeats:
            return None
        if self.module.parts is None:
            if workers_of(self._stage, self._setting):
                return None  # each would have a copy
            return ExampleCache(examples, np.arange(len(examples)), shares=self._setting.shares)
        self.module.parts.features.eval()
        compute = partial(self.module.kept, device=self._setting.device)
        together, alone = compute(examples[[0, 1]]), compute(examples[[0]])
        if sum(value.nbytes for value in alone.values()) * len(examples) > LIMIT:
            return None
        same = all(
            torch.allclose(together[name][:1], value, rtol=0, atol=ALIKE * float(value.abs().max()))
            for name, value in alone.items()
        )
        shares = self._setting.shares
        if not all(shares.each(same)):
            return None
        return ExampleCache(examples, np.arange(len(examples)), compute=compute, shares=shares)

    def __len__(self) -> int:
        """Batches in an epoch of this process."""
        return len(self._loader)

    def epoch(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch."""
        self._epoch = number
        for batch in self._loader.epoch(number, start=start):
            yield self._taken({**batch, **self._labels(batch["episode_labels"])})

    def _taken(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        wanted = {*self.module.takes, *self._setting.source.shapes}
        return {name: value for name, value in batch.items() if name in wanted}

    def example(self) -> dict[str, Tensor]:
        """Two episodes of zeros."""
        from compose.model.episode_batch import EpisodeBatch

        shape = self._stage.shapes[0]
        batch = EpisodeBatch(2, shape)
        examples = {name: torch.zeros(batch.images, *dims) for name, dims in self._setting.source.shapes.items()}
        sizes = {name.replace(".", "_"): size for name, size in batch.sizes.items()}
        targets = {name: torch.zeros(size, dtype=torch.int8) for name, size in sizes.items()}
        return self._taken({**examples, **targets, **self._labels(torch.zeros(2, shape.ways, dtype=torch.int64))})

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> Mapping[str, Tensor]:
        """The losses of the queries of a batch of episodes, under the weights that their support leads to."""
        assert isinstance(model, TaskModel)
        stage = self._stage
        first_order = self._epoch < stage.first_order_epochs
        outer = Outer(first_order=first_order, reptile=stage.reptile, pulls=stage.pull > 0)
        return model.terms({**batch, **model.features(batch)}, outer, shares=self._shares(batch))

    def _shares(self, batch: Mapping[str, Tensor]) -> Tensor | None:
        """The weight of the queries' loss after each inner step (MAML++, section 4); None for the last alone."""
        over, steps = self._stage.multi_step, self._stage.inner_steps
        if self._epoch >= over or steps == 1:
            return None
        early = (1 - self._epoch / over) / steps
        shares = [early] * (steps - 1) + [1 - early * (steps - 1)]
        return torch.tensor(shares, device=batch["support_targets"].device)

    def validate(self) -> dict[str, float]:
        """The metrics on the validation episodes, the mean over the numbers of shots."""
        assert self._validation is not None
        self.module.eval()
        scorer = TaskScorer(self.module, self._labels, self._setting.device)
        return self._validation.run(self._setting, scorer, scorer.parts)

    def predictions(self, count: int) -> Predictions | None:
        """Nothing to look at."""
        return None
