"""Clusters of labels, by their vectors."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

RESTARTS = 10
"""How many starts of k-means are tried; the one whose vectors are nearest to their centres is taken."""
STEPS = 100


def cluster(vectors: Float[Tensor, "l d"], seen: Int64[Tensor, " s"], count: int) -> Int64[Tensor, " l"]:
    """The cluster of each label: k-means on the vectors of the seen labels; an unseen one joins the nearest centre.

    Deterministic.

    Args:
        vectors: the vectors of all labels.
        seen: the rows of the seen labels.
        count: how many clusters.

    Raises:
        ValueError: there are fewer distinct vectors of seen labels than clusters.
    """
    import numpy as np
    from scipy.cluster.vq import ClusterError, kmeans2, vq

    known = vectors[seen].double().numpy()
    distinct = len(np.unique(known, axis=0))
    if distinct < count:
        raise ValueError(f"expected at most {distinct} clusters, one for each seen label's vector, got {count}")
    best, least = np.unique(known, axis=0)[:count], np.inf
    for start in range(RESTARTS):
        try:
            centres, _ = kmeans2(known, count, iter=STEPS, minit="++", missing="raise", rng=start)
        except ClusterError:
            continue  # a centre has lost all its vectors
        distance = np.square(vq(known, centres)[1]).sum()
        if distance < least:
            best, least = centres, distance
    return torch.from_numpy(vq(vectors.double().numpy(), best)[0]).long()
