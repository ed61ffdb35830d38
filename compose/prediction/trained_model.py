"""A model with the weights of a run, ready to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose.model.build import Built
    from compose.training.prepare import Prepared
    from compose.training.storage.find_run import FoundRun


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A trained model.

    Args:
        made: what the run's spec names, as far as the scores need it.
        built: its model, in evaluation mode, on ``device``.
        device: where it runs.
    """

    made: Prepared
    built: Built
    device: Any

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Within it the model is called: without gradients, and a block that fails is told at its line."""
        import torch

        from compose.model.failures.run_failure import told_at_block

        with told_at_block(self.built.training, self.built.plan, "fails in a prediction"), torch.no_grad():
            yield


def load_trained(made: Prepared, run: FoundRun, *, weights: str | None, device: str) -> TrainedModel:
    """A run's model.

    Args:
        made: the run's spec with all that it names.
        run: the run.
        weights: which of its weights.
        device: where it runs.

    Raises:
        TrainingError: the run has no such weights, or this machine no such device.
    """
    from compose.training.device import choose_device

    target, scoring = choose_device(device), made.scoring().without_weights()
    built = scoring.build()
    run.load(built, weights)
    for graph in (built.training, built.inference, built.looking):
        graph.to(target).eval()
    return TrainedModel(made=scoring, built=built, device=target)
