"""Nested state as named tensors and JSON, so that it can be stored without pickle.

A tree holds dicts (with string or integer keys), lists, tuples, tensors, numbers, strings, booleans and None.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

TENSOR, PAIRS, TUPLE = "$tensor", "$pairs", "$tuple"


def flatten(tree: Any, *, path: str = "") -> tuple[Any, dict[str, Tensor]]:
    """Split a tree into plain data for JSON, in which tensors are named, and the tensors by name.

    Raises:
        TypeError: the tree holds something else.
    """
    tensors: dict[str, Tensor] = {}
    return _plain(tree, path, tensors), tensors


def unflatten(plain: Any, tensors: dict[str, Tensor]) -> Any:
    """The inverse of :func:`flatten`."""
    if isinstance(plain, list):
        return [unflatten(item, tensors) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if TENSOR in plain:
        return tensors[plain[TENSOR]]
    if TUPLE in plain:
        return tuple(unflatten(item, tensors) for item in plain[TUPLE])
    if PAIRS in plain:
        return {key: unflatten(item, tensors) for key, item in plain[PAIRS]}
    return {key: unflatten(item, tensors) for key, item in plain.items()}


def _plain(tree: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        tensors[path] = tree
        return {TENSOR: path}
    if isinstance(tree, dict):
        items = [(key, _plain(item, f"{path}/{key}".lstrip("/"), tensors)) for key, item in tree.items()]
        plain_keys = all(isinstance(key, str) and not key.startswith("$") for key, _ in items)
        return dict(items) if plain_keys else {PAIRS: [[key, item] for key, item in items]}
    if isinstance(tree, list | tuple):
        parts = [_plain(item, f"{path}/{i}".lstrip("/"), tensors) for i, item in enumerate(tree)]
        return {TUPLE: parts} if isinstance(tree, tuple) else parts
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise TypeError(f"{path or 'the state'}: expected tensors and plain values, got {type(tree).__name__}")
