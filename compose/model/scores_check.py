"""Whether what a spec names as its scores, and as where the model looks, has the shape of such."""

from __future__ import annotations

from collections.abc import Iterator

from compose.errors import Note, SpecError
from compose.model.dims import shape_text
from compose.model.failures.misfit import End, Misfit
from compose.model.input_sizes import Sizes
from compose.model.walk import Walk
from compose.registry.declaration import Port
from compose.spec.wiring.plan import Plan, Ref
from compose.spec.wiring.reserved import RESERVED

WORDS = {
    "targets": "one score for each image and label",
    "query.targets": "one score for each episode, query and class",
    "novel.targets": "one score for each image and label of an episode",
}
"""The targets that scores are compared with -> what scores are then."""
MAPS = ("b", "m", "h", "w")
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
    targets = scored(plan, adapts=adapts)
    if targets not in sizes:
        return
    letters, wanted = RESERVED[targets].dims, sizes[targets]
    end = _end("scores", plan.scores, letters, dict(zip(letters, wanted, strict=True)))
    value = walk.check_one(end)
    if value is not None and (tuple(value.shape) != wanted or not value.is_floating_point()):
        what = shape_text(value.shape) if value.is_floating_point() else f"of {str(value.dtype).removeprefix('torch.')}"
        message = f"`{plan.scores}` is {what}, and scores are {' '.join(letters)}, here {shape_text(wanted)}"
        yield _error(end, walk, message, WORDS[targets])


def _attention(plan: Plan, walk: Walk) -> Iterator[SpecError]:
    if plan.attention is None:
        return
    images = walk.values["", "targets"].shape[0]
    end = _end("attention", plan.attention, MAPS, {"b": images})
    maps = walk.check_one(end)
    if maps is not None and (maps.ndim != len(MAPS) or maps.shape[0] != images):
        message = f"`{plan.attention}` is {shape_text(maps.shape)}, and attention is maps, b m h w or b l h w"
        yield _error(end, walk, message, "a map for each image and module, or for each image and label")


def _end(key: str, ref: Ref, letters: tuple[str, ...], sizes: dict[str, int]) -> End:
    return End((key,), ref, Port(key, letters, "float", optional=False, many=False, doc=""), sizes)


def _error(end: End, walk: Walk, message: str, expected: str) -> SpecError:
    place, step = end.value.place, walk.places.get(end.value.step)
    notes = [Note(f"`{end.value.step}` stands here", step)] if place and step else []
    return Misfit("scores-shape", message, place or step, expected, None, notes, at=end)
