"""What comes of a spec: whether what the framework says of it is true."""

from __future__ import annotations

import math
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

import compose
from compose.api.validation import Validation
from compose.evaluation.evaluation_error import EvaluationError
from compose.registry.registry import Registry
from compose.spec.wiring.plan import Step
from compose.spec.wiring.reserved import RESERVED
from compose.training.inference import call
from compose.training.prepare import Prepared
from compose.training.stages.nodes import trained
from compose.training.training_errors import NonFiniteLossError
from tests.soundness.confirmed.reasons import Case, unconfirmed
from tests.soundness.interpreter import Failure, Interpreter, named_weights, reached
from tests.soundness.world import Inputs, world
from tests.soundness.written import Written, written

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of a spec.

    Args:
        accepted: whether ``validate`` accepted it.
        failures: in what the framework was wrong; empty where it was right.
        codes: the codes of the errors of a refused spec.
        diverged: whether a loss or the scores became infinite, as a message says, which an accepted spec may do.
    """

    accepted: bool
    failures: tuple[str, ...] = ()
    codes: Counter[str] = field(default_factory=Counter)
    diverged: bool = False

    @property
    def kind(self) -> str:
        """The failure in a few words, by which failures are counted and shrunk; "" where there is none."""
        return self.failures[0].split(":")[0] if self.failures else ""


def judge(spec: Spec, registry: Registry) -> Outcome:
    """Validate a spec, and then train and evaluate it, or confirm each error on real tensors."""
    text = written(spec)
    try:
        found = compose.validate(text.text)
    except Exception as error:  # validate is to return what is wrong
        return Outcome(False, (f"validate raised {_told(error)}",))
    if found:
        return _accepted(spec, text, found, registry)
    case = Case(spec, text, registry)
    codes = Counter(error.code for error in found.errors)
    return Outcome(False, tuple(unconfirmed(case, found.errors)), codes)


def _accepted(spec: Spec, text: Written, found: Validation, registry: Registry) -> Outcome:
    with temporary_folder() as folder, quick_pictures():
        try:
            run = compose.train(text.text, out=folder / "run", device="cpu", progress=False)
        except NonFiniteLossError:
            return Outcome(True, diverged=True)
        except EvaluationError as error:
            if "expected finite scores" in str(error):
                return Outcome(True, diverged=True)
            return Outcome(True, (f"train raised {_told(error)}",))
        except Exception as error:  # nothing may be raised
            return Outcome(True, (f"train raised {_told(error)}",))
        failures = [*_results(compose.load(text.text), run.results, found), *_kept(run)]
    failures += _computed(spec, compose.load(text.text), found, registry)
    return Outcome(True, tuple(failures))


def _kept(run: compose.Run) -> Iterator[str]:
    """A run whose folder cannot be read again."""
    try:
        run.model.eval()
    except Exception as error:  # nothing may be raised
        yield f"the run cannot be read: {_told(error)}"


def _told(error: Exception) -> str:
    where = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tests/" not in frame.filename]
    last = f" ({Path(where[-1].filename).name}:{where[-1].lineno})" if where else ""
    return f"{type(error).__name__}: {error}{last}"


def _results(made: Prepared, results: Any, found: Validation) -> Iterator[str]:
    """Tasks without a result that no note tells of, and metrics that are no numbers from 0 to 1."""
    asked = [*made.evaluation.tasks, *(test.task for test in made.evaluation.episodes)]
    for task in asked:
        if task not in results.tasks:
            only_read = "known to be absent" in results.unmeasured.get(
                task, ""
            )  # which no split tells before it is read
            if not only_read and not any(f"`{task}`" in note for note in found.notes):
                yield f"no result for a task: {task}"
            continue
        for key, value in results[task].metrics.items():
            if not (math.isnan(value) or 0 <= value <= 1 + 1e-9):
                yield f"a metric is no share: {task} {key} {value}"


def _computed(spec: Spec, made: Prepared, found: Validation, registry: Registry) -> Iterator[str]:
    """What the plain interpreter refuses in what the model computes, and weights that no loss reaches."""
    around = world(spec, registry)
    interpreter = Interpreter(spec, registry, around.training).run(unread=False)
    steps = {step.name for step in made.spec.plan.steps} | {f"loss.{term.name}" for term in made.spec.plan.terms}
    for failure in interpreter.failures:
        if failure.node in steps and failure.kind != "in-place":
            yield f"accepted, but refused by the interpreter: {failure}"
        elif failure.node in steps:
            yield f"accepted, but a block changes its input: {failure}"
    yield from _silent(made, interpreter, steps, found.notes)
    yield from _others(spec, made, around.training, registry)


def _others(spec: Spec, made: Prepared, inputs: Inputs, registry: Registry) -> Iterator[str]:
    """Scores of the model that differ from those of the interpreter with the model's own modules."""
    built = made.build()
    modules = {step.name: built.training.eval().get_submodule(step.share or step.name) for step in _blocks(made)}
    with torch.no_grad():
        expected, again = (Interpreter(spec, registry, inputs, modules).run(unread=False).scores for _ in range(2))
        given = {RESERVED[name].port: value.clone() for name, value in inputs.items()}
        scores = call(built.inference, given)["scores"]
    draws = isinstance(expected, Tensor) and not _same(expected, again)  # a block that draws in evaluation, too
    if not draws and not _same(scores, expected):
        yield "the model computes something else than its spec says"


def _same(first: Tensor, second: Any) -> bool:
    return isinstance(second, Tensor) and torch.allclose(first, second, rtol=1e-4, atol=1e-5, equal_nan=True)


def _blocks(made: Prepared) -> list[Step]:
    return [step for step in made.spec.plan.steps if step.op == "block"]


def _silent(made: Prepared, interpreter: Interpreter, steps: set[str], notes: Sequence[str]) -> Iterator[str]:
    """Weights that a stage is to train and that none of its losses reaches, without a word."""
    nodes = made.spec.plan.nodes
    weights = {name for name, _ in named_weights({k: m for k, m in interpreter.modules.items() if k in steps})}
    weights = {name for name in weights if not name.startswith("loss.")}
    asked: set[str] = set()
    learned: set[str] = set()
    for stage in made.stages.values():
        chosen = tuple(trained(nodes, stage.train, stage.freeze))
        mine = {name for name in weights if name.split(".")[0] in chosen}
        source = made.labels.external if stage.examples == "external" else made.source
        assert source is not None
        terms = stage.losses or _fed(made, stage, source)
        asked |= mine
        learned |= mine & reached(interpreter, terms)
    for name in sorted({name.split(".")[0] for name in asked - learned}):
        if not any(f"`{name}" in note for note in notes):
            told = ", ".join(sorted(weight for weight in asked - learned if weight.split(".")[0] == name)[:3])
            yield f"weights that no loss reaches: {told}"


def _fed(made: Prepared, stage: Any, source: Any) -> list[str]:
    """The losses of a stage that names none."""
    given, plan = stage.feeds(source), made.spec.plan
    found = []
    for term in plan.terms:
        reads = plan.reserved_of(term)
        is_fed = all(name in given or not RESERVED[name].of_batch for name in reads)
        if is_fed and (stage.examples == "data" or "external.targets" in reads):
            found.append(term.name)
    return found


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="soundness-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def quick_pictures() -> Iterator[None]:
    """Charts and sheets of predictions are not drawn, which takes longer than all else; what they show is computed."""
    blank = np.zeros((2, 2, 3), np.uint8)
    with (
        mock.patch("compose.training.logging.run_log.draw", return_value=blank),
        mock.patch("compose.drawing.usage.usage_chart.usage_image", return_value=blank),
        mock.patch("compose.drawing.usage.usage_chart.usage_chart", return_value="<svg/>"),
    ):
        yield


__all__ = ["Failure", "Outcome", "judge"]
