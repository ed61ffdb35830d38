import pytest
import torch

from compose.block import BlockError
from compose.spec.read import read_spec
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


@pytest.mark.parametrize("cooldown", [0, 1, 3])
def test_plateau_is_torchs(cooldown):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    expected = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, "max", factor=0.5, patience=1, threshold=0, threshold_mode="abs", cooldown=cooldown
    )
    ours = Plateau(factor=0.5, patience=1, cooldown=cooldown)
    for value in [0.1, 0.2, 0.2, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1]:
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


def plateau_factors(values: list[float], *, higher_is_better: bool = True, **options: object) -> list[float]:
    ours = Plateau(factor=0.5, patience=0, **options)
    found = []
    for value in values:
        ours.observe(value, higher_is_better=higher_is_better)
        found.append(ours.factor(Moment(0, 1, 1)))
    return found


def test_plateau_against_the_last_value_falls_only_where_that_was_better():
    values = [0.5, 0.3, 0.4, 0.4, 0.5, 0.45]
    assert plateau_factors(values) == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
    assert plateau_factors(values, against="last") == [1, 0.5, 0.5, 0.5, 0.5, 0.25]
    assert plateau_factors(values, against="last", higher_is_better=False) == [1, 1, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_plateau_watches_a_running_mean(higher_is_better):
    values = [0.5, 0.6, 0.2, 0.5, 0.1, 0.1, 0.3]
    mean, factor, expected = 0.0 if higher_is_better else values[0], 1.0, []
    for value in values:
        before, mean = mean, 0.3 * value + 0.7 * mean
        factor *= 0.5 if (mean < before if higher_is_better else mean > before) else 1
        expected.append(factor)
    assert plateau_factors(values, higher_is_better=higher_is_better, against="last", smoothing=0.3) == expected
    assert 0 < min(expected) < 1


def test_the_rate_of_lesas_released_code():
    """It falls by a fifth where a running mean falls, and then not again for five values."""
    values = torch.rand(60, generator=torch.Generator().manual_seed(0)).tolist()
    mean, rate, rest, expected = 0.0, 1.0, 0, []
    for value in values:
        before, mean = mean, 0.7 * mean + 0.3 * value
        if mean < before and rest <= 0:
            rate, rest = 0.8 * rate, 5
        rest -= 1
        expected.append(rate)
    options = read_spec("zoo/lesa.yaml", variants=["released"]).values["train"]["main"]["schedule"]
    ours = Plateau(**{name: value for name, value in options.items() if name != "use"})
    found = []
    for value in values:
        ours.observe(value, higher_is_better=True)
        found.append(ours.factor(Moment(0, 1, 1)))
    assert found == pytest.approx(expected)
    assert expected[-1] < 0.3


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_plateau_goes_on_in_the_middle_of_a_rest(higher_is_better):
    values = [0.5, 0.1, 0.6, 0.05, 0.7, 0.01, 0.8, 0.9]
    options = {"against": "last", "smoothing": 0.5, "cooldown": 2, "patience": 0, "factor": 0.5}
    whole, part = Plateau(**options), Plateau(**options)
    for value in values:
        other = Plateau(**options)
        other.restore(part.state())
        for schedule in (whole, other):
            schedule.observe(value, higher_is_better=higher_is_better)
        part = other
        assert part.state() == whole.state()
    assert whole.factor(Moment(0, 1, 1)) < 1


def test_the_warmup_and_cosine_of_biam_in_its_epochs():
    """Adam's 1e-3 is reached after 3 epochs, and is 5e-4 after 40."""
    schedule = Cosine(warmup=3, floor=0.5)
    rates = [1e-3 * schedule.factor(Moment(epoch, 0, 40)) for epoch in range(41)]
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1e-3)
    expected = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 37, eta_min=5e-4)
    for epoch in range(3, 41):
        assert rates[epoch] == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        expected.step()
    assert rates[:3] == pytest.approx([0, 1e-3 / 3, 2e-3 / 3])


def test_plateau_refuses_a_floor_of_one():
    with pytest.raises(BlockError, match="expected a floor below 1, got 1"):
        Plateau(floor=1)
