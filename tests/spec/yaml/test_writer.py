"""Specs written as YAML read back to the same values."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.spec.yaml.writer import dump, scalar


def _back(value: Any) -> Any:
    return plain(load_text(dump(value), "written"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (5e-5, "5e-5"),
        (1e16, "1e16"),
        (2.5e-10, "2.5e-10"),
        (0.004, "0.004"),
        (1.0, "1.0"),
        (300, "300"),
        (float("inf"), ".inf"),
        (-float("inf"), "-.inf"),
        (True, "true"),
        (None, "null"),
        ("no", "no"),
        ("null", '"null"'),
        ("5e-5", '"5e-5"'),
        ("12", '"12"'),
        ("", '""'),
        ("f1@3", "f1@3"),
        ("backbone.maps", "backbone.maps"),
        ("$size", "$size"),
        ("a b", "a b"),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("- a", '"- a"'),
        ("a, b", '"a, b"'),
        ("...", '"..."'),
        ('say "x"\n\tand \\', '"say \\"x\\"\\n\\tand \\\\"'),
        ("(ML)²P", '"(ML)²P"'),
        ("\x7f\x85\ufeff", '"\\U0000007f\\U00000085\\U0000feff"'),
    ],
)
def test_scalars(value: Any, written: str) -> None:
    assert scalar(value) == written
    assert _back({"key": value}) == {"key": value}
    assert _back({"keys": [value]}) == {"keys": [value]}
    if isinstance(value, str):
        assert _back({"a": {value: {value: 1}}}) == {"a": {value: {value: 1}}}


def test_not_a_number() -> None:
    assert math.isnan(_back({"x": float("nan")})["x"])


def test_layout() -> None:
    value = {
        "name": "small",
        "labels": {"vectors": {"use": "wordnet", "dim": 300}},
        "model": {"a": {"use": "block", "in": ["b", "c"]}, "b": {"use": "block", "names": ["x" * 30] * 4}},
        "train": [{"stage": "supervised", "optimizer": {"use": "adam", "lr": 5e-5}}],
        "empty": {},
        "none": [],
    }
    assert dump(value).splitlines() == [
        "name: small",
        "labels:",
        "  vectors: {use: wordnet, dim: 300}",
        "model:",
        "  a: {use: block, in: [b, c]}",
        "  b:",
        "    use: block",
        "    names:",
        *[f"      - {'x' * 30}"] * 4,
        "train:",
        "  - {stage: supervised, optimizer: {use: adam, lr: 5e-5}}",
        "empty: {}",
        "none: []",
    ]
    assert _back(value) == value


def test_notes() -> None:
    value = {"train": [{"stage": "supervised", "rates": [1, 2]}], "seed": 0}
    assert dump(value, note=lambda path: ".".join(map(str, path))).splitlines() == [
        "train:",
        "  - stage: supervised  # train.0.stage",
        "    rates: [1, 2]      # train.0.rates",
        "seed: 0                # seed",
    ]


def test_anything_reads_back() -> None:
    dice = random.Random(0)
    for _ in range(300):
        value = {f"k{i}": _random(dice, 4) for i in range(dice.randint(1, 4))}
        assert _back(value) == value
        assert plain(load_text(dump(value, note=lambda path: "a note"), "written")) == value


def _random(dice: random.Random, depth: int) -> Any:
    kind = dice.random()
    if depth and kind < 0.25:
        return {_text(dice): _random(dice, depth - 1) for _ in range(dice.randint(0, 4))}
    if depth and kind < 0.5:
        return [_random(dice, depth - 1) for _ in range(dice.randint(0, 4))]
    return dice.choice(
        [_text(dice), dice.randint(-9, 9999), dice.uniform(-1, 1) * 10 ** dice.randint(-9, 20), True, None]
    )


def _text(dice: random.Random) -> str:
    return "".join(dice.choice("ab1e.-+ :#,[]{}&*!|>'\"%@`~?$\n\t²é\x7f😀") for _ in range(dice.randint(0, 9)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("one\ntwo", "a:\n  b: |-\n    one\n    two\n"),
        ("one\n\n  two: 3\n", "a:\n  b: |\n    one\n\n      two: 3\n"),
        ("# no comment\n--- \n", "a:\n  b: |\n    # no comment\n    --- \n"),
        (" begins with a space\ntwo", 'a: {b: " begins with a space\\ntwo"}\n'),
        ("one\ntwo\n\n", 'a: {b: "one\\ntwo\\n\\n"}\n'),
        ("one\n\ttwo\r\n", 'a: {b: "one\\n\\ttwo\\U0000000d\\n"}\n'),
        ("one\n", 'a: {b: "one\\n"}\n'),
        ("\n", 'a: {b: "\\n"}\n'),
    ],
)
def test_a_text_of_several_lines(text: str, written: str) -> None:
    assert dump({"a": {"b": text}}) == written
    assert _back({"a": {"b": text, "c": [text, {"d": text}]}}) == {"a": {"b": text, "c": [text, {"d": text}]}}
