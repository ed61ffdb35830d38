"""What patterns, layouts and shapes are refused, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from compose.block import BlockError
from compose.blocks.core.pattern.axis import AXIS, DIMS, find_axis
from compose.blocks.core.pattern.einops_pattern import PATTERN, REDUCING, rearranging, reducing, repeating
from compose.blocks.core.pattern.einsum_pattern import EINSUM, contracting
from compose.blocks.core.pattern.learned_shape import SHAPE, learned_shape
from compose.blocks.core.pattern.select_pattern import SELECT, selecting

RIGHT: list[tuple[Callable[..., Any], str, tuple[Any, ...]]] = [
    (rearranging, PATTERN, ("b c h w -> b (h w) c", None)),
    (rearranging, PATTERN, ("b (h w) c, b x h w -> b c h w", None)),
    (rearranging, PATTERN, ("... (g d) -> g ... d", {"g": 4})),
    (rearranging, PATTERN, ("b () 1 tokens -> tokens 1 b", {})),
    (repeating, PATTERN, ("l d, b ... -> b l d", None)),
    (repeating, PATTERN, ("d -> 4 (d k)", {"k": 2})),
    (reducing, REDUCING, ("b c (h 2) (w 2)->b c h w", None)),
    (reducing, REDUCING, ("... ->", None)),
    (contracting, EINSUM, ("b m d, l d -> b m l",)),
    (contracting, EINSUM, ("i i ->",)),
    (selecting, SELECT, ("b m h w, b l -> b l h w",)),
    (find_axis, DIMS, ("... d", "d")),
    (find_axis, DIMS, (" b  c h w ", "c")),
    (learned_shape, SHAPE, ("4 d 4", "... d")),
]


@pytest.mark.parametrize(("read", "form", "given"), RIGHT)
def test_what_is_right(read: Callable[..., Any], form: str, given: tuple[Any, ...]) -> None:
    assert read(*given) is not None
    assert re.search(form, given[0])


WRONG: list[tuple[Callable[..., Any], tuple[Any, ...], str, str]] = [
    # parameter, message
    (rearranging, ("b c h w", None), "pattern", '"b c h w" has no `->`'),
    (rearranging, ("a -> b -> c", None), "pattern", '"a -> b -> c" has more than one `->`'),
    (rearranging, ("b c -> b", None), "pattern", '"b c -> b" loses `c`; what reduces a dim is `reduce`'),
    (rearranging, ("b -> b c", None), "pattern", '"b -> b c" has `c` on its right alone; what adds one is `repeat`'),
    (rearranging, ("b (h w) -> b h w", None), "pattern", "of `(h w)` the sizes of `h`, `w` are not known"),
    (rearranging, ("b c -> b c", {"h": 3}), "sizes", '`h` is no letter of "b c -> b c"'),
    (rearranging, ("b (c -> b c", None), "pattern", '"b (c": a parenthesis is not closed'),
    (rearranging, ("b c) -> b c", None), "pattern", '"b c)": a parenthesis is closed that was not opened'),
    (rearranging, ("((b) c) -> b c", None), "pattern", '"((b) c)": a parenthesis stands in another'),
    (rearranging, ("b b -> b", None), "pattern", '"b b": `b` stands in it twice'),
    (rearranging, ("... ... -> ...", None), "pattern", '"... ...": `...` stands in it twice'),
    (rearranging, ("(b ...) -> b ...", None), "pattern", '"(b ...)": `...` stands in parentheses'),
    (rearranging, ("b -> b ...", None), "pattern", '"b -> b ..." has `...` on its right alone'),
    (rearranging, ("b ... -> b", None), "pattern", '"b ... -> b" loses `...`; what reduces a dim is `reduce`'),
    (rearranging, ("b 2 -> b", None), "pattern", '"b 2 -> b" has the size 2 where a letter must stand'),
    (rearranging, ("b-c -> b", None), "pattern", '"b-c": `-` is neither a letter nor a size'),
    (rearranging, ("b_ -> b_", None), "pattern", '"b_": `b_` is neither a letter nor a size'),
    (
        rearranging,
        ("b, c, d -> b", None),
        "pattern",
        '"b, c, d -> b" describes 3 tensors; it takes one tensor, and one more',
    ),
    (rearranging, ("b, (h w) -> b", None), "pattern", '"(h w)" only gives sizes: each of its dims has one letter'),
    (rearranging, ("tensor -> tensor", None), "pattern", "no letter may be called `tensor`"),
    (repeating, ("b d -> b", None), "pattern", '"b d -> b" loses `d`; what reduces a dim is `reduce`'),
    (repeating, ("d -> b d", None), "pattern", 'the size of `b` in "d -> b d" is not known'),
    (repeating, ("d 2 -> d 2", None), "pattern", '"d 2 -> d 2" has the size 2 where a letter must stand'),
    (reducing, ("b c -> b d", None), "pattern", '"b c -> b d" has `d` on its right alone; what adds one is `repeat`'),
    (reducing, ("b c -> b 2", None), "pattern", '"b c -> b 2" has the size 2 where a letter must stand'),
    (reducing, ("b c, b -> b", None), "pattern", '"b c, b -> b" describes 2 tensors; it takes one tensor'),
    (contracting, ("b d, l d -> b k",), "pattern", '"b d, l d -> b k" has `k` on its right alone'),
    (contracting, ("... d -> d",), "pattern", '"... d -> d" has `...` on its left alone'),
    (contracting, ("(b d) -> b d",), "pattern", '"(b d)" has a dim that is no letter'),
    (contracting, ("b d -> b b",), "pattern", '"b b": `b` stands in it twice'),
    (selecting, ("b m -> b",), "pattern", '"b m -> b" describes 1 tensor, not values and an index'),
    (selecting, ("b m h, b l -> b l",), "pattern", '"b m h, b l -> b l" leaves out `m`, `h` of the values'),
    (selecting, ("b m, b l -> b m l",), "pattern", '"b m, b l -> b m l" leaves out no letter of the values'),
    (selecting, ("b ... m, b l -> b l m",), "pattern", '"b ... m, b l -> b l m" leaves out `...` of the values'),
    (selecting, ("b m, b l -> b k",), "pattern", '"b m, b l -> b k" has `k` on its right alone'),
    (selecting, ("b m, b l -> b",), "pattern", '"b m, b l -> b" has `l` in the index and not on its right'),
    (find_axis, ("b c h w", "d"), "axis", 'the axis "d" is no letter of the dims "b c h w"'),
    (find_axis, ("...", "d"), "axis", 'the axis "d" is no letter of the dims "..."'),
    (find_axis, ("b (c d)", "c"), "dims", '"b (c d)" is no layout: each dim has one letter'),
    (find_axis, ("b 3 d", "d"), "dims", '"b 3 d" is no layout: each dim has one letter'),
    (find_axis, ("b c c", "c"), "dims", '"b c c": `c` stands in it twice'),
    (find_axis, ("... b ...", "b"), "dims", '"... b ...": `...` stands in it twice'),
    (learned_shape, ("4 k", "... d"), "shape", '`k` of "4 k" is no letter of `dims: "... d"`'),
    (learned_shape, ("4 ...", "... d"), "shape", '"4 ..." is no shape'),
    (learned_shape, ("(4 d)", "... d"), "shape", '"(4 d)" is no shape'),
]


@pytest.mark.parametrize(("read", "given", "parameter", "message"), WRONG)
def test_what_is_wrong(read: Callable[..., Any], given: tuple[Any, ...], parameter: str, message: str) -> None:
    with pytest.raises(BlockError) as caught:
        read(*given)
    assert str(caught.value).startswith(message)
    assert caught.value.parameter == parameter
    assert caught.value.expected


FORMS = [(PATTERN, rearranging), (PATTERN, repeating), (REDUCING, reducing), (EINSUM, contracting), (SELECT, selecting)]
TEXTS = [
    "",
    "b c",
    "b -> ",
    "->",
    "b->b->b",
    "b, c, d -> b",
    "b c -> b",
    "b m, b -> b",
    "é -> é",
    "b\n",
    "b ; c -> b",
    "b* -> b",
]


@pytest.mark.parametrize(("form", "read"), FORMS)
@pytest.mark.parametrize("text", TEXTS)
def test_what_the_published_form_refuses_is_refused(form: str, read: Callable[..., Any], text: str) -> None:
    if re.search(form, text) is None:
        with pytest.raises(BlockError):
            read(text) if read in (contracting, selecting) else read(text, None)


@pytest.mark.parametrize("text", ["", " ", "b c-d", "3 d", "... ...d", "(b c) d", "b\nc"])
def test_what_the_published_layout_refuses_is_refused(text: str) -> None:
    if re.search(DIMS, text) is None:
        with pytest.raises(BlockError):
            find_axis(text, "d")


@pytest.mark.parametrize("axis", ["", "...", "3", "b c"])
def test_what_is_no_axis(axis: str) -> None:
    assert re.search(AXIS, axis) is None
    with pytest.raises(BlockError):
        find_axis("b c ...", axis)


@pytest.mark.parametrize(("dims", "axis", "index"), [("... d", "d", -1), ("b d ...", "d", 1), ("b ... c h w", "c", -3)])
def test_where_an_axis_is(dims: str, axis: str, index: int) -> None:
    assert find_axis(dims, axis).index == index
