"""A small spec, and what is laid over it."""

from __future__ import annotations

from typing import Any

SMALL: dict[str, Any] = {
    "name": "small",
    "data": {"use": "glyph_scenes", "size": 32, "train": 32, "val": 16, "test": 64},
    "labels": {"vectors": {"use": "wordnet", "dim": 12}},
    "model": {
        "backbone": {"use": "backbone", "arch": "conv64", "channels": [4, 4, 8], "taps": ["block2", "block3"]},
        "neck": {"use": "convolution", "in": "backbone.last", "channels": 8, "kernel": 1},
        "words": {"use": "convolution", "in": ["neck", "labels.vectors"], "kernel": 1},
        "places": {"use": "rearrange", "in": "words", "pattern": "b d h w -> b (h w) d"},
        "scores": {"use": "max_similarity", "in": ["places", "labels.vectors"]},
    },
    "loss": {
        "rank": {"use": "ranknet", "in": "scores", "weight": "1 - spread"},
        "spread": {"use": "variance", "in": "places", "weight": 0.25},
    },
    "train": {
        "first": {"stage": "supervised", "losses": ["rank"], "train": ["neck", "words"], "epochs": 1, "batch": 8},
        "main": {"stage": "supervised", "epochs": 2, "batch": 16, "optimizer": {"use": "adam"}},
    },
    "evaluate": {"tasks": ["zsl"], "metrics": ["map"]},
}


def renamed(value: Any, names: dict[str, str]) -> Any:
    """A spec whose nodes, losses or stages are called otherwise, wherever they are named."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if not isinstance(value, str):
        return value
    head, dot, port = value.partition(".")
    return f"{names.get(head, head)}{dot}{port}"


def over(values: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """An overlay laid over values: mappings merge, None removes."""
    found = dict(values)
    for key, value in overlay.items():
        if value is None:
            found.pop(key)
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = over(found[key], value)
        else:
            found[key] = value
    return found
