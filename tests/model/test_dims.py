"""Dim names bind across the ports of a node, as jaxtyping's do."""

from __future__ import annotations

import pytest

from compose.model.dims import Bindings, Mismatch
from compose.registry.declaration import BoundSize, Port

Shapes = dict[str, tuple[int, ...]]


def bound(shapes: Shapes, *, many: bool = False) -> Bindings:
    """Bind ports to shapes: ``{"b d": (2, 3)}``; the dims are the port's name, too."""
    bindings = Bindings()
    for dims, shape in shapes.items():
        bindings.bind(Port(dims, tuple(dims.split()), "float", False, many, ""), shape)
    return bindings


@pytest.mark.parametrize(
    "shapes",
    [
        {"*n d": (5,), "d": (5,)},
        {"*n d": (2, 3, 5), "*n e": (2, 3, 7)},
        {"b *m c": (2, 5), "*m": ()},
        {"b *m c": (2, 3, 4, 5), "*m": (3, 4)},
        {"... d": (2, 5), "... e": (2, 3, 7)},
        {"*_ d": (2, 5), "*_ e": (2, 3, 7)},
        {"_ d": (2, 5), "_x d": (3, 5)},
        {"b #d": (2, 5), "d": (5,), "#d b": (1, 2)},
        {"*#n d": (2, 1, 5), "*#n e": (3, 7), "*n": (2, 3)},
        {"2 e": (2, 9)},
        {"rows=2 e": (2, 9)},
        {"b c": (2, 3), "b 2*c": (2, 6), "b c+1": (2, 4)},
        {"b 2*z": (2, 7)},
    ],
)
def test_fits(shapes: Shapes) -> None:
    bound(shapes)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"b d": (2, 3), "l d": (4, 5)}, "d is 3 and 5"),
        ({"*n d": (2, 3, 5), "*n e": (2, 4, 7)}, "*n is 2 × 3 and 2 × 4"),
        ({"*n d": (5,), "*n e": (2, 7)}, "*n is no dim and 2"),
        ({"*#n d": (2, 5), "*#n e": (3, 7)}, "*n is 2 and 3"),
        ({"b #d": (2, 5), "d": (4,)}, "d is 5 and 4"),
        ({"2 e": (3, 9)}, "this dim must be 2, got 3"),
        ({"b c": (2, 3), "b 2*c": (2, 7)}, "`2*c` is 6, got 7"),
        ({"b c": (2, 3, 4)}, "expected 2 dims (b c), got 3"),
        ({"b *m c": (2,)}, "expected at least 2 dims (b *m c), got 1"),
    ],
)
def test_does_not_fit(shapes: Shapes, message: str) -> None:
    with pytest.raises(Mismatch) as told:
        bound(shapes)
    assert str(told.value) == message


def test_the_ports_that_do_not_fit_one_another_are_told() -> None:
    with pytest.raises(Mismatch) as told:
        bound({"*n d": (2, 3, 5), "d": (5,), "*n": (2, 4)})
    assert [port.name for port in told.value.ports] == ["*n d", "*n"]


def test_a_size_and_several() -> None:
    bindings = bound({"*n d": (2, 3, 5)})
    assert bindings.value(BoundSize("dim", "d", many=False)) == 5
    assert bindings.value(BoundSize("axes", "n", many=True)) == (2, 3)
    assert bindings.value(BoundSize("axis", "n", many=False)) is None
    assert bindings.value(BoundSize("other", "k", many=False)) is None


def test_sizes_of_a_list() -> None:
    bindings = Bindings()
    port = Port("maps", ("*b", "?c"), "float", False, True, "")
    for shape in ((2, 3, 4), (2, 3, 5)):
        bindings.bind(port, shape)
    assert bindings.value(BoundSize("channels", "c", many=True)) == (4, 5)
    with pytest.raises(Mismatch, match=r"^\*b is 2 × 3 and 2$"):
        bindings.bind(port, (2, 6))


def test_which_port_carries_a_dim() -> None:
    port = Port("maps", ("*n", "?c", "d"), "float", False, True, "")
    carried = {
        (letter, many): port.carries(BoundSize("x", letter, many)) for letter in "ncdx" for many in (True, False)
    }
    assert [key for key, carries in carried.items() if carries] == [("n", True), ("c", True), ("d", False)]
