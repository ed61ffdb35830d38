"""Attempts to confirm that nothing is learned."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from compose.errors import SpecError
from tests.soundness.confirmed.case import Case, loss_weights, texts
from tests.soundness.confirmed.wrong_data import fed
from tests.soundness.interpreter import reached


def learns_nothing(case: Case, error: SpecError) -> bool:
    """A stage, or a term of the loss, has no weight that a gradient reaches."""
    section, name = case.part(error)
    interpreter = case.interpreter
    if section == "loss":
        return name in interpreter.terms and not reached(interpreter, [name])
    stage = (case.spec.get("train") or {}).get(name)
    if section != "train" or not isinstance(stage, dict):
        return False
    weights, losses = loss_weights(case.spec), stage.get("losses") or fed(case, stage)
    found = reached(interpreter, [loss for loss in losses if weights.get(loss)] or losses)
    return not any(_chosen(weight.split(".")[0], stage) for weight in found)


def _chosen(node: str, stage: Mapping[str, Any]) -> bool:
    wanted = any(fnmatchcase(node, pattern) for pattern in stage.get("train") or ["*"])
    return wanted and not any(fnmatchcase(node, pattern) for pattern in stage.get("freeze") or [])


def nothing_adapts(case: Case, error: SpecError) -> bool:
    """No weights adapt to episodes: no stage does that, or no loss on an episode's targets reaches one that should."""
    if isinstance(case.world, str):
        return False
    evaluate, stages = case.spec.get("evaluate") or {}, case.spec.get("train") or {}
    if not case.world.adapts:
        return any(evaluate.get(key) is not None for key in ("adapt", "inner_steps", "inner_lr"))
    on_tasks = [name for name, term in case.spec.get("loss", {}).items() if "novel.targets" in texts(term.get("in"))]
    found = reached(case.interpreter, on_tasks)
    patterns = [stage.get("adapt") or stage.get("train") or ["*"] for stage in (*stages.values(), evaluate)]
    return any(not any(_chosen(weight.split(".")[0], {"train": named}) for weight in found) for named in patterns)
