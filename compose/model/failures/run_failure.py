"""A block that fails while a model runs: with values, which the trial of the shapes has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from compose.errors import ComposeError, Note, SpecError, SpecErrors
from compose.model.dims import shape_text
from compose.model.failures.failure import block_failed, uses_note
from compose.registry.block_file import USER_MODULE
from compose.registry.python_place import place_in_traceback
from compose.registry.user_code import exception_text, is_mistake, unending
from compose.spec.wiring.plan import Plan, Step

MOST = 3
"""How many nodes a message names that may be at fault."""


class BlockFailure(SpecErrors):
    """A block failed in a run, at a line of its file or of the spec."""

    exit_code = 1

    def __init__(self, error: SpecError) -> None:
        super().__init__([error])


@contextmanager
def told_at_block(model: nn.Module, plan: Plan, doing: str) -> Iterator[None]:
    """Turn what a block raises, or other code of the user's, into an error at its line; all else stays as it is.

    Args:
        model: its submodules are the steps of the plan.
        plan: what it was built from.
        doing: ends the sentence "`node` ...", such as "fails in the stage `main`".

    Raises:
        BlockFailure: a block raised an exception, or a metric, a data source or the like in a file of the user's.
    """
    try:
        with unending():
            yield
    except (ComposeError, MemoryError, torch.OutOfMemoryError):
        raise
    except BaseException as error:  # whatever the block does
        if not is_mistake(error):
            raise
        found = _failing(error, model, plan)
        told = _elsewhere(error, plan, doing) if found is None else _in_module(*found, error, doing)
        if told is None:
            raise
        raise BlockFailure(told) from error


def _in_module(step: Step, module: nn.Module, given: str, error: BaseException, doing: str) -> SpecError:
    """The error of a step, with what it was given."""
    told = block_failed(step, type(module), error, doing)
    told.notes = (*told.notes, *([Note(f"it was given {given}")] if given else []))
    return told


def _failing(error: BaseException, model: nn.Module, plan: Plan) -> tuple[Step, nn.Module, str] | None:
    """The step whose module an exception went through, its module and what that got; None where it was none's."""
    steps = {step.name: step for step in (*plan.steps, *(term.step for term in plan.terms if term.step))}
    modules = {id(module): name for name, module in model.named_modules() if name in steps}
    trace = error.__traceback__
    while trace is not None:
        caller = trace.tb_frame.f_locals.get("self")
        if isinstance(caller, nn.Module) and id(caller) in modules:
            return steps[modules[id(caller)]], caller, _given(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return None


def _given(held: Mapping[str, Any]) -> str:
    """The shapes of what a module was called with; "" where that is not known."""
    leaves = tree_leaves([held.get("args"), held.get("kwargs")])
    return ", ".join(shape_text(leaf.shape) for leaf in leaves if isinstance(leaf, Tensor))


def _elsewhere(error: BaseException, plan: Plan, doing: str) -> SpecError | None:
    """The error at the line of a user's file, where an exception went through one; None where it did not.

    That is so in a backward pass, a metric or a data source. The nodes that use blocks of the file stand beside it.
    """
    trace, frame = error.__traceback__, None
    while trace is not None:
        named = str(trace.tb_frame.f_globals.get("__name__", ""))
        frame = trace.tb_frame if named.startswith(USER_MODULE) else frame
        trace = trace.tb_next
    if frame is None:
        return None
    message = f"`{frame.f_code.co_qualname}` {doing}: {exception_text(error)}"
    place = place_in_traceback(error.__traceback__, frame.f_code.co_filename)
    module = frame.f_globals.get("__name__")
    using = [step for step in plan.all_steps if step.declaration and step.declaration.module == module]
    return SpecError("block-failed", message, place, notes=[uses_note(step) for step in using[:MOST]])
