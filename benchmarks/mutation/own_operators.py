"""Changes that people's mistakes look like and that cosmic-ray does not make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator

Span = tuple[tuple[int, int], tuple[int, int]]


class StatementRemoved(Operator):  # type: ignore[misc]
    """A call, a raise, or an assignment to something that outlives the function does not happen."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        if node.type == "simple_stmt" and self._acts(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        code = node.children[0].get_code()
        removed = parso.parse(code[: len(code) - len(code.lstrip())] + "pass")
        node.children[0] = removed
        return node

    @staticmethod
    def _acts(statement: Any) -> bool:
        if statement.type in ("atom_expr", "raise_stmt"):
            return True
        if statement.type != "expr_stmt":
            return False
        target, sign = statement.children[:2]
        return sign.type == "operator" and (sign.value != "=" or target.type == "atom_expr")

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class MembershipTurned(Operator):  # type: ignore[misc]
    """``in`` for ``not in`` and the other way round."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        if node.type == "comparison" and self._sign(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1] = parso.parse(" not in" if self._sign(node) == "in" else " in")
        return node

    @staticmethod
    def _sign(node: Any) -> str | None:
        found = " ".join(node.children[1].get_code().split())
        return found if found in ("in", "not in") else None

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class KeywordDropped(Operator):  # type: ignore[misc]
    """A keyword argument is not handed on, so that its default holds."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        yield from [(node.children[place].start_pos, node.children[place].end_pos) for place in self._keywords(node)]

    def mutate(self, node: Any, index: int) -> Any:
        place = self._keywords(node)[index]
        after = place + 1 < len(node.children)
        del node.children[place if after else place - 1 : place + 2 if after else place + 1]
        return node

    @staticmethod
    def _keywords(node: Any) -> list[int]:
        if node.type != "arglist":
            return []
        named = [place for place, child in enumerate(node.children) if child.type == "argument"]
        return [place for place in named if getattr(node.children[place].children[1], "value", "") == "="]

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()
