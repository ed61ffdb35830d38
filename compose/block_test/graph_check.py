"""Whether torch can take a block as one graph: to compile it, and to export it for other programs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from compose.block_test.block_trial import BlockTrial, Failed
from compose.block_test.rows_check import close
from compose.errors import Place, SpecError
from compose.registry.python_place import document, file_of, place_in_traceback


def compiled(subject: BlockTrial) -> str:
    """``torch.compile`` takes the whole block as one graph, and gives the same result.

    Raises:
        Failed: it does not.
    """
    module, inputs = subject.made().eval(), subject.inputs()
    plain = subject.tensors(subject.called(module, inputs, "fails in evaluation"))
    torch._dynamo.reset()
    with _quiet(), torch.no_grad():
        try:
            graph = torch.compile(module, backend="aot_eager", fullgraph=True)
            outputs = _tensors(graph(**inputs))
        except Exception as error:  # whatever stops the compiler
            raise Failed(_stopped(subject, error, "torch.compile cannot take it as one graph")) from error
    _check_same(subject, plain, outputs, "compiled")
    return "one graph, the same result"


def exported(subject: BlockTrial) -> str:
    """``torch.export`` takes the block, and gives the same result.

    Raises:
        Failed: it does not.
    """
    module, inputs = subject.made().eval(), subject.inputs()
    plain = subject.tensors(subject.called(module, inputs, "fails in evaluation"))
    with _quiet(), torch.no_grad():
        try:
            program = torch.export.export(module, (), kwargs=inputs, strict=False)
            outputs = _tensors(program.module()(**inputs))
        except Exception as error:  # whatever stops the exporter
            raise Failed(_stopped(subject, error, "torch.export cannot take it")) from error
    _check_same(subject, plain, outputs, "exported")
    return "the same result"


def _check_same(subject: BlockTrial, plain: Sequence[Tensor], other: Sequence[Tensor], how: str) -> None:
    if len(plain) != len(other) or any(not close(one, two) for one, two in zip(plain, other, strict=True)):
        told = f"its result is another when it is {how}"
        raise Failed(subject.error(told, "return", expected="nothing kept from call to call, and no side effects"))


def _stopped(subject: BlockTrial, error: Exception, told: str) -> SpecError:
    """Why a block is no graph, at the line that torch names."""
    path = file_of(subject.cls)
    causes: list[BaseException] = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) and following not in causes:
        causes.append(following)
    places = (place_in_traceback(cause.__traceback__, path) for cause in causes) if path else iter(())
    found = subject.error(told, "return", expected="no branch on a tensor's values, no Python objects made of them")
    found.place = next(filter(None, places), None) or _named(error, path) or found.place
    found.notes = ()
    reason = _reason(str(error))
    found.message = f"{told}: {reason}" if reason else told
    return found


def _named(error: Exception, path: str | None) -> Place | None:
    """The line of a file that the text of an error names."""
    found = re.findall(rf'{re.escape(Path(path).name)}"?,? ?(?:line |:)(\d+)', str(error)) if path else []
    if path is None or not found:
        return None
    text, line = document(path), int(found[-1])
    shown = text.lines[line - 1] if line <= len(text.lines) else ""
    return Place(text, line, len(shown) - len(shown.lstrip()) + 1, max(1, len(shown.strip())))


def _reason(text: str) -> str:
    """The first line of what torch says, which explains the rest."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _tensors(given: Any) -> list[Tensor]:
    return [leaf for leaf in torch.utils._pytree.tree_leaves(given) if isinstance(leaf, Tensor)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch logs of a graph that it cannot take."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
