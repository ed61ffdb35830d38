"""Labels that are the singular or the plural of one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_IRREGULAR = {
    "child": "children",
    "die": "dice",
    "foot": "feet",
    "goose": "geese",
    "louse": "lice",
    "mouse": "mice",
    "ox": "oxen",
    "person": "people",
    "tooth": "teeth",
}
_LATIN = {"us": "i", "um": "a", "is": "es", "ix": "ices", "ex": "ices", "on": "a", "a": "ae"}
_HISSING = ("s", "x", "z", "ch", "sh", "o")


def same_nouns(names: Iterable[str], others: Iterable[str]) -> list[str]:
    """The names that differ from one of the others at most in number, case, and how their words are joined.

    Nouns of several words are compared in the last one: `polar bear`, `Polar_Bears`.
    """
    singular = {plain_noun(other) for other in others}
    either = singular.union(*map(plurals, singular))
    return [name for name in names if plain_noun(name) in either or not singular.isdisjoint(plurals(plain_noun(name)))]


def plurals(noun: str) -> set[str]:
    """What the plural of a noun may be; regular and irregular forms both, as labels are not always right."""
    head, space, last = noun.rpartition(" ")
    return {head + space + form for form in _forms(last)}


def _forms(word: str) -> Iterator[str]:
    yield word + "s"
    if word.endswith(_HISSING):
        yield word + "es"
    if word.endswith("y"):
        yield word[:-1] + "ies"
    if word.endswith(("f", "fe")):
        yield word.removesuffix("e")[:-1] + "ves"
    for ending, plural in _IRREGULAR.items():
        if word.endswith(ending):
            yield word.removesuffix(ending) + plural
    if word.endswith("man"):
        yield word[:-2] + "en"
    for ending, plural in _LATIN.items():
        if len(word) > len(ending) + 2 and word.endswith(ending):
            yield word.removesuffix(ending) + plural


def plain_noun(noun: str) -> str:
    """A noun without what people write differently: case, hyphens, underscores and spaces."""
    return " ".join(noun.lower().replace("_", " ").replace("-", " ").split())
