"""A block that fails while a model runs: with values, which the trial of the shapes has not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from compose.errors import ComposeError, SpecError, SpecErrors
from compose.model.failures.failure import block_failed
from compose.registry.block_file import USER_MODULE
from compose.registry.python_place import place_in_traceback
from compose.spec.wiring.plan import Plan, Step


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
        yield
    except (ComposeError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever the block does
        found = _failing(error, model, plan)
        told = _elsewhere(error, doing) if found is None else block_failed(found[0], type(found[1]), error, doing)
        if told is None:
            raise
        raise BlockFailure(told) from error


def _failing(error: Exception, model: nn.Module, plan: Plan) -> tuple[Step, nn.Module] | None:
    """The step whose module an exception went through, and the module; None where it went through none."""
    steps = {step.name: step for step in (*plan.steps, *(term.step for term in plan.terms if term.step))}
    modules = {id(module): name for name, module in model.named_modules() if name in steps}
    trace = error.__traceback__
    while trace is not None:
        caller = trace.tb_frame.f_locals.get("self")
        if isinstance(caller, nn.Module) and id(caller) in modules:
            return steps[modules[id(caller)]], caller
        trace = trace.tb_next
    return None


def _elsewhere(error: Exception, doing: str) -> SpecError | None:
    """The error at the line of a user's file, where an exception went through one; None where it did not."""
    trace, frame = error.__traceback__, None
    while trace is not None:
        named = str(trace.tb_frame.f_globals.get("__name__", ""))
        frame = trace.tb_frame if named.startswith(USER_MODULE) else frame
        trace = trace.tb_next
    if frame is None:
        return None
    message = f"`{frame.f_code.co_qualname}` {doing}: {type(error).__name__}: {error}"
    return SpecError("block-failed", message, place_in_traceback(error.__traceback__, frame.f_code.co_filename))
