from __future__ import annotations

import pytest
import torch

from compose.labels.clusters import cluster


def test_labels_near_one_another_are_in_one_cluster_unseen_ones_too() -> None:
    torch.manual_seed(0)
    centres = 10 * torch.eye(3)
    group = torch.arange(30) % 3
    vectors = centres[group] + torch.randn(30, 3)
    seen = torch.arange(0, 24)
    found = cluster(vectors, seen, 3)
    assert found.dtype == torch.int64
    assert len({(int(a), int(b)) for a, b in zip(group, found, strict=True)}) == 3
    assert found.equal(cluster(vectors, seen, 3))


def test_unseen_labels_do_not_move_the_centres() -> None:
    vectors = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 1], [5, 0.5], [100, 100]])
    found = cluster(vectors, torch.arange(4), 2)
    assert found[0] == found[1] != found[2] == found[3]
    assert found[4] == found[2]
    assert found[5] == found[2]


def test_more_clusters_than_vectors() -> None:
    with pytest.raises(ValueError, match="expected at most 2 clusters, one for each seen label's vector, got 3"):
        cluster(torch.tensor([[0.0], [0.0], [1.0], [2.0]]), torch.arange(3), 3)
