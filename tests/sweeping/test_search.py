"""What a search chooses from, what it chooses, and what becomes of its trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from compose.errors import UsageError
from compose.spec.layers.sweep import Member
from compose.sweeping.child_run import Ending
from compose.sweeping.grid_queue import ChildOptions
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.search_queue import SearchQueue
from compose.sweeping.search_space import SearchSpace
from compose.sweeping.search_study import SearchStudy, SearchTrial
from compose.sweeping.sweep_axes import grid_axes, members_of, sweep_flags
from compose.sweeping.value_range import ValueRange

SPACE = SearchSpace.of(sweep_flags(["a,b"], ["x.lr=1e-4..1e-2", "x.size=1..8", "kind=u,v"], ["a", "b"]).axes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1e-4..1e-2", "lr from 0.0001 to 0.01, log"),
        ("0.1..0.9", "lr from 0.1 to 0.9, linear"),
        ("0..1000", "lr from 0 to 1000, linear"),
        ("1..100", "lr from 1 to 100, log"),
        ("1..100:linear", "lr from 1 to 100, linear"),
        ("1..8:log", "lr from 1 to 8, log"),
        ("-1.5..2", "lr from -1.5 to 2.0, linear"),
    ],
)
def test_ranges(text: str, told: str) -> None:
    assert str(ValueRange.of("lr", text, "lr")) == told


@pytest.mark.parametrize("text", ["1", "a..b", "../photos", "[1..2]"])
def test_no_range(text: str) -> None:
    assert ValueRange.of("lr", text, "lr") is None


@pytest.mark.parametrize(
    ("text", "message"), [("2..1", "expected the lesser number first"), ("0..1:log", "a logarithm needs numbers")]
)
def test_wrong_ranges(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ValueRange.of("lr", text, "lr")


def test_numbers_can_be_written_down() -> None:
    found = ValueRange.of("x.lr", "1e-4..1e-2", "lr")
    assert found is not None
    assert found.member(0.00123456) == Member("lr=0.001235", (), ("x.lr=0.001235",))


def test_a_grid_takes_no_range() -> None:
    with pytest.raises(UsageError, match=r"-s lr: only a search \(--search N\) draws from a range"):
        members_of(grid_axes({"lr": "1e-4..1e-2"}, []))


def test_corners_have_every_value() -> None:
    corners = list(SPACE.corners())
    assert corners[0].name == "a, lr=0.0001, size=1, kind=u"
    assert [corner.name for corner in corners[1:]] == [
        "b, lr=0.0001, size=1, kind=u",
        "a, lr=0.01, size=1, kind=u",
        "a, lr=0.0001, size=8, kind=u",
        "a, lr=0.0001, size=1, kind=v",
    ]


def searched(path: Path, count: int, seed: int = 0, *, at_once: int = 1000) -> list[tuple[str, float | None]]:
    """The trials of a search for a small lr, opened anew after every few."""
    while True:
        study = SearchStudy(SPACE, name="s", storage=str(path), seed=seed)
        for _ in range(at_once):
            if len(study.trials) == count:
                return [(trial.member.name, trial.value) for trial in study.trials]
            trial = study.ask(path.parent)
            study.tell(trial.number, -abs(math.log10(float(trial.member.overrides[0].partition("=")[2])) + 3))


def test_a_search_repeats_by_its_seed_also_where_it_was_stopped(tmp_path: Path) -> None:
    first = searched(tmp_path / "a", 13)
    assert searched(tmp_path / "b", 13, at_once=4) == first
    assert searched(tmp_path / "c", 13, seed=1) != first
    assert len({name for name, _ in first}) > 10


class FakeSearch(SearchQueue):
    """A search whose runs reach what a table says."""

    def __init__(self, study: SearchStudy, reached: dict[str, float], count: int = 3) -> None:
        self.lines: list[str] = []
        super().__init__(
            study,
            count,
            Path("o"),
            self.runs,
            ChildOptions(),
            is_begun=lambda run: False,
            value=lambda run: reached.get(run.name),
            say=self.lines.append,
        )

    def runs(self, trial: SearchTrial) -> Sequence[PlannedRun]:
        folders = (Path(f"o/{trial.number}-{seed}") for seed in (0, 1))
        return [PlannedRun(trial.member, seed, folder, "m.yaml") for seed, folder in enumerate(folders)]


def test_trials(tmp_path: Path) -> None:
    study = SearchStudy(SPACE, name="s", storage=str(tmp_path / "s"), seed=0)
    reached: dict[str, float] = {}
    queue = FakeSearch(study, reached)
    for code in (0, 0, 0, 1):
        run = queue.next()
        assert run is not None
        reached[run.name] = 0.25 + 0.5 * run.seed
        queue.ended(run, Ending(code, "error" if code else ""))
    assert [(trial.state, trial.value) for trial in study.trials] == [("ended", 0.5), ("failed", None)]
    stopped = queue.next()
    assert stopped is not None
    queue.ended(stopped, Ending(130))
    assert (queue.left, study.trials[2].state) == (2, "running")

    again = FakeSearch(study, {**reached, "2-0": 0.75})  # its first run ended before the search was stopped
    last = again.next()
    assert last is not None
    assert (last.name, last.member) == ("2-1", study.trials[2].member)
    assert again.next() is None
    again.ended(last, Ending(0))
    assert study.trials[2].state == "failed", "a run without a value"


def test_machines_join_a_study(tmp_path: Path) -> None:
    one, other = (SearchStudy(SPACE, name="s", storage=str(tmp_path / "s"), seed=0) for _ in range(2))
    numbers = [study.ask(tmp_path / "o").number for study in (one, other, one)]
    assert numbers == [0, 1, 2]
    other.tell(0, 0.5)
    assert [trial.state for trial in one.trials] == ["ended", "running", "running"]
    assert not list(one.abandoned(tmp_path / "elsewhere"))


def test_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    SearchStudy(SPACE, name="s", storage=url, seed=0).tell(
        SearchStudy(SPACE, name="s", storage=url, seed=0).ask(tmp_path).number, 0.5
    )
    assert [trial.value for trial in SearchStudy(SPACE, name="s", storage=url, seed=0).trials] == [0.5]
    with pytest.raises(UsageError, match="--storage nothing://x: "):
        SearchStudy(SPACE, name="s", storage="nothing://x", seed=0)
