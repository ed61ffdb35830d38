"""What a model of a run cannot be asked."""

from __future__ import annotations

import math
from pathlib import Path

from compose.errors import UsageError
from compose.spec.wiring.plan import EPISODE_ATTENTION, Plan

EPISODES = {"support.targets", "novel.targets"}
"""What a few-shot model reads, or its loss where its weights adapt to an episode."""


def is_few_shot(plan: Plan) -> bool:
    """Whether a model learns its classes from an episode's support."""
    return bool(EPISODES & set(plan.reserved))


def reads_pictures(plan: Plan) -> bool:
    """Whether a model reads pictures, and not feature vectors."""
    return "image" in plan.reserved


def check_labels(plan: Plan, run: Path, *, attention: bool) -> None:
    """Refuse to ask a model for the labels of pictures.

    Args:
        plan: the model's.
        run: the run's folder.
        attention: whether it is to tell where it looks.

    Raises:
        UsageError: it learns its classes from episodes, reads no pictures, or does not tell where it looks.
    """
    if is_few_shot(plan):
        ways = "give `support`, or take episodes of the run's own data"
        raise UsageError(f"the model of {run} learns its classes from pictures of them: {ways}")
    if not reads_pictures(plan):
        reads = "reads feature vectors, not pictures"
        raise UsageError(f"the model of {run} {reads}; `compose evaluate {run}` measures it")
    if attention and plan.attention is None:
        told = "does not tell where it looks: none of its blocks has an output `attention`"
        raise UsageError(f"the model of {run} {told}")


def check_top(top: int | None) -> None:
    """Refuse to name fewer labels than one.

    Args:
        top: how many are to be named; None for all.

    Raises:
        UsageError: it is no number from 1 on.
    """
    if top is not None and (not isinstance(top, int) or top < 1):
        raise UsageError(f"top: expected how many labels to name, 1 at least, got {top!r}")


def check_threshold(threshold: object) -> None:
    """Refuse what is no threshold.

    Args:
        threshold: above which score a label is predicted; None for none.

    Raises:
        UsageError: it is neither a number nor ``validation``.
    """
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool) and math.isfinite(threshold)
    if not (threshold is None or threshold == "validation" or is_number):
        raise UsageError(f"threshold: expected a number, or `validation`, got {threshold!r}")


def check_support(labels: object, threshold: object) -> None:
    """Refuse to choose from labels where classes are told by pictures.

    Args:
        labels: which were asked for.
        threshold: above which score they are predicted.

    Raises:
        UsageError: they are others than the classes.
    """
    if labels != "all" or threshold is not None:
        name = "threshold" if labels == "all" else "labels"
        raise UsageError(f"{name}: a few-shot model chooses from the classes of its `support`")


def check_episodes(plan: Plan, run: Path, *, pictures: bool) -> None:
    """Refuse to ask a model about episodes.

    Args:
        plan: the model's.
        run: the run's folder.
        pictures: whether they are of the user's pictures.

    Raises:
        UsageError: it scores labels, or reads no pictures.
    """
    if not is_few_shot(plan):
        raise UsageError(f"the model of {run} scores labels, and takes neither support nor episodes")
    if pictures and not reads_pictures(plan):
        raise UsageError(f"the model of {run} reads feature vectors, not pictures: take episodes of the run's own data")


def check_episode_attention(plan: Plan, run: Path, *, adapts: bool) -> None:
    """Refuse to draw where a few-shot model looks.

    Args:
        plan: the model's.
        run: the run's folder.
        adapts: whether its weights adapt to an episode.

    Raises:
        UsageError: it does not tell.
    """
    if adapts:
        draws = "only few-shot models that attend to their support tell where they look"
        raise UsageError(f"{draws}, and the weights of {run} adapt to it instead")
    if not plan.episode_attention:
        names = " or ".join(f"`{port}`" for port in EPISODE_ATTENTION)
        raise UsageError(f"the model of {run} does not tell where it looks: none of its blocks has {names}")
