"""The spelling of bound sizes."""

from __future__ import annotations

from typing import get_args

import pytest

from compose.block import BoundDim, Dim, Dims, block


@pytest.mark.parametrize("spelling", ["d", " d"])
def test_a_bound_size_is_an_int_to_python(spelling: str) -> None:
    assert get_args(Dim[int, spelling]) == (int, BoundDim("d"))


def test_bound_sizes_of_a_list_port_are_a_tuple() -> None:
    assert get_args(Dims[tuple[int, ...], " c"]) == (tuple[int, ...], BoundDim("c", many=True))


@pytest.mark.parametrize(
    ("made", "got"),
    [
        (lambda: Dim["d"], "Dim['d']"),
        (lambda: Dim[str, "d"], "Dim[str, 'd']"),
        (lambda: Dim[int, "b d"], "Dim[int, 'b d']"),
        (lambda: Dim[int, 3], "Dim[int, 3]"),
    ],
)
def test_another_spelling_is_told(made: object, got: str) -> None:
    with pytest.raises(TypeError) as told:
        made()  # type: ignore[operator]
    assert str(told.value) == f'expected a type and the name of a dim, Dim[int, " d"], got {got}'


@pytest.mark.parametrize("given", ["gate", test_bound_sizes_of_a_list_port_are_a_tuple])
def test_only_classes_are_registered(given: object) -> None:
    with pytest.raises(TypeError, match=r'^expected a class under @block, or @block\(name="\.\.\."\), got '):
        block(given)  # type: ignore[call-overload]


def test_dims_asks_for_a_tuple() -> None:
    with pytest.raises(TypeError, match=r"expected .* Dims\[tuple\[int, \.\.\.\], \" d\"\], got Dims\[int, 'c'\]"):
        Dims[int, "c"]
