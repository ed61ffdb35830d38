"""Above which score a model of pictures predicts a label: the threshold that is best on the validation images."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.evaluation.label_protocol import Task
    from compose.prediction.trained_model import TrainedModel
    from compose.training.prepare import Prepared


def validation_threshold(
    trained: TrainedModel, made: Prepared, *, on_batch: Callable[[int], None] | None = None
) -> float:
    """The one threshold for all labels at which the F1 over all pairs of validation images and seen labels is greatest.

    Unseen labels have no part in it: nothing of them may be known before the test.

    Args:
        trained: the model.
        made: the run's spec with all that it names, its data among it.
        on_batch: told the number of images after each batch.

    Raises:
        DataError: the data has no validation images.
        UsageError: none of them shows a label that the model was trained on.
    """
    from compose.errors import UsageError
    from compose.evaluation.per_label import best_thresholds
    from compose.evaluation.task_scores import score
    from compose.labels.label_set import training_labels
    from compose.training.inference import scorer

    space, evaluation = trained.made.space, trained.made.evaluation
    which = training_labels(space.table)
    task: Task = "seen" if which == "seen" else "gzsl"
    labels = space.label_set(which)
    with trained.asked():
        found = score(
            scorer(trained.built.inference),
            made.source.split("val"),
            {task: labels},
            space.inputs,
            context=space.label_set("all") if evaluation.label_context == "all" else None,
            batch=evaluation.batch,
            device=trained.device,
            on_batch=on_batch,
        )
    targets = found.targets[:, labels.index]
    threshold = float(best_thresholds(found.scores[task].reshape(1, -1), targets.reshape(1, -1))[1])
    if math.isnan(threshold):
        raise UsageError("threshold: no validation image shows a label that the model was trained on; give a number")
    return threshold
