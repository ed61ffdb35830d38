"""Clusters of labels, by their vectors."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

RESTARTS = 10


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
    from sklearn.cluster import KMeans

    known = vectors[seen].double().numpy()
    distinct = len(np.unique(known, axis=0))
    if distinct < count:
        raise ValueError(f"expected at most {distinct} clusters, one for each seen label's vector, got {count}")
    found = KMeans(count, n_init=RESTARTS, random_state=0).fit(known)
    return torch.from_numpy(found.predict(vectors.double().numpy())).long()
