"""Which label is scored above which true one, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from compose.evaluation.metrics.metric import CHUNK_CELLS


class PairCounts(NamedTuple):
    """Pairs of labels, those that are confused most often first.

    Attributes:
        shown: the label that examples show.
        above: the label that they do not show, and that is scored above it.
        times: in how many examples.
        of: examples that show the one and not the other.
    """

    shown: Int64[Tensor, " p"]
    above: Int64[Tensor, " p"]
    times: Int64[Tensor, " p"]
    of: Int64[Tensor, " p"]


def confused_pairs(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], most: int) -> PairCounts:
    """The pairs of labels that are confused most often; of equal ones the first.

    What is in memory at a time are counts of a block of the labels against all labels, and a few examples.

    Args:
        scores: of every example and label.
        targets: 1 = present, -1 = absent, 0 = unknown.
        most: how many pairs.
    """
    labels = scores.shape[1]
    rows, shown = (targets > 0).nonzero(as_tuple=True)
    order = shown.argsort(stable=True)
    rows, shown = rows[order], shown[order]
    found = [torch.empty(3, 0, dtype=torch.int64)]
    for low, high in _blocks(labels):
        own = slice(*torch.searchsorted(shown, torch.tensor([low, high])).tolist())
        counts = torch.zeros(high - low, labels, dtype=torch.int32)
        for some, label in zip(*(torch.split(part[own], _step(labels)) for part in (rows, shown)), strict=True):
            wrong = (scores[some] > scores[some, label][:, None]) & (targets[some] < 0)  # k l
            counts.index_add_(0, label - low, wrong.int())
        places = counts.nonzero()
        found.append(_most(torch.stack([places[:, 0] + low, places[:, 1], counts[*places.T].long()]), most))
    best = _most(torch.cat(found, 1), most)
    of = [int(((targets[:, a] > 0) & (targets[:, b] < 0)).sum()) for a, b in best[:2].T.tolist()]
    return PairCounts(best[0], best[1], best[2], torch.tensor(of, dtype=torch.int64))


def confused_classes(
    scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], classes: Int64[Tensor, "e n"], most: int
) -> PairCounts:
    """The same of episodes, whose classes are few of many.

    Args:
        scores: of every query and class of its episode.
        targets: 1 = present, -1 = absent, 0 = unknown.
        classes: which classes each episode has.
        most: how many pairs.
    """
    episodes, queries, ways = scores.shape
    size = int(classes.max()) + 1 if classes.numel() else 1
    tallies = []
    for some in torch.split(torch.arange(episodes), _step(queries * ways * ways)):
        asked = (targets[some] > 0)[..., :, None] & (targets[some] < 0)[..., None, :]  # e q n n
        wrong = asked & (scores[some][..., None, :] > scores[some][..., :, None])
        pairs = classes[some][:, :, None] * size + classes[some][:, None, :]  # e n n
        tallies.append(torch.stack([pairs.flatten(), wrong.sum(1).flatten(), asked.sum(1).flatten()]))
    codes, numbers, of = torch.cat([torch.empty(3, 0, dtype=torch.int64), *tallies], 1)
    once, place = codes.unique(return_inverse=True)
    sums = torch.zeros(2, len(once), dtype=torch.int64).index_add_(1, place, torch.stack([numbers, of]))
    kept = sums[0] > 0
    best = _most(torch.stack([once[kept] // size, once[kept] % size, sums[0, kept], sums[1, kept]]), most)
    return PairCounts(best[0], best[1], best[2], best[3])


def _most(pairs: Int64[Tensor, "k p"], most: int) -> Int64[Tensor, "k most"]:
    """The columns with the greatest number in the third row."""
    return pairs[:, pairs[2].argsort(descending=True, stable=True)[:most]]


def _step(width: int) -> int:
    return max(1, CHUNK_CELLS // max(1, width))


def _blocks(labels: int) -> Iterator[tuple[int, int]]:
    step = _step(labels)
    return ((low, min(low + step, labels)) for low in range(0, labels, step))
