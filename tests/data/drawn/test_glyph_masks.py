from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from compose.data.drawn import glyph_masks
from compose.data.drawn.glyph_masks import FACES, GlyphMasks, framed, mask_sizes


@pytest.fixture(scope="module")
def masks() -> GlyphMasks:
    return GlyphMasks([ord("A"), 0x2654, 0x1F431], mask_sizes(12, 30))


def test_letters_look_different_in_every_face_and_rare_symbols_in_few(masks: GlyphMasks) -> None:
    assert masks.count[0] == len(FACES) == 12
    assert 1 <= masks.count[2] <= 4
    assert masks.first.tolist() == [0, masks.count[0], masks.count[:2].sum()]


def test_a_face_without_the_glyph_is_left_out() -> None:
    """Serif has no cat: its missing-glyph box is no look of a cat."""
    serif = next(font for font, points in glyph_masks._fonts() if 0x1F431 not in points)
    box = bytes(serif.getmask(chr(0x1F431), "L"))
    assert all(bytes(look.tobytes()) != box for look in glyph_masks._looks(0x1F431, 30))


def test_every_symbol_has_a_look(masks: GlyphMasks) -> None:
    assert all(level.max((1, 2)).min() > 100 for level in masks.levels)


def test_masks_fill_their_size_and_have_an_empty_rim(masks: GlyphMasks) -> None:
    for level, size in zip(masks.levels, masks.sizes, strict=True):
        inked = level > 0
        assert level.shape[1:] == (size + 2, size + 2)
        assert not inked[:, [0, -1]].any()
        assert not inked[:, :, [0, -1]].any()
        extent = np.maximum(inked.any(1).sum(1), inked.any(2).sum(1))
        assert ((extent == size) | (extent == size - 1)).all()  # the outermost ink may round to nothing


def test_sizes_cover_the_range() -> None:
    sizes = mask_sizes(17.9, 38.4)
    assert sizes[-1] >= 38.4
    assert sizes[0] / 17.9 < 1.5
    assert max(b / a for a, b in pairwise(sizes)) < 1.5


def test_a_thin_mask_keeps_a_pixel() -> None:
    assert framed(Image.new("L", (1, 200), 255), 10).max() > 0


@pytest.mark.parametrize("size", [10, 150])
def test_looks_are_cut_to_their_ink_and_large_enough(size: int) -> None:
    for character in "A,♔":
        for look in glyph_masks._looks(ord(character), size):
            assert look.getbbox() == (0, 0, *look.size)
            assert max(look.size) >= size


def test_large_pictures_keep_masks_of_moderate_size() -> None:
    assert max(mask_sizes(300, 600)) == 160
    assert max(mask_sizes(60, 140)) >= 140
