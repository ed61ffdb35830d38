"""The memory of a training step, also where several processes share weights and examples."""

from __future__ import annotations

import pytest

import compose
from compose.errors import SpecErrors
from compose.model.costs import memory
from compose.model.costs.memory import training_bytes
from compose.model.facts import Facts

FACTS = (Facts(parameters=100, trainable=100, saved_bytes=4_000), Facts(parameters=50, trainable=0, saved_bytes=800))


def test_weights_gradients_moments_and_activations_count() -> None:
    assert training_bytes(FACTS) == 4 * 150 + 12 * 100 + 4_800


def test_processes_have_their_share_of_the_examples_and_all_weights() -> None:
    assert training_bytes(FACTS, batch_parts=4) == 4 * 150 + 12 * 100 + 1_200


def test_processes_that_share_weights_need_those_of_a_node_at_a_time() -> None:
    assert training_bytes(FACTS, weight_parts=4, batch_parts=4) == 1_800 // 4 + 4 * 100 + 1_200


def test_a_model_that_one_device_does_not_hold_is_checked_with_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    made = compose.load("zoo/starter.yaml", overrides={"train.main.batch": 2})
    needed = training_bytes(made.shaped.facts.values())
    monkeypatch.setattr(memory, "machine_bytes", lambda: (int(needed * 0.75), "the GPU"))
    with pytest.raises(SpecErrors, match=r"the model needs about .* to train at batch 2, the GPU has"):
        replace(made).shaped  # noqa: B018
    assert replace(made, weight_parts=8).shaped.facts
