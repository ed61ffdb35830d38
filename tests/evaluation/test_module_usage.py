"""How often each label uses each attention module."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compose.evaluation.evaluation import Evaluation
from compose.evaluation.module_usage import ModuleUsage, count_modules
from compose.evaluation.result import Result
from compose.evaluation.result_table import markdown

from .looking import LABELS, MODULES, Kind, Pictures, columns, look
from .spaces import GivenSpace

PICTURES = Pictures(boxed=False)
TASKS = {"zsl": [2, 4, 6], "gzsl": list(range(LABELS))}


def run(kind: Kind = "modules", **options: Any) -> Result:
    evaluation = Evaluation(**{"tasks": tuple(TASKS), "metrics": ("map",), "batch": 7, **options})
    return evaluation.run(partial(look, kind=kind), PICTURES, GivenSpace(PICTURES.labels, columns), data="toy")


def slow(labels: list[int], rows: Tensor) -> Tensor:
    given = {"image": PICTURES.batch["image"][rows], "columns": torch.tensor(labels)}
    counts = torch.zeros(len(labels), MODULES, dtype=torch.int64)
    for image in look(given)["winner"].tolist():
        for label, module in enumerate(image):
            counts[label, module] += 1
    return counts


@pytest.mark.parametrize("context", ["task", "all"])
@pytest.mark.parametrize("images", ["all", "with_positives"])
def test_counts_of_each_task(context: str, images: str) -> None:
    result = run(label_context=context, images=images)
    for task, labels in TASKS.items():
        kept = (PICTURES.batch["targets"][:, labels] > 0).any(1) | (torch.tensor(images == "all"))
        usage = result[task].modules
        assert usage is not None
        assert usage.counts.tolist() == slow(labels, kept).tolist()
        assert usage.counts.dtype == torch.int64
        assert list(usage.names) == [PICTURES.labels.names[label] for label in labels]
        assert list(usage.seen) == [PICTURES.seen[label] for label in labels]
    assert result.modules is result["gzsl"].modules


def test_counts_against_a_histogram() -> None:
    winner = torch.from_numpy(np.random.default_rng(0).integers(0, 5, (50, 8)))
    counts = count_modules(winner, 6)
    assert counts.tolist() == [[int((winner[:, label] == module).sum()) for module in range(6)] for label in range(8)]
    assert count_modules(winner[:0], 6).tolist() == [[0] * 6] * 8


@pytest.mark.parametrize("kind", ["labels", "mean"])
def test_a_model_without_modules(kind: Kind) -> None:
    result = run(kind)
    assert result.modules is None
    assert "attention module" not in markdown(result)


def test_the_report_has_the_shares() -> None:
    usage = ModuleUsage(torch.tensor([[1, 0, 5, 0], [2, 0, 8, 0]]), ("a", "b"), (True, False))
    assert usage.line() == "2: 81.2, 0: 18.8; never used: 1, 3"
    assert f"Scores from each attention module, in percent: {run()['gzsl'].modules.line()}" in markdown(run())  # type: ignore[union-attr]


def test_a_result_is_shown_as_its_table() -> None:
    shown = repr(run())
    assert shown == str(run())
    assert "tensor" not in shown
    assert "chance" in shown
    assert len(shown.splitlines()) < 20
    assert repr(run().modules) == f"ModuleUsage({LABELS} labels, {MODULES} modules)"


def test_it_is_no_part_of_the_stored_result() -> None:
    result = run()
    assert Result.loads(result.dumps()) == result
    assert Result.loads(result.dumps()).modules is None
