"""What a model gets wrong, against slow loops over examples and labels."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import pytest
import torch
from torch import Tensor

from compose.evaluation.episodes.episode_scores import EpisodeScores
from compose.evaluation.metrics import metric
from compose.evaluation.mistakes import confused_pairs as pairs_module
from compose.evaluation.mistakes.confused_pairs import PairCounts, confused_classes, confused_pairs
from compose.evaluation.mistakes.find_mistakes import episode_mistakes, task_mistakes
from compose.evaluation.mistakes.ranking_loss import margins, ranking_losses, worst_rows
from compose.evaluation.mistakes.task_mistakes import MOST_EXAMPLES, ClassResult
from compose.evaluation.scored_task import ScoredTask

NAMES = [f"label {number}" for number in range(9)]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that chunks and blocks begin and end inside what is tested."""
    monkeypatch.setattr(metric, "CHUNK_CELLS", 20)
    monkeypatch.setattr(pairs_module, "CHUNK_CELLS", 20)


def drawn(examples: int = 40, labels: int = 9, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Scores with ties, and targets of all three kinds."""
    random = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 6, (examples, labels), generator=random) / 2
    targets = (torch.randint(0, 4, (examples, labels), generator=random) - 2).clamp(min=-1)
    return scores, targets.to(torch.int8)


def slow_loss(scores: list[float], targets: list[int]) -> float:
    found = [
        float(scores[b] > scores[a]) + 0.5 * float(scores[b] == scores[a])
        for a, b in product(range(len(scores)), repeat=2)
        if targets[a] > 0 and targets[b] < 0
    ]
    return sum(found) / len(found) if found else math.nan


def test_the_ranking_loss_is_that_of_its_definition(small_chunks: None) -> None:
    scores, targets = drawn()
    expected = [slow_loss(*row) for row in zip(scores.tolist(), targets.tolist(), strict=True)]
    torch.testing.assert_close(
        ranking_losses(scores, targets), torch.tensor(expected, dtype=torch.float64), equal_nan=True
    )
    assert ranking_losses(scores[:0], targets[:0]).shape == (0,)
    assert ranking_losses(scores[:1], targets[:1] * 0).isnan().all()


def test_the_worst_are_first_and_the_right_are_none() -> None:
    scores = torch.tensor([[1.0, 2.0], [2.0, 1.0], [0.0, 5.0], [3.0, 3.0], [1.0, 2.0]])
    targets = torch.tensor([[1, -1]] * 4 + [[0, 0]], dtype=torch.int8)
    assert worst_rows(ranking_losses(scores, targets), margins(scores, targets), 9).tolist() == [2, 0, 3]
    assert worst_rows(ranking_losses(scores, targets), margins(scores, targets), 1).tolist() == [2]


def slow_pairs(
    scores: Tensor, targets: Tensor, own: list[int]
) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
    wrong, all_pairs = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for row, truth in zip(scores.tolist(), targets.tolist(), strict=True):
        for a, b in product(range(len(own)), repeat=2):
            if truth[a] > 0 and truth[b] < 0:
                all_pairs[own[a], own[b]] += 1
                wrong[own[a], own[b]] += row[b] > row[a]
    return wrong, all_pairs


def check_pairs(found: PairCounts, wrong: Counter[tuple[int, int]], of: Counter[tuple[int, int]], most: int) -> None:
    expected = sorted(((pair, count) for pair, count in wrong.items() if count), key=lambda one: (-one[1], one[0]))
    told = [((a, b), count) for a, b, count, _ in zip(*(part.tolist() for part in found), strict=True)]
    assert told == expected[:most]
    assert [of[pair] for pair, _ in told] == found.of.tolist()


@pytest.mark.parametrize("most", [5, 1000])
def test_confused_pairs_are_those_that_loops_count(small_chunks: None, most: int) -> None:
    scores, targets = drawn()
    check_pairs(confused_pairs(scores, targets, most), *slow_pairs(scores, targets, list(range(9))), most)


def test_no_pairs() -> None:
    scores, targets = drawn()
    assert confused_pairs(scores, targets.clamp(min=0), 5).times.tolist() == []
    assert confused_pairs(targets.float(), targets, 5).times.tolist() == []


@pytest.mark.parametrize("most", [5, 1000])
def test_confused_classes_are_those_that_loops_count(small_chunks: None, most: int) -> None:
    episodes = [drawn(6, 4, seed) for seed in range(7)]
    scores, targets = (torch.stack(part) for part in zip(*episodes, strict=True))
    classes = torch.stack([torch.randperm(9, generator=torch.Generator().manual_seed(e))[:4] for e in range(7)])
    wrong, of = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for episode in range(7):
        more = slow_pairs(scores[episode], targets[episode], classes[episode].tolist())
        wrong.update(more[0])
        of.update(more[1])
    check_pairs(confused_classes(scores, targets, classes, most), wrong, of, most)


def test_an_example_tells_its_labels_and_those_that_are_scored_highest() -> None:
    scores = torch.tensor([[0.0, 1.0, 2.0, 3.0], [9.0, 1.0, 0.0, 0.0]])
    targets = torch.tensor([[1, -1, 0, -1], [1, -1, -1, -1]], dtype=torch.int8)
    task = ScoredTask(scores, targets, torch.zeros(4), [True] * 4)
    found = task_mistakes(task, torch.tensor([7, 8]), ["a", "b", "c", "d"], "test")
    (example,) = found.examples
    assert (example.row, example.loss, example.others) == (7, 1.0, 0)
    assert [(one.label, one.score, one.present, one.above) for one in example.shows] == [("a", 0.0, True, 2)]
    told = [(one.label, one.present, one.above) for one in example.best]
    assert told == [("d", False, 0), ("c", None, 1), ("b", False, 1), ("a", True, 2)]
    assert [(pair.shown, pair.above, pair.count, pair.of) for pair in found.pairs] == [
        ("a", "b", 1, 2),
        ("a", "d", 1, 2),
    ]


def test_what_is_told_has_bounds() -> None:
    scores, targets = drawn(500)
    found = task_mistakes(ScoredTask(scores, targets, torch.zeros(9), [True] * 9), torch.arange(500), NAMES, "test")
    assert len(found.examples) == MOST_EXAMPLES
    assert all(len(example.shows) <= 5 and len(example.best) <= 5 for example in found.examples)
    losses = [example.loss for example in found.examples]
    assert losses == sorted(losses, reverse=True)


def test_mistakes_in_episodes_each_example_once() -> None:
    scores = torch.tensor([[[1.0, 3.0, 2.0], [1.0, 0.0, 0.0]], [[0.0, 2.0, 1.0], [0.0, 0.0, 5.0]]])
    truth = torch.tensor([[0, 0], [0, 2]])
    targets = (torch.nn.functional.one_hot(truth, 3) * 2 - 1).to(torch.int8)
    classes = torch.tensor([[4, 5, 6], [6, 5, 4]])
    rows = {0: [10, 11], 1: [10, 13]}
    found = EpisodeScores(scores, targets, torch.zeros(2, 3))
    told = episode_mistakes(found, classes, rows.__getitem__, NAMES, "val")
    assert [(one.row, one.loss) for one in told.examples] == [(10, 1.0)]
    assert told.examples[0].shows[0].label == "label 4"
    assert told.drawn == "tasks"
    assert told.classes == [ClassResult("label 6", 1, 0), ClassResult("label 4", 3, 2)]
    assert (told.pairs[0].shown, told.pairs[0].above) == ("label 4", "label 5")
