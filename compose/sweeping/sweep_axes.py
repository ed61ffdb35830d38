"""The axes of a sweep that no spec names: those of the command line, and of a dict in Python."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from compose.errors import UsageError
from compose.shown import cut
from compose.spec.layers.sweep import AS_IT_IS, MOST_MEMBERS, VARIANTS, Member, grid, short_keys
from compose.spec.yaml.writer import flow
from compose.sweeping.search_space import SweepAxis
from compose.sweeping.value_range import RANGE, ValueRange
from compose.sweeping.value_texts import value_texts

SEED = "seed"
"""The key whose values are the seeds of every member, and no axis."""


@dataclass(frozen=True)
class SweepFlags:
    """What ``-v`` and ``-s`` say of a sweep.

    Args:
        variants: of a ``-v`` with one name: variants of every member.
        overrides: of a ``-s`` with one value: overrides of every member.
        axes: of each other one: the members of an axis, or a range of numbers.
        seeds: the values of ``-s seed=``; empty where there is none.
    """

    variants: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    axes: tuple[SweepAxis, ...] = ()
    seeds: tuple[int, ...] = ()


def sweep_flags(variants: Iterable[str], overrides: Iterable[str], known: Collection[str]) -> SweepFlags:
    """Part what every member has from the axes.

    Args:
        variants: those of ``-v``: ``a,b,c`` is an axis, ``a+b`` lays two, ``base`` none.
        overrides: those of ``-s``.
        known: the spec's variants.

    Raises:
        UsageError: an override has no value, or a seed is no number.
    """
    of_variants = [value_texts(text) for text in variants]
    of_values = {key: values for key, values in map(_key_values, overrides) if key != SEED}
    seeds = [value for key, values in map(_key_values, overrides) if key == SEED for value in values]
    varied = {key: values for key, values in of_values.items() if values[1:] or RANGE.fullmatch(values[0])}
    labels = short_keys(varied)
    axes: list[SweepAxis] = [_of_variants(texts, known) for texts in of_variants if texts[1:]]
    axes += [_axis(key, values, labels[key]) for key, values in varied.items()]
    fixed = [member for texts in of_variants if not texts[1:] for member in _of_variants(texts, known)]
    return SweepFlags(
        variants=tuple(name for member in fixed for name in member.variants),
        overrides=tuple(f"{key}={values[0]}" for key, values in of_values.items() if key not in varied),
        axes=tuple(axes),
        seeds=tuple(map(_seed, seeds)),
    )


def grid_axes(values: Mapping[str, Any], known: Collection[str]) -> list[SweepAxis]:
    """The axes of a dict, which has the form of a spec's sweep: key -> its values.

    Args:
        values: ``{"loss.spread.weight": [0.1, 0.2], "variants": ["a", "b"]}``; a text is read as after ``-s key=``.
        known: the spec's variants.

    Raises:
        UsageError: a key has no list of values.
    """
    labels, found = short_keys(values), list[SweepAxis]()
    for key, given in values.items():
        if not isinstance(given, str | list | tuple) or not given:
            raise UsageError(f"grid: expected a list of values for `{key}`, got {cut(repr(given))}")
        if key == VARIANTS:
            found.append(_of_variants([_variant_text(one) for one in _listed(given)], known))
        else:
            texts = value_texts(given) if isinstance(given, str) else [flow(one) for one in given]
            found.append(_axis(key, texts, labels[key]))
    return found


def members_of(axes: Sequence[SweepAxis]) -> list[Member]:
    """Every choice of a value of each axis, each once.

    Raises:
        UsageError: there are more than may be, or an axis is a range.
    """
    for axis in axes:
        if isinstance(axis, ValueRange):
            told = f"-s {axis.key}: only a search (--search N) draws from a range"
            raise UsageError(f"{told}; expected values, such as {axis.key}=1,2,3")
    listed = [axis for axis in axes if not isinstance(axis, ValueRange)]
    count = prod(map(len, listed))
    if count > MOST_MEMBERS:
        raise UsageError(f"the sweep has {min(count, 10**12):,} members; expected at most {MOST_MEMBERS:,}")
    return list(dict.fromkeys(grid(listed)))


def _key_values(text: str) -> tuple[str, list[str]]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"-s {text}: expected KEY=VALUE or KEY=VALUE,VALUE, such as -s train.main.epochs=3,6")
    return key, value_texts(value)


def _of_variants(texts: Sequence[str], known: Collection[str]) -> list[Member]:
    """Members that lay variants; the name ``base`` lays none where no variant bears it."""
    return [Member(text, _laid(text, known)) for text in texts]


def _laid(text: str, known: Collection[str]) -> tuple[str, ...]:
    if text in known:
        return (text,)
    return () if text == AS_IT_IS else tuple(text.split("+"))


def _axis(key: str, texts: Sequence[str], label: str) -> SweepAxis:
    """The values of a key, or the range that its one text is."""
    found = ValueRange.of(key, texts[0], label) if len(texts) == 1 else None
    return found or [Member(f"{label}={text}", (), (f"{key}={text}",)) for text in texts]


def _listed(given: Any) -> list[Any]:
    return value_texts(given) if isinstance(given, str) else list(given)


def _variant_text(one: Any) -> str:
    return "+".join(map(str, one)) or AS_IT_IS if isinstance(one, list | tuple) else str(one)


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"-s seed={text}: expected a whole number") from None
