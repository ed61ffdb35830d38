"""What each loss is multiplied by: a number, or what the weight of another loss leaves of 1."""

from __future__ import annotations

from collections.abc import Container

from compose.errors import SpecError, nearest
from compose.spec.yaml.tree import Mapping, Scalar, Tree

REST = "1 - "
"""How a weight begins that is 1 minus another."""


def loss_weights(tree: Mapping, errors: list[SpecError], removed: Container[str] = ()) -> dict[str, float]:
    """Loss -> weight.

    Args:
        tree: the checked spec.
        errors: where mistakes are collected: a loss that does not exist, losses that wait for one another.
        removed: losses that are known and not there; they weigh nothing.
    """
    terms = tree.get("loss")
    found = _Weights(terms if isinstance(terms, Mapping) else Mapping(tree.place, {}, {}), errors, removed)
    return {name: found.of(name, ()) for name in found.terms.items}


class _Weights:
    def __init__(self, terms: Mapping, errors: list[SpecError], removed: Container[str]) -> None:
        self.terms, self.errors, self.removed = terms, errors, removed
        self._told: set[str] = set()

    def of(self, name: str, asking: tuple[str, ...]) -> float:
        """The weight of a loss, for the losses that wait for it."""
        term = self.terms.items[name]
        tree = term.get("weight") if isinstance(term, Mapping) else None
        value = tree.value if isinstance(tree, Scalar) else 1.0
        if not (tree and isinstance(value, str)):
            return float(value) if isinstance(value, int | float) else 1.0
        other = value.removeprefix(REST)
        if name in asking:
            self._circle(tree, asking[asking.index(name) :])
            return 1.0
        if other in self.terms.items:
            return 1.0 - self.of(other, (*asking, name))
        if other not in self.removed:
            self._unknown(tree, name, other)
        return 1.0

    def _circle(self, tree: Tree, names: tuple[str, ...]) -> None:
        if self._told & set(names):
            return
        self._told |= set(names)
        message = f"the weights of these losses wait for one another: {' <- '.join([*names, names[0]])}"
        self.errors.append(SpecError("cycle", message, tree.place, "a number for one of them"))

    def _unknown(self, tree: Tree, name: str, other: str) -> None:
        known = [key for key in self.terms.items if key != name]
        message = f"there is no loss `{other}` whose weight `{name}` could take the rest of"
        expected = f"`1 - ` and one of {', '.join(known)}, or a number" if known else "a number"
        self.errors.append(SpecError("unknown-term", message, tree.place, expected, nearest(other, known)))
