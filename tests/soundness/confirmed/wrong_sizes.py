"""Attempts to confirm that a model does not serve the sizes that it meets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from compose.errors import SpecError
from compose.spec.wiring.reserved import RESERVED, TARGETS
from tests.soundness.confirmed.case import Case, quoted
from tests.soundness.interpreter import Interpreter, shapes
from tests.soundness.world import World


def follows_the_labels(case: Case, error: SpecError) -> bool:
    """A weight follows the number of labels, or classes, or the model made for some of them fails on others."""
    if isinstance(case.world, str):
        return False
    first = case.interpreter
    for inputs in _other_inputs(case.world):
        again = Interpreter(case.spec, case.registry, inputs).run()
        if any(
            shapes(again.modules[path]) != shapes(first.modules[path])
            for path in first.modules
            if path in again.modules
        ):
            return True
        applied = Interpreter(case.spec, case.registry, inputs, first.modules).run()
        if set(applied.failures) - set(first.failures) or set(again.failures) - set(first.failures):
            return True
        if isinstance(applied.scores, Tensor) and tuple(applied.scores.shape) not in _wanted(case, inputs):
            return True
    return False


def _wanted(case: Case, inputs: Mapping[str, Tensor]) -> set[tuple[int, ...]]:
    """The shapes that scores may have: those of the targets that the tasks compare them with."""
    assert isinstance(case.world, World)
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ["zsl", "gzsl"])
    of_episodes = "novel.targets" if case.world.adapts else "query.targets"
    names = {of_episodes if task == "episodes" else "targets" for task in tasks}
    return {tuple(inputs[name].shape) for name in names if name in inputs}


def _other_inputs(around: World) -> Iterator[dict[str, Tensor]]:
    """The inputs while other labels are in use, and those of other episodes."""
    for labels in ("seen", "unseen", "all"):
        given = around.labels(labels)
        if given is not None:
            yield {**around.training, **given}
    yield {name: _one_label_more(name, value) for name, value in around.training.items()}
    if around.episodes is None:
        for size in (1, around.batch + 1):
            yield {
                name: _first(value, size) if RESERVED[name].of_examples else value
                for name, value in around.training.items()
            }
    if around.episodes is not None:
        larger = World(around.source, around.space, around.episodes.larger(), around.adapts)
        yield _grown(around, larger)


def _one_label_more(name: str, value: Tensor) -> Tensor:
    """The same with the last label twice."""
    dims = RESERVED[name].dims
    if "l" not in dims:
        return value
    axis = dims.index("l")
    return torch.cat([value, value.narrow(axis, -1, 1)], axis)


def _first(value: Tensor, size: int) -> Tensor:
    """The first so many examples, or one more than there are."""
    return torch.cat([value, value])[:size]


def _grown(around: World, larger: World) -> dict[str, Tensor]:
    """Episodes of more pictures and one more class, of noise."""
    assert around.episodes is not None
    assert larger.episodes is not None
    letters = dict(larger.episodes.letters)
    letters["n"] += 1
    found = dict(around.training)
    for name, value in around.training.items():
        sizes = [letters.get(dim, size) for dim, size in zip(RESERVED[name].dims, value.shape, strict=True)]
        if value.is_floating_point():
            found[name] = torch.randn(sizes)
        elif name in TARGETS or name == "support.targets":
            found[name] = torch.full(sizes, -1, dtype=value.dtype)
            found[name][..., 0] = 1
    return found


def scores_misfit(case: Case, error: SpecError) -> bool:
    """The scores do not have the shape of what is scored."""
    scores = case.interpreter.scores
    if isinstance(case.world, str) or not isinstance(scores, Tensor):
        return False
    wanted = _wanted(case, case.world.training)
    return tuple(scores.shape) not in wanted or not scores.is_floating_point()


def attention_misfit(case: Case, error: SpecError) -> bool:
    """What tells where the model looks is no map."""
    try:
        found = case.interpreter.value(str(case.spec.get("attention") or quoted(error.message)[0]))
    except Exception:  # it cannot be computed at all
        return False
    return not isinstance(found, Tensor) or found.ndim != 4 or not scores_misfit(case, error)
