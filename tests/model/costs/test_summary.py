"""The line on what a model needs."""

from __future__ import annotations

import pytest

from compose.model.costs.summary import totals
from compose.spec.read import read_spec
from compose.training.prepare import prepare


@pytest.mark.parametrize(
    ("name", "changes", "batch"),
    [
        ("starter", (), "batch 48"),
        ("stanet", ("train.main.batch=4", "train.main.shots=1", "train.main.queries=3"), "80 pictures (4 episodes)"),
        ("desire-net", (), "2,500 examples (25 episodes)"),
        ("desire-net", ("train.tasks.shots=1",), "2,000 examples (25 episodes)"),
        ("baselines/pretrained", (), "320 examples (4 episodes)"),
    ],
)
def test_the_batch_of_a_training_step(name: str, changes: tuple[str, ...], batch: str) -> None:
    made = prepare(read_spec(f"zoo/{name}.yaml", overrides=list(changes)))
    found = totals(made.shaped, made.batch, made.episodes)
    assert found.text.endswith(f" a training step at {batch}")
    assert found.batch == made.sizes["targets"][0]
