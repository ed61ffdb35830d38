"""Whether what a spec names as its scores, and as where the model looks, has the shape of such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from compose.errors import Note, SpecError
from compose.model.dims import shape_text
from compose.model.walk import Walk
from compose.spec.wiring.plan import Plan, Ref
from compose.spec.wiring.reserved import RESERVED

Sizes = Mapping[str, tuple[int, ...]]
WORDS = {
    "targets": "one score for each image and label",
    "query.targets": "one score for each episode, query and class",
    "novel.targets": "one score for each image and label of an episode",
}
"""The targets that scores are compared with -> what scores are then."""
MAPS = 4
"""The dims of maps of attention: images, modules or labels, height and width."""


def scored(plan: Plan, *, adapts: bool) -> str:
    """The targets whose shape the scores have.

    Args:
        plan: the wired spec.
        adapts: whether the model's weights adapt to one episode at a time.
    """
    if adapts:
        return "novel.targets"
    of_episodes = any(RESERVED[name].of_episodes for name in plan.scoring().reserved)
    return "query.targets" if of_episodes else "targets"


def check_scores(plan: Plan, walk: Walk, sizes: Sizes, *, adapts: bool = False) -> list[SpecError]:
    """The errors of scores, and of attention, of another shape; nothing for what could not be computed.

    Args:
        plan: the wired spec.
        walk: the shapes.
        sizes: reserved input -> shape, in that walk.
        adapts: whether the model's weights adapt to one episode at a time.
    """
    return [*_scores(plan, walk, sizes, adapts=adapts), *_attention(plan, walk)]


def _scores(plan: Plan, walk: Walk, sizes: Sizes, *, adapts: bool) -> Iterator[SpecError]:
    value, targets = walk.check_one(plan.scores), scored(plan, adapts=adapts)
    if value is None or targets not in sizes:
        return
    wanted = sizes[targets]
    dims = f"{' '.join(RESERVED[targets].dims)}, here {shape_text(wanted)}"
    if tuple(value.shape) != wanted or not value.is_floating_point():
        what = shape_text(value.shape) if value.is_floating_point() else f"of {str(value.dtype).removeprefix('torch.')}"
        message = f"`{plan.scores}` is {what}, and scores are {dims}"
        yield _error(plan.scores, walk, message, WORDS[targets])


def _attention(plan: Plan, walk: Walk) -> Iterator[SpecError]:
    if plan.attention is None:
        return
    maps = walk.check_one(plan.attention)
    images = _images(plan, walk)
    if maps is not None and (maps.ndim != MAPS or (images and maps.shape[0] != images)):
        message = f"`{plan.attention}` is {shape_text(maps.shape)}, and attention is maps, b m h w or b l h w"
        yield _error(plan.attention, walk, message, "a map for each image and module, or for each image and label")


def _images(plan: Plan, walk: Walk) -> int:
    """How many images are scored; 0 where that is not known."""
    scores = walk.check_one(plan.scores)
    return scores.shape[0] if isinstance(scores, Tensor) and scores.ndim else 0


def _error(ref: Ref, walk: Walk, message: str, expected: str) -> SpecError:
    place = ref.place or walk.places.get(ref.step)
    notes = [Note(f"`{ref.step}` stands here", walk.places[ref.step])] if ref.place and ref.step in walk.places else []
    return SpecError("scores-shape", message, place, expected, None, notes)
