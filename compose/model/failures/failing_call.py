"""What a module does when torch refuses: the operation and the shapes it meets, in the field's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from compose.model.dims import shape_text
from compose.registry.user_code import said_by

UNEXPLAINED = "does not take"
"""Stands between an operation and the shapes that it meets, where nothing is known of why."""

Telling = Callable[[tuple[Any, ...], dict[str, Any]], str]


def failing_call(run: Callable[[], object]) -> tuple[str, Exception | None]:
    """What is being computed when it fails, "" where no operation of torch is; and how it fails.

    Args:
        run: failed before; it is run once more.
    """
    recorder = _Recorder()
    try:
        with recorder:
            run()
    except Exception as error:  # the one that is explained
        return recorder.words or _pattern(error), error
    return "", None


class _Recorder(TorchFunctionMode):
    """Puts the last operation that raises into words."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        try:
            return func(*args, **(kwargs or {}))
        except Exception:
            self.words = _described(func.__name__, args, kwargs or {})
            raise


def _described(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    plain = name.strip("_")
    words = next((words for names, words in OPERATIONS.items() if plain in names), None)
    words = _normalise if plain.endswith("_norm") else words
    shapes = list(_shapes((args, kwargs)))
    try:
        return words(args, kwargs) if words else f"its `{plain}` {UNEXPLAINED} {_listed(shapes)}"
    except (IndexError, AttributeError, TypeError):  # called in another form
        return f"its `{plain}` {UNEXPLAINED} {_listed(shapes)}"


def _pattern(error: Exception) -> str:
    """An einops pattern that does not fit, which is found before torch computes anything."""
    text = said_by(error)
    found = re.search(r'pattern "([^"]*)"', text)
    shape = re.search(r"Input tensor shape: torch\.Size\(\[([\d, ]*)\]\)", text)
    if type(error).__name__ != "EinopsError" or found is None:
        return ""
    of = f" {shape_text([int(size) for size in shape[1].split(',') if size.strip()])}" if shape else " what it gets"
    return f"its pattern `{found[1]}` does not fit{of}"


# --- operations -------------------------------------------------------------------------------------------------------


def _matrices(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    first, second = list(_shapes(args))[-2:]
    return f"it multiplies {first} by {second} as matrices"


def _linear(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return f"a linear layer for {args[1].shape[-1]} entries gets {shape_text(args[0].shape)}"


def _convolution(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    groups = kwargs.get("groups", args[6] if len(args) > 6 else 1)
    kernel = shape_text(args[1].shape[2:])
    return f"a {kernel} convolution for {args[1].shape[1] * groups} channels gets {shape_text(args[0].shape)}"


def _join(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
    return f"it joins {_listed(list(_shapes(args)))} along dim {dim}"


def _reshape(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    sizes = list(_numbers(args[1:]))
    return f"it makes {shape_text(sizes)} of {shape_text(args[0].shape)}"


def _entries(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return f"it combines {_listed(list(_shapes((args, kwargs))))} entry by entry"


def _sum_of_products(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return f"its sum of products `{args[0]}` does not take {_listed(list(_shapes(args[1:])))}"


def _normalise(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    shapes = list(_shapes((args, kwargs)))
    return f"it normalises {shapes[0]} by values of {shapes[1]}" if len(shapes) > 1 else f"it normalises {shapes[0]}"


def _pick(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    first, *others = _shapes((args, kwargs))
    return f"it picks entries of {first}{f' by {_listed(others)}' if others else ''}"


OPERATIONS: Mapping[tuple[str, ...], Telling] = {
    ("matmul", "rmatmul", "mm", "bmm", "mv", "addmm", "baddbmm", "dot"): _matrices,
    ("linear",): _linear,
    ("conv1d", "conv2d", "conv3d"): _convolution,
    ("cat", "concat", "concatenate", "stack", "hstack", "vstack"): _join,
    ("view", "reshape", "unflatten", "expand", "broadcast_to"): _reshape,
    (
        "add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul", "div", "truediv", "itruediv", "rtruediv",
        "where", "maximum", "minimum", "pow", "eq", "ne", "lt", "gt", "le", "ge", "and", "or",
        "addcmul", "lerp", "binary_cross_entropy_with_logits", "binary_cross_entropy", "mse_loss", "l1_loss",
    ): _entries,
    ("einsum",): _sum_of_products,
    ("getitem", "gather", "index_select", "take_along_dim", "scatter", "setitem", "embedding"): _pick,
}  # fmt: skip
"""Names of operations, without the underlines of operators -> what to say of them."""


def _shapes(value: Any) -> Iterator[str]:
    """The shapes of all tensors in some arguments."""
    if isinstance(value, Tensor):
        yield shape_text(value.shape)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _shapes(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _shapes(inner)


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _numbers(inner)


def _listed(shapes: list[str]) -> str:
    *first, last = shapes or ["what it gets"]
    return f"{', '.join(first)} and {last}" if first else last
