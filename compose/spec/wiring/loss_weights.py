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
    return {name: found.of(name) for name in found.terms.items}


class _Weights:
    def __init__(self, terms: Mapping, errors: list[SpecError], removed: Container[str]) -> None:
        self.terms, self.errors, self.removed = terms, errors, removed
        self._told: set[str] = set()
        self._known: dict[str, float] = {}

    def of(self, name: str) -> float:
        """The weight of a loss."""
        waiting: dict[str, str] = {}
        while name not in self._known:
            value = self._written(name)
            if isinstance(value, float):
                self._known[name] = value
            elif (other := value.removeprefix(REST)) in waiting or other == name:
                names = [*waiting, name]
                self._circle(self._tree(other), tuple(names[names.index(other) :]))
                self._known[name] = 1.0
            elif other in self.terms.items:
                waiting[name] = other
                name = other
            else:
                if other not in self.removed:
                    self._unknown(self._tree(name), name, other)
                self._known[name] = 1.0
        for asking, other in reversed(waiting.items()):
            self._known[asking] = 1.0 - self._known[other]
        return self._known[next(iter(waiting), name)]

    def _tree(self, name: str) -> Tree:
        term = self.terms.items[name]
        found = term.get("weight") if isinstance(term, Mapping) else None
        return found or self.terms

    def _written(self, name: str) -> float | str:
        """The weight as a number, or whose rest it is."""
        tree = self._tree(name)
        value = tree.value if isinstance(tree, Scalar) else None
        if isinstance(value, str):
            return value
        return 1.0 if value is None else float(value)

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
