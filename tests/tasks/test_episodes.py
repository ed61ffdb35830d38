from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compose.data.drawn.alphabets import Alphabets
from compose.data.loader import Loader
from compose.data.source import DataError
from compose.tasks.class_pool import ClassPool
from compose.tasks.episodes import Episodes, EpisodeShape, Sampling

from .numbered import Numbered, mixed

SEEN = (True, False, True, True, True, True, False, True, True, True, True, True, True, True, True)
COUNTS = {column: 8 + column % 5 for column in range(len(SEEN))}
SHAPE = EpisodeShape(4, 2, 3)
SAMPLINGS: tuple[Sampling, ...] = ("balanced", "uniform")


@pytest.fixture
def pool() -> ClassPool:
    """13 seen classes of 8 to 12 pictures, among pictures of 2 unseen ones."""
    return ClassPool(Numbered({"train": mixed(COUNTS)}, SEEN), "train")


def episodes(pool: ClassPool, *shapes: EpisodeShape, **options: Any) -> Episodes:
    return Episodes(pool, shapes or [SHAPE], **{"sampling": "balanced", "seed": 3, **options})


def one(targets: Tensor) -> int:
    """The one class position of a picture; all others are -1."""
    (position,) = (targets == 1).nonzero()[:, 0].tolist()
    assert ((targets == -1).sum(), targets.dtype) == (len(targets) - 1, torch.int8)
    return int(position)


def test_shape() -> None:
    shape = EpisodeShape(5, 2, 15)
    assert (shape.support, shape.asked, shape.pictures) == (10, 75, 85)
    few = EpisodeShape(5, 2, 15, 3)
    assert (few.support, few.asked, few.pictures) == (10, 45, 55)
    assert few.grown(shots=1, queries=2) == EpisodeShape(5, 3, 17, 3)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize(
    "shape", [SHAPE, EpisodeShape(5, 1, 7), EpisodeShape(13, 2, 6), EpisodeShape(2, 1, 1, 1), EpisodeShape(4, 3, 2, 3)]
)
def test_what_an_episode_holds(pool: ClassPool, sampling: Sampling, shape: EpisodeShape) -> None:
    """Picture by picture: the targets within the episode against the class that the picture shows."""
    found = episodes(pool, shape, sampling=sampling, count=20)
    drawn, batch = found.draw(range(20)), found[range(20)]
    assert batch["image"].shape == (20 * shape.pictures, 1, 1, 1)
    assert batch["support_targets"].shape == (20, shape.support, shape.ways)
    assert batch["query_targets"].shape == (20, shape.asked, shape.ways)
    shown = batch["targets"].argmax(1).view(20, -1).tolist()
    images = batch["image"].view(20, -1).long().tolist()
    for e in range(20):
        own = pool.columns[drawn.classes[e]].tolist()
        assert len(set(own)) == shape.ways
        assert len(set(images[e])) == shape.pictures
        assert images[e] == drawn.rows[e].tolist()
        support, queries = map(one, batch["support_targets"][e]), list(map(one, batch["query_targets"][e]))
        expected = [position for position in range(shape.ways) for _ in range(shape.shots)]
        assert list(support) == expected
        assert shown[e] == [own[position] for position in [*expected, *queries]]
        assert np.unique(queries, return_counts=True)[1].tolist() == [shape.queries] * (
            shape.query_classes or shape.ways
        )


def test_queries_are_in_random_order(pool: ClassPool) -> None:
    targets = episodes(pool, count=2000).draw(range(2000)).query_targets.argmax(2)
    for place in range(SHAPE.asked):
        assert abs(np.bincount(targets[:, place], minlength=4) / 500 - 1).max() < 0.2
    assert (targets[:, 0] == targets[:, 1]).mean() == pytest.approx(2 / 11, abs=0.03)


def test_every_class_is_asked_about_equally_often(pool: ClassPool) -> None:
    targets = episodes(pool, EpisodeShape(4, 1, 1, 2), count=2000).draw(range(2000)).query_targets.argmax(2)
    assert (targets[:, 0] != targets[:, 1]).all()
    assert abs(np.bincount(targets.ravel()) / 1000 - 1).max() < 0.1


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_positions_of_a_class_are_drawn_anew(pool: ClassPool, sampling: Sampling) -> None:
    classes = episodes(pool, sampling=sampling, count=3000).draw(range(3000)).classes
    times = np.stack([np.bincount(classes[:, position], minlength=13) for position in range(4)])
    assert abs(times / (3000 / 13) - 1).max() < 0.25


def test_every_picture_is_support_and_query(pool: ClassPool) -> None:
    rows = episodes(pool, count=1000).draw(range(1000)).rows
    seen = np.flatnonzero(np.array(SEEN)[np.array(mixed(COUNTS))]).tolist()
    assert np.unique(rows[:, : SHAPE.support]).tolist() == seen
    assert np.unique(rows[:, SHAPE.support :]).tolist() == seen


# --- which classes ------------------------------------------------------------------------------------------------


def test_balanced_takes_every_class_once_an_epoch(pool: ClassPool) -> None:
    found = episodes(pool)
    assert len(found) == 3
    left, orders = set(), set()
    for epoch in range(30):
        classes = found.draw(range(3 * epoch, 3 * epoch + 3)).classes.ravel().tolist()
        assert len(set(classes)) == 12
        left |= set(range(13)) - set(classes)
        orders.add(tuple(classes))
    assert len(left) > 8
    assert len(orders) == 30


def test_balanced_with_epochs_of_another_length(pool: ClassPool) -> None:
    found = episodes(pool, EpisodeShape(5, 1, 1), count=7)
    assert len(found) == 7
    for start in range(0, 28, 2):
        pair = [found.draw([number]).classes for number in (start, start + 1)]
        assert len(np.unique(pair)) == 10


def test_uniform_draws_each_episode_from_all(pool: ClassPool) -> None:
    found = episodes(pool, sampling="uniform")
    assert len(found) == 3
    classes = found.draw(range(3000)).classes
    assert abs(np.bincount(classes.ravel()) / (3000 * 4 / 13) - 1).max() < 0.1
    distinct = {len(np.unique(epoch)) for epoch in classes.reshape(1000, 12)}
    assert distinct > {7, 8, 9, 10}


# --- what an episode depends on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_an_episode_does_not_depend_on_its_batch(pool: ClassPool, sampling: Sampling) -> None:
    found, again = (episodes(pool, EpisodeShape(3, 1, 2, 2), sampling=sampling, count=12) for _ in range(2))
    numbers = range(24, 36)
    drawn, batch = found.draw(numbers), found[numbers]
    for part in ([30], [35, 24, 29], list(reversed(numbers))):
        places = [number - 24 for number in part]
        for value, whole in zip(again.draw(part), drawn, strict=True):
            assert np.array_equal(value, whole[places])
        assert torch.equal(again[part]["image"].view(len(part), -1), batch["image"].view(12, -1)[places])


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_another_seed_draws_others(pool: ClassPool, sampling: Sampling) -> None:
    first, other = (episodes(pool, sampling=sampling, seed=seed, count=50).draw(range(50)) for seed in (0, 1))
    for name in ("rows", "classes", "query_targets"):
        same = [np.array_equal(*pair) for pair in zip(getattr(first, name), getattr(other, name), strict=True)]
        assert sum(same) < 5


def test_epochs_read_pictures_anew(pool: ClassPool) -> None:
    found, length = episodes(pool), len(pool.examples)
    for epoch in (0, 1, 5):
        numbers = [3 * epoch + 2, 3 * epoch]
        images = found[numbers]["image"].view(2, -1).long().numpy()
        assert np.array_equal(images, found.draw(numbers).rows + epoch * length)
        assert (images // length == epoch).all()
    assert not np.array_equal(found.draw(range(3)).rows, found.draw(range(3, 6)).rows)


def test_epochs_take_several_shots_in_turn(pool: ClassPool) -> None:
    shapes = [EpisodeShape(4, shots, 2) for shots in (1, 5, 2)]
    found = episodes(pool, *shapes)
    for epoch, shots in enumerate((1, 5, 2, 1, 5, 2, 1)):
        batch = found[range(3 * epoch, 3 * epoch + 3)]
        assert batch["support_targets"].shape == (3, 4 * shots, 4)
        assert batch["query_targets"].shape == (3, 8, 4)
        assert batch["image"].shape[0] == 3 * 4 * (shots + 2)
        assert len(found.draw(range(3 * epoch, 3 * epoch + 3)).classes.ravel()) == 12


def test_drawing_reads_no_picture() -> None:
    source = Numbered({"train": mixed(COUNTS)}, SEEN)
    found = episodes(ClassPool(source, "train"))
    found.draw(range(3))
    assert source.reads == []
    found[[1]]
    assert len(source.reads) == SHAPE.pictures


def test_pictures_may_be_read_from_elsewhere(pool: ClassPool) -> None:
    source = Numbered({"train": mixed(COUNTS)}, SEEN)
    episodes(pool, examples=source.split("train"))[[0]]
    assert len(source.reads) == SHAPE.pictures


# --- for training ---------------------------------------------------------------------------------------------------


def read(loader: Loader, epochs: range) -> list[dict[str, Tensor]]:
    return [batch for epoch in epochs for batch in loader.epoch(epoch)]


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def test_workers_and_processes(pool: ClassPool) -> None:
    """Worker processes change nothing, and two processes share each batch."""
    found = episodes(pool, EpisodeShape(2, 1, 2), EpisodeShape(2, 3, 1))
    assert len(found) == 6
    whole = read(Loader(found, batch=4, seed=0), range(3))
    assert [len(batch["support_targets"]) for batch in whole] == [4, 4, 4]
    assert all(map(equal, whole, read(Loader(found, batch=4, seed=0, workers=2), range(3))))
    shares = [read(Loader(found, batch=4, seed=0, rank=rank, world=2), range(3)) for rank in range(2)]
    for rank, share in enumerate(shares):
        for part, batch in zip(share, whole, strict=True):
            assert torch.equal(part["query_targets"], batch["query_targets"][2 * rank :][:2])
            assert torch.equal(part["image"].view(2, -1), batch["image"].view(4, -1)[2 * rank :][:2])


def test_episodes_travel_to_workers() -> None:
    pool = ClassPool(Alphabets(drawings=4), "test")
    found = Episodes(pool, [EpisodeShape(3, 1, 2)], sampling="balanced", seed=0)
    sent = pickle.dumps(found)
    assert len(sent) < 50_000
    assert equal(pickle.loads(sent)[[75, 140]], found[[75, 140]])


# --- errors ---------------------------------------------------------------------------------------------------------


def test_too_few_classes(pool: ClassPool) -> None:
    with pytest.raises(DataError, match="an episode needs 14 classes, and the split `train` has 13"):
        episodes(pool, EpisodeShape(14, 1, 1))


def test_too_few_pictures_for_one_of_the_shapes(pool: ClassPool) -> None:
    with pytest.raises(DataError) as error:
        episodes(pool, SHAPE, EpisodeShape(4, 5, 4))
    assert str(error.value).endswith("the split `train` `c0` has 8, `c5` has 8, `c10` has 8")
    assert "needs 9 pictures of each class" in str(error.value)
