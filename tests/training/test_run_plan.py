"""What a run does is made from a spec in one place."""

from __future__ import annotations

from dataclasses import fields

import pytest

import compose
from compose.training.run_plan import RunPlan
from compose.training.training_errors import TrainingError


def test_it_is_never_filled_by_position() -> None:
    with pytest.raises(TypeError, match="positional"):
        RunPlan(*[None] * len(fields(RunPlan)))  # type: ignore[call-arg]


def test_batches_that_processes_cannot_share_are_refused_before_the_first_stage() -> None:
    made = compose.load("zoo/lesa.yaml", overrides={"train.main.batch": 6, "train.pretext.batch": 8})
    plan = RunPlan.of(made)
    plan.check_shares(2)
    with pytest.raises(TrainingError, match=r"train\.main\.batch: expected a batch that 4 processes can share evenly"):
        plan.check_shares(4)


def test_so_are_fewer_episodes_or_examples_than_processes_can_share() -> None:
    overrides = {"train.main.episodes": 6, "train.main.batch": 8}
    episodic = RunPlan.of(compose.load("zoo/baselines/prototypical.yaml", overrides=overrides))
    episodic.check_shares(3)
    with pytest.raises(TrainingError, match=r"evenly, got the 6 episodes that there are; 4 can be shared$"):
        episodic.check_shares(4)
    overrides = {"data.train": 3, "train.main.batch": 4}
    supervised = RunPlan.of(compose.load("zoo/starter.yaml", overrides=overrides))
    with pytest.raises(TrainingError, match=r"evenly, got the 3 examples that there are$"):
        supervised.check_shares(4)


def test_weights_that_adapt_to_episodes_are_not_shared() -> None:
    plan = RunPlan.of(compose.load("zoo/baselines/maml.yaml"))
    with pytest.raises(TrainingError, match=r"adapt to episodes, and every process needs all of them"):
        plan.check_sharding()
    RunPlan.of(compose.load("zoo/starter.yaml")).check_sharding()


def test_it_is_what_the_spec_says() -> None:
    made = compose.load("zoo/starter.yaml", overrides={"seed": 7, "data.size": 32})
    plan = RunPlan.of(made)
    for name in ("source", "space", "stages", "evaluation", "adaptation", "seed"):
        assert getattr(plan, name) is getattr(made, name)
    assert plan.title == "starter"
    assert "seed: 7\n" in plan.lock
    assert [file.name for file in plan.files] == ["prediction.safetensors"]
    assert plan.model.plan is made.shaped.plan
