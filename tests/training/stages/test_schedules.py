import pytest
import torch

from compose.block import BlockError
from compose.training.stages.schedules import Constant, Cosine, Moment, OneCycle, Plateau, Schedule, StepDecay


def factors(schedule: Schedule, *, epochs: int = 4, steps: int = 2) -> list[float]:
    return [round(schedule.factor(Moment(i / steps, 1 / steps, epochs)), 4) for i in range(epochs * steps)]


def test_constant_with_warmup_has_a_rate_from_the_first_step():
    assert factors(Constant(warmup=2)) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]


def test_step_falls_when_so_many_epochs_are_done():
    assert factors(StepDecay(at=[1, 2.5], factor=0.5)) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_step_is_torchs_multistep():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    expected = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3], gamma=0.1)
    for epoch in range(5):
        assert StepDecay(at=[2, 3]).factor(Moment(epoch, 1, 5)) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        expected.step()


def test_cosine_warms_up_and_falls_to_its_floor():
    values = factors(Cosine(warmup=1, floor=0.1), epochs=5, steps=2)
    assert values[:3] == [0.5, 1, 1]
    assert values[2:] == sorted(values[2:], reverse=True)
    assert Cosine(floor=0.1).factor(Moment(5, 0, 5)) == pytest.approx(0.1)
    assert Cosine().factor(Moment(2, 0, 4)) == pytest.approx(0.5)


def test_cosine_of_nothing_but_warmup_rises():
    assert factors(Cosine(warmup=4)) == [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]


def test_one_cycle_rises_and_falls():
    schedule = OneCycle(rise=0.25, start=0.1, end=0.01)
    assert [schedule.factor(Moment(e, 0, 4)) for e in (0, 1, 4)] == pytest.approx([0.1, 1, 0.01])


def test_plateau_is_torchs():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    expected = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, "max", factor=0.5, patience=1, threshold=0, threshold_mode="abs"
    )
    ours = Plateau(factor=0.5, patience=1)
    for value in [0.1, 0.2, 0.2, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.4]:
        ours.observe(value, higher_is_better=True)
        expected.step(value)
        assert ours.factor(Moment(1, 1, 2)) == optimizer.param_groups[0]["lr"]


def test_plateau_stops_at_its_floor_and_goes_on_from_its_state():
    ours = Plateau(factor=0.1, patience=0, floor=0.05)
    for value in (1.0, 2.0, 2.0, 2.0):
        ours.observe(value, higher_is_better=False)
    other = Plateau(factor=0.1, patience=0, floor=0.05)
    other.restore(ours.state())
    assert other.factor(Moment(0, 1, 1)) == ours.factor(Moment(0, 1, 1)) == 0.05


def test_plateau_refuses_a_floor_of_one():
    with pytest.raises(BlockError, match="expected a floor below 1, got 1"):
        Plateau(floor=1)
