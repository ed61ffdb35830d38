"""What makes a command that trains small: settings of the same spec, added behind those of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import yaml

import compose
from tests.docs.pages import ROOT

DATA = {
    "glyph_symbols": {"train": 24, "val": 12, "test": 12},
    "glyph_scenes": {"train": 24, "val": 12, "test": 32},
    "alphabets": {"drawings": 10},
    "omniglot": {"rotations": False, "val_alphabets": 2},
    "images": {"size": 32, "check_images": "header"},
}
"""By data source. What is not named here is small by its files, or by the stages."""
STAGE = {"epochs": 1, "batch": 16, "workers": 0}
EPISODES = {"episodes": 2, "batch": 2}


def toy_size(words: Sequence[str]) -> list[str]:
    """The words to add to a command, which trains small by them, or compares what has been trained so.

    Args:
        words: of the command, from ``train`` on.
    """
    if words[0] == "train":
        return _settings(words)
    if words[0] == "sweep":
        found = [*_settings(words), "--seeds", "1"]
        return [*found, "--search", "2"] if "--search" in words else found
    return _settings(words) if words[0] == "compare" and _is_table(words[1]) else []


def _is_table(name: str) -> bool:
    return name.startswith("zoo/tables/")


def _settings(words: Sequence[str]) -> list[str]:
    spec, *options = words[1:]
    if spec.startswith("runs/"):  # a run to repeat is as small as it was
        return []
    if _is_table(spec):
        spec = yaml.safe_load((ROOT / spec).read_text("utf-8"))["spec"]
    settings = _values_of("-s", options)
    values = compose.load(
        spec,
        variants=_values_of("-v", options) if words[0] == "train" else (),
        overrides=[text for text in settings if words[0] == "train" or text.startswith("data")],
        blocks=_values_of("--blocks", options),
    ).spec.values
    toy: dict[str, Any] = {}
    for section, found in (("data", values["data"]), ("labels.external", (values.get("labels") or {}).get("external"))):
        toy |= {f"{section}.{key}": value for key, value in DATA.get(found["use"] if found else "", {}).items()}
    for name, stage in values["train"].items():
        few = EPISODES if stage["stage"] in ("episodic", "maml") else {}
        toy |= {f"train.{name}.{key}": value for key, value in (STAGE | few).items()}
        if any(re.fullmatch(rf"train\.{name}\.epochs=\d+", text) for text in settings):
            toy[f"train.{name}.epochs"] = 2  # more than without it
    if "episodes" in values["evaluate"]["tasks"]:
        toy |= {"evaluate.episodes": 3, "evaluate.queries": 4}
        if values["data"]["use"] == "glyph_scenes":
            toy |= {"data.train": 300, "data.val": 300, "data.test": 300}  # several examples of each label
    return [word for key, value in toy.items() for word in ("-s", f"{key}={value}")]


def _values_of(option: str, words: Sequence[str]) -> list[str]:
    return [value for word, value in pairwise(words) if word == option]
