"""Inputs of more numbers than a tensor holds."""

from __future__ import annotations

import pytest
import torch

import compose
from compose.model.walk import Walk
from compose.registry.registry import registry


def test_they_are_told_and_not_made() -> None:
    walk = Walk(registry(), {"image": ((2**40, 3, 2**12, 2**12), torch.float32)}, lambda _: None)
    (error,) = walk.errors
    assert error.code == "out-of-range"
    assert error.message.startswith("`image` would be 1099511627776 × 3 × 4096 × 4096, more numbers than")
    assert walk.values == {}


HUGE = 2**53 - 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (f"model.backbone.channels=[32, 64, 128, {HUGE}]", f"`backbone` cannot be made with `channels` {HUGE:,}"),
        (f"model.pyramid.groups={HUGE}", f"`pyramid` cannot be made with `groups` {HUGE:,}"),
        (f"model.pyramid.level_channels=[{HUGE}, 8]", f"`pyramid` cannot be made with `level_channels` {HUGE:,}"),
        (f"train.main.batch={HUGE}", f"`batch` of the stage `supervised` is {HUGE}"),
    ],
)
def test_a_parameter_beyond_all_sizes_is_told_at_its_value(override: str, message: str) -> None:
    [error] = compose.validate("zoo/starter.yaml", overrides=[override]).errors
    assert error.code == "out-of-range"
    assert error.message.startswith(message)
    assert str(error.place) == "command line:1:4"
    assert not error.fixes
