"""The small changes that can be made to a file, and a sample of them."""

from __future__ import annotations

import ast
import difflib
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

OPERATORS = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitOr_BitAnd", "BitAnd_BitOr"),
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "Gt_LtE", "Is_IsNot", "IsNot_Is"),
    *("USub_UAdd", "Delete_Not", "Delete_USub"),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer"),
    *("RemoveDecorator", "ZeroIterationForLoop"),
)
"""Those of cosmic-ray's operators that are used: of many changes that fail alike, one."""


STARRED = ("parameters", "param", "argument", "star_expr", "dictorsetmaker")
"""Where a star stands that is no operator."""


@dataclass(frozen=True)
class Mutant:
    """A file with one change.

    Args:
        path: the file, from the project's root.
        line: where the change begins.
        operator: what made it.
        before: the file's text.
        after: the changed text.
    """

    path: Path
    line: int
    operator: str
    before: str
    after: str

    @property
    def changed(self) -> tuple[str, str]:
        """The changed lines, before and after, without their indentation and without empty ones."""
        lines = list(difflib.ndiff(self.before.splitlines(), self.after.splitlines()))
        removed, added = ([line[2:].strip() for line in lines if line[0] == sign] for sign in "-+")
        return "\n".join(filter(None, removed)), "\n".join(filter(None, added))

    @property
    def diff(self) -> str:
        """The change as a patch, with little around it."""
        texts = self.before.splitlines(), self.after.splitlines()
        lines = difflib.unified_diff(*texts, str(self.path), str(self.path), n=1, lineterm="")
        return "\n".join(lines)


@dataclass(frozen=True, order=True)
class Site:
    """Where an operator can make a change: in a file, on a line, for the n-th time in that file."""

    path: Path
    line: int
    operator: str
    occurrence: int

    def mutant(self, root: Path) -> Mutant | None:
        """The changed file; None where the operator changes nothing after all."""
        from cosmic_ray.mutating import mutate_code

        before = (root / self.path).read_text("utf-8")
        try:
            after = mutate_code(before, _operators()[self.operator], self.occurrence)
        except AttributeError:  # cosmic-ray replaces no exception whose name has a dot
            return None
        runs = after not in (None, before) and _is_python(after)
        return Mutant(self.path, self.line, self.operator, before, after) if runs else None


def sites(root: Path, path: Path) -> list[Site]:
    """Where a file can be changed, in the order of its lines."""
    code = (root / path).read_text("utf-8")
    skipped, annotated = _never_run(code), _annotations(code)
    found = [
        Site(path, line, name, occurrence)
        for name, operator in _operators().items()
        for occurrence, line in enumerate(_positions(code, operator))
        if line and line not in skipped and not (name.endswith("BitOr_BitAnd") and line in annotated)
    ]
    return sorted(found)


def sample(root: Path, found: Iterable[Site], count: int, seed: int) -> list[Mutant]:
    """Some of the mutants, of as many lines as can be: the same for the same code and seed."""
    by_line: dict[tuple[Path, int], list[Site]] = defaultdict(list)
    for site in found:
        by_line[site.path, site.line].append(site)
    dice = random.Random(seed)
    piles = [dice.sample(pile, len(pile)) for pile in by_line.values()]
    dice.shuffle(piles)
    turns = range(max(map(len, piles), default=0))
    drawn = (pile[turn] for turn in turns for pile in piles if turn < len(pile))
    mutants = islice((mutant for site in drawn if (mutant := site.mutant(root))), count)
    return sorted(mutants, key=lambda mutant: (mutant.path, mutant.line, mutant.operator, mutant.after))


@cache
def _operators() -> dict[str, Any]:
    from cosmic_ray.plugins import get_operator, operator_names

    from benchmarks.mutation.own_operators import KeywordDropped, MembershipTurned, StatementRemoved

    known = [name for name in operator_names() if name.endswith(tuple(f"_{end}" for end in OPERATORS[:22]))]
    known += [f"core/{name}" for name in OPERATORS[22:]]
    own = (KeywordDropped, MembershipTurned, StatementRemoved)
    return {name: get_operator(name)() for name in known} | {kind.__name__: kind() for kind in own}


def _positions(code: str, operator: Any) -> list[int]:
    """The line of every change that an operator can make, in cosmic-ray's order; 0 where a star multiplies nothing."""
    nodes = [node for node in _nodes(code) for _ in operator.mutation_positions(node)]
    stars = [node.type == "operator" and node.parent.type in STARRED for node in nodes]
    return [0 if star else node.start_pos[0] for node, star in zip(nodes, stars, strict=True)]


@cache
def _nodes(code: str) -> list[Any]:
    from cosmic_ray.ast import ast_nodes, get_ast

    return list(ast_nodes(get_ast(code)))


def _is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def _never_run(code: str) -> set[int]:
    """Lines that only type checkers read."""
    blocks = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.If)]
    checked = [node for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING"]
    return {line for node in checked for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def _annotations(code: str) -> set[int]:
    """Lines with annotations that Python does not evaluate."""
    tree = ast.parse(code)
    if not any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body):
        return set()
    annotated = [node for node in ast.walk(tree) if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation]
    spans = [node.annotation for node in annotated if node.annotation is not None]
    spans += [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]
    return {line for span in spans for line in range(span.lineno, (span.end_lineno or span.lineno) + 1)}
