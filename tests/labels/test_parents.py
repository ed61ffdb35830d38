from __future__ import annotations

import numpy as np
import pytest
import torch

from compose.labels.parents import Parents

from ..tasks.numbered import Numbered

PARENTS = ("latin", "greek", "hebrew", "latin", "hebrew", "greek", "runic", "latin")
SEEN = (True, True, False, True, False, True, True, False)
SOURCE = Numbered({}, SEEN, PARENTS)


def test_names_are_those_of_seen_labels() -> None:
    assert Parents(SOURCE).names == ("latin", "greek", "runic")


@pytest.mark.parametrize("several", [False, True])
def test_targets_against_a_loop(several: bool) -> None:
    """One label a picture, or several and unknown ones, which show no group."""
    random = np.random.default_rng(0)
    given = (
        random.choice([-1, -1, 0, 1], (40, 8)) if several else 2 * np.eye(8, dtype=int)[random.integers(0, 8, 40)] - 1
    )
    found = Parents(SOURCE).targets(torch.from_numpy(given.astype(np.int8)))
    assert (found.shape, found.dtype) == ((40, 3), torch.int8)
    for picture, targets in enumerate(given):
        shown = {PARENTS[label] for label in range(8) if targets[label] == 1}
        assert found[picture].tolist() == [1 if name in shown else -1 for name in ("latin", "greek", "runic")]


def test_a_picture_of_an_unseen_group_has_none() -> None:
    targets = torch.full((1, 8), -1, dtype=torch.int8)
    targets[0, 2] = 1
    assert Parents(SOURCE).targets(targets).tolist() == [[-1, -1, -1]]


def test_labels_without_groups() -> None:
    assert Parents(Numbered({}, SEEN)).names == ()
