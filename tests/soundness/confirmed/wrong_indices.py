"""An attempt to confirm that a block cannot take all the integers that a value may hold."""

from __future__ import annotations

import re
from typing import Any, get_args

import torch

from compose.errors import SpecError
from compose.labels.label_set import Labels
from compose.registry.declaration import Declaration
from tests.soundness.confirmed.case import Case
from tests.soundness.interpreter import Interpreter, Level, Ports
from tests.soundness.world import Inputs

TOLD = re.compile(r"`.+` counts from (-?\d+) to (-?\d+), and `(.+)\.(\w+)` takes from (-?\d+) to (-?\d+)")


def beyond(case: Case, error: SpecError) -> bool:
    """The node fails on the least or the greatest integer that is held, in training or on other labels.

    torch takes one below zero for a place counted from the end, so that such an integer fails nowhere and is wrong.
    """
    found = TOLD.fullmatch(error.message)
    if found is None or isinstance(case.world, str):
        return False
    node, port = found[3], found[4]
    lowest, highest, least, most = (int(found[group]) for group in (1, 2, 5, 6))
    if lowest < least == 0:
        return True
    extreme = highest if highest > most else lowest
    others = (case.world.labels(which) for which in get_args(Labels))
    given = [case.world.training, *({**case.world.training, **other} for other in others if other)]
    filled = [_Filled(case, inputs, node, port, extreme).run() for inputs in given]
    return any(failure.kind == "forward" and failure.node == node for each in filled for failure in each.failures)


class _Filled(Interpreter):
    """Computes a model with one integer everywhere at one port."""

    def __init__(self, case: Case, inputs: Inputs, node: str, port: str, value: int) -> None:
        super().__init__(case.spec, case.registry, inputs)
        self._at, self._value = (node, port), value

    def _called(
        self, level: Level, path: str, declaration: Declaration, params: Ports, fed: Ports, share: str | None
    ) -> Ports:
        node, port = self._at
        if path == node and port in fed:
            fed = {**fed, port: torch.full_like(fed[port], self._value)}
        found: dict[str, Any] = super()._called(level, path, declaration, params, fed, share)
        return found
