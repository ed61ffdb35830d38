"""The class prior: scores that never look at the image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float64, Int8
from torch import Tensor

from compose.evaluation.metrics.counts import per_label


def label_frequency(targets: Int8[Tensor, "b l"]) -> Float64[Tensor, " l"]:
    """The share of images that carry each label; an unknown is not carried."""
    return per_label(targets > 0).double() / len(targets)


def class_prior(
    targets: Int8[Tensor, "b l"], seen: Sequence[bool], train_frequency: Float64[Tensor, " l"] | None = None
) -> Float64[Tensor, " l"]:
    """One score a label, the same for every image: how frequent the label is.

    For a seen label that is its frequency in training, where given. Training says nothing of how frequent an unseen
    label is, so that its frequency *in the evaluated images* stands in: an oracle, and no other score that is the same
    for every image has a better F1@K. With ties grouped, its mAP is the mean share of positives among a label's known
    targets, and its F1@K that of always predicting the K most frequent labels.

    Args:
        targets: the truth that is evaluated.
        seen: whether each label may be trained on.
        train_frequency: the share of training images that carry each label; without it all labels get the oracle.
    """
    oracle = label_frequency(targets)
    if train_frequency is None:
        return oracle
    return torch.where(torch.tensor(seen), train_frequency.double(), oracle)
