from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from compose.data.loader import Loader
from compose.data.vectors.glosses import Glosses
from compose.tasks import label_tasks
from compose.tasks.class_pool import PoolError
from compose.tasks.episodes import EpisodeShape
from compose.tasks.example_cache import ExampleCache
from compose.tasks.label_pool import LabelPool
from compose.tasks.label_tasks import DrawnLabels, LabelTasks
from compose.tasks.task_stream import Sampling

from .labelled import Labelled, at_random, carrying

SHARES = (0.9, 0.5, 0.3, 0.2, 0.1, 0.1, 0.06, 0.05, 0.04, 0.03)
TARGETS = at_random(SHARES, 160)
OWN = (8, 1, 2, 7, 4, 5, 6, 9)
SHAPE = EpisodeShape(4, 2, 3)
SAMPLINGS: tuple[Sampling, ...] = ("balanced", "uniform")


@pytest.fixture
def pool() -> LabelPool:
    return LabelPool(Labelled(TARGETS, OWN), "train")


def tasks(pool: LabelPool, *shapes: EpisodeShape, **options: Any) -> LabelTasks:
    return LabelTasks(pool, shapes or [SHAPE], **{"sampling": "uniform", "seed": 3, **options})


# --- what a task holds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        SHAPE,
        EpisodeShape(2, 1, 1),
        EpisodeShape(7, 2, 9),  # some labels have too few examples
        EpisodeShape(5, 3, 40),
        EpisodeShape(5, 1, 4, 2),
    ],
)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_what_a_task_holds(pool: LabelPool, sampling: Sampling, shape: EpisodeShape) -> None:
    """Label by label, in the order in which they are drawn."""
    found = tasks(pool, shape, sampling=sampling, count=20)
    drawn, batch = found.draw(range(20)), found[range(20)]
    assert set(batch) == {"features", "targets", "support_targets", "query_targets", "episode_labels"}
    assert batch["features"].shape == (20 * shape.pictures, 1)
    assert batch["support_targets"].shape == (20, shape.support, shape.ways)
    assert batch["query_targets"].shape == (20, shape.asked, shape.ways)
    assert (batch["support_targets"].dtype, batch["query_targets"].dtype) == (torch.int8, torch.int8)
    assert (batch["episode_labels"].dtype, batch["episode_labels"].shape) == (torch.int64, (20, shape.ways))
    assert batch["features"].view(20, -1).long().tolist() == drawn.rows.tolist()
    for e in range(20):
        labels = found.pool.columns[drawn.classes[e]].tolist()
        assert (batch["episode_labels"][e].tolist(), len(set(labels))) == (labels, shape.ways)
        _check_rule(drawn.rows[e], drawn.positions[e], labels, shape)
        targets = torch.cat([batch["support_targets"][e], batch["query_targets"][e]]).tolist()
        every = batch["targets"].view(20, shape.pictures, -1)[e].tolist()
        for row, position, of_row, of_all in zip(drawn.rows[e], drawn.positions[e], targets, every, strict=True):
            assert of_all == ([0] * len(of_all) if position < 0 else TARGETS[row].tolist())
            assert of_row == [of_all[label] for label in labels]


def _check_rule(rows: NDArray[np.int64], positions: NDArray[np.int64], labels: list[int], shape: EpisodeShape) -> None:
    """As many examples of each label as are left when its turn comes; all different, and padding within the task."""
    used: set[int] = set()
    support, queries = (slice(0, shape.support), slice(shape.support, None))
    asked = set(positions[queries]) - {-1} if shape.query_classes else range(shape.ways)
    assert shape.query_classes is None or len(asked) == shape.query_classes
    for part, count, wanted in ((support, shape.shots, range(shape.ways)), (queries, shape.queries, sorted(asked))):
        for position in wanted:
            own = rows[part][positions[part] == position].tolist()
            left = set(np.flatnonzero(TARGETS[:, labels[position]] == 1)) - used
            assert len(own) == len(set(own)) == min(count, len(left))
            assert set(own) <= left
            used |= set(own)
    for i in range(shape.support):
        assert positions[i] in (-1, i // shape.shots)
    assert (positions >= 0).sum() == len(used)
    assert set(rows) == used


def test_a_label_may_lose_its_support_to_others() -> None:
    """The second label's only examples carry the first one too, which may take them."""
    pool = LabelPool(Labelled(carrying([0, 1], [0, 1], count=2)), "train")
    drawn = tasks(pool, EpisodeShape(2, 1, 1), count=50).draw(range(50))
    assert (drawn.positions == [0, 1, -1, -1]).all()
    assert (np.sort(drawn.rows[:, :2]) == [0, 1]).all()
    assert (drawn.rows[:, 2:] == drawn.rows[:, :1]).all()
    three = LabelPool(Labelled(carrying([0, 1], [0, 1], [0, 1], count=2)), "train")
    found = tasks(three, EpisodeShape(3, 1, 1), count=50)
    assert (found.draw(range(50)).positions == [0, 1, -1, -1, -1, -1]).all()
    support = found[range(50)]["support_targets"]
    assert (support[:, :2] == 1).all()
    assert (support[:, 2] == 0).all()


def test_queries_are_in_random_order() -> None:
    abundant = LabelPool(Labelled(np.ones((200, 4), np.int8)), "train")
    queries = tasks(abundant, count=2000).draw(range(2000)).positions[:, SHAPE.support :]
    for place in range(SHAPE.asked):
        assert abs(np.bincount(queries[:, place], minlength=4) / 500 - 1).max() < 0.2
    assert (queries[:, 0] == queries[:, 1]).mean() == pytest.approx(2 / 11, abs=0.03)


# --- all examples alike ---------------------------------------------------------------------------------------------

CARRIERS = ({0, 1, 2}, {1, 2, 3, 4}, {2, 4, 5, 6, 7})
Outcome = tuple[tuple[int, ...], ...]
"""The examples drawn for each label position: of the support in order, then of the queries ascending."""


def outcomes(steps: list[tuple[int, int]], done: Outcome = (), share: float = 1.0) -> Iterator[tuple[Outcome, float]]:
    """All that can come of drawing so many examples of each label in turn, with its probability."""
    if not steps:
        yield done, share
        return
    (label, count), *rest = steps
    left = sorted(CARRIERS[label] - {row for rows in done for row in rows})
    sets = list(combinations(left, min(count, len(left))))
    for chosen in sets:
        yield from outcomes(rest, (*done, chosen), share / len(sets))


def seen(drawn: DrawnLabels, shape: EpisodeShape) -> Counter[tuple[tuple[int, ...], Outcome]]:
    """How often each outcome came, with the order of its labels."""
    found: Counter[tuple[tuple[int, ...], Outcome]] = Counter()
    for rows, classes, positions in zip(drawn.rows, drawn.classes, drawn.positions, strict=True):
        of: defaultdict[tuple[bool, int], list[int]] = defaultdict(list)
        for i, (row, position) in enumerate(zip(rows.tolist(), positions.tolist(), strict=True)):
            of[i >= shape.support, position].append(row)
        sets = tuple(tuple(sorted(of[asks, p])) for asks in (False, True) for p in range(shape.ways))
        found[tuple(classes.tolist()), sets] += 1
    return found


@pytest.mark.parametrize(
    ("shape", "labels"), [(EpisodeShape(2, 1, 2), 2), (EpisodeShape(2, 2, 1), 2), (EpisodeShape(3, 1, 0), 3)]
)
def test_all_examples_alike(shape: EpisodeShape, labels: int) -> None:
    """How often each possible task comes, against its exact probability."""
    pool = LabelPool(Labelled(carrying(*CARRIERS[:labels], count=8)), "train")
    total = 20_000
    times = seen(tasks(pool, shape, count=total).draw(range(total)), shape)
    expected = {}
    orders = {order for order, _ in times}
    for order in orders:
        steps = [(label, shape.shots) for label in order] + [(label, shape.queries) for label in order]
        for outcome, share in outcomes(steps):
            expected[order, outcome] = total * share / {2: 2, 3: 6}[labels]
    assert len(orders) == {2: 2, 3: 6}[labels]
    assert set(times) <= set(expected)
    assert min(expected.values()) > 5
    distance = sum((times[key] - value) ** 2 / value for key, value in expected.items())
    freedom = len(expected) - 1
    assert abs(distance - freedom) < 4 * (2 * freedom) ** 0.5


def test_each_example_of_a_large_label_comes_equally_often() -> None:
    pool = LabelPool(Labelled(carrying(range(300), range(250, 400), count=400)), "train")
    drawn = tasks(pool, EpisodeShape(2, 1, 5), count=20_000, seed=5).draw(range(20_000))
    first = drawn.classes[:, 0] == 0
    times = np.bincount(drawn.rows[first, 0], minlength=300)
    assert abs(((times - first.sum() / 300) ** 2 / (first.sum() / 300)).sum() - 299) < 4 * (2 * 299) ** 0.5


# --- which labels ---------------------------------------------------------------------------------------------------


def test_balanced_takes_every_label_once_an_epoch(pool: LabelPool) -> None:
    found = tasks(pool, EpisodeShape(3, 1, 1), sampling="balanced")
    assert len(found) == 2
    orders = set()
    for epoch in range(20):
        classes = found.draw(range(2 * epoch, 2 * epoch + 2)).classes.ravel().tolist()
        assert len(set(classes)) == 6
        orders.add(tuple(classes))
    assert len(orders) == 20


def test_uniform_draws_each_task_from_all(pool: LabelPool) -> None:
    classes = tasks(pool, count=3000).draw(range(3000)).classes
    for position in range(4):
        assert abs(np.bincount(classes[:, position], minlength=8) / 375 - 1).max() < 0.2


def test_labels_with_too_few_examples_are_left_out() -> None:
    pool = LabelPool(Labelled(carrying(range(4), range(2), range(9), range(3), count=9)), "train")
    found = tasks(pool, EpisodeShape(2, 1, 1), EpisodeShape(2, 2, 1), count=40)
    assert (found.pool.names, found.pool.left_out) == (["l0", "l2", "l3"], 1)
    for epoch in range(2):
        labels = found[range(40 * epoch, 40 * epoch + 40)]["episode_labels"]
        assert labels.unique().tolist() == [0, 2, 3]


# --- what a task depends on -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("tables", [1, 1000, 2**23])
def test_a_task_does_not_depend_on_its_batch(
    pool: LabelPool, sampling: Sampling, tables: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = EpisodeShape(3, 1, 4, 2)
    whole = tasks(pool, shape, sampling=sampling, count=12).draw(range(24, 36))
    monkeypatch.setattr(label_tasks, "TABLES", tables)
    again = tasks(pool, shape, sampling=sampling, count=12)
    for part in ([30], [35, 24, 29], list(reversed(range(24, 36)))):
        for value, expected in zip(again.draw(part), whole, strict=True):
            assert np.array_equal(value, expected[[number - 24 for number in part]])


def test_another_seed_draws_others(pool: LabelPool) -> None:
    first, other = (tasks(pool, seed=seed, count=50).draw(range(50)) for seed in (0, 1))
    for one, two in zip(first[:2], other[:2], strict=True):
        assert sum(map(np.array_equal, one, two)) < 5


def test_epochs_read_examples_anew(pool: LabelPool) -> None:
    found, length = tasks(pool), len(pool.examples)
    for epoch in (0, 1, 5):
        numbers = [2 * epoch + 1, 2 * epoch]
        features = found[numbers]["features"].view(2, -1).long().numpy()
        assert np.array_equal(features, found.draw(numbers).rows + epoch * length)
    assert not np.array_equal(found.draw(range(2)).rows, found.draw(range(2, 4)).rows)


def test_epochs_take_several_shots_in_turn(pool: LabelPool) -> None:
    found = tasks(pool, EpisodeShape(4, 1, 2), EpisodeShape(4, 3, 1))
    for epoch, shots in enumerate((1, 3, 1)):
        batch = found[range(2 * epoch, 2 * epoch + 2)]
        assert batch["support_targets"].shape == (2, 4 * shots, 4)


def test_drawing_reads_no_example() -> None:
    source = Labelled(TARGETS)
    found = tasks(LabelPool(source, "train"))
    found.draw(range(2))
    assert source.reads == []
    found[[1]]
    assert 0 < len(source.reads) <= SHAPE.pictures  # padding repeats an example, which is read once


def test_examples_may_be_read_from_elsewhere(pool: LabelPool) -> None:
    """A test keeps what it computes of them."""
    found = tasks(pool, count=5)

    def computed(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"targets": batch["targets"], "hidden": batch["features"] * 2}

    kept = ExampleCache(pool.examples, found.draw(range(5)).rows, compute=computed)
    batch, expected = tasks(found.pool, count=5, examples=kept)[range(5)], found[range(5)]
    assert torch.equal(batch.pop("hidden"), expected.pop("features") * 2)
    assert all(torch.equal(batch[name], value) for name, value in expected.items())


def test_glosses_with_workers() -> None:
    """Real data, through the loader: a query carries a label of the task, and worker processes change nothing."""
    pool = LabelPool(Glosses(), "train")
    found = tasks(pool, EpisodeShape(5, 1, 15), count=50, seed=0)
    assert len(pickle.dumps(found)) < 3_000_000
    (batch, again), (one, two) = (list(Loader(found, batch=25, seed=0, workers=n).epoch(1)) for n in (0, 2))
    assert all(torch.equal(batch[name], one[name]) and torch.equal(again[name], two[name]) for name in batch)
    assert batch["features"].shape == (25 * 80, 500)
    support, queries = batch["support_targets"], batch["query_targets"]
    padded = torch.cat([support, queries], dim=1).eq(0).all(dim=2)
    assert padded.float().mean() < 0.1
    assert ((queries == 1).any(dim=2) | padded[:, 5:]).all()
    own = support.diagonal(dim1=1, dim2=2)
    assert ((own == 1) | padded[:, :5]).all()


# --- errors ---------------------------------------------------------------------------------------------------------


def test_shapes_of_other_numbers_of_labels(pool: LabelPool) -> None:
    with pytest.raises(ValueError, match=r"expected episodes of one number of classes, got \[2, 3\]"):
        tasks(pool, EpisodeShape(2, 1, 1), EpisodeShape(3, 1, 1))


@pytest.mark.parametrize(
    ("shape", "about", "message"),
    [
        (EpisodeShape(9, 1, 1), "ways", "an episode needs 9 labels, and the split `train` has 8"),
        (EpisodeShape(4, 30, 1), "shots", "an episode needs 4 labels of at least 31 examples each"),
    ],
)
def test_too_few(pool: LabelPool, shape: EpisodeShape, about: str, message: str) -> None:
    with pytest.raises(PoolError, match=message) as error:
        tasks(pool, shape)
    assert error.value.about == about
