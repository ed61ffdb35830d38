"""Sheets of attention, looked at pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageColor
from torch import Tensor

from compose.drawing.attention.attention_sheet import (
    FRAME,
    GAP,
    MARGIN,
    AttentionPanel,
    AttentionRow,
    attention_sheet,
)
from compose.drawing.attention.marks import Mark, boxes, mark
from compose.drawing.heat import heat, heat_scale, overlaid, shown
from compose.drawing.lettering import broken, shorten, shorten_middle, text_length
from compose.drawing.palette import SEEN, UNSEEN

SIDE = 192
PANEL = SIDE + 2 * FRAME


def picture(height: int = 48, width: int = 48) -> Float[Tensor, "3 h w"]:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))


def peak(row: int, column: int, size: int = 7) -> Float[Tensor, "h w"]:
    found = torch.zeros(size, size)
    found[row, column] = 1.0
    return found


def label(name: str = "cat", *, correct: bool | None = None, seen: bool | None = None) -> AttentionPanel:
    return AttentionPanel(name, 0.5, peak(1, 5), correct, seen)


def panel(sheet: Image.Image, column: int) -> NDArray[np.float64]:
    """A panel's picture, without its frame."""
    left, top = MARGIN + column * (PANEL + GAP) + FRAME, MARGIN + FRAME
    return np.asarray(sheet.crop((left, top, left + SIDE, top + SIDE)), dtype=np.float64)


def luminance(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("L"), dtype=np.float64)


# --- heat -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 5), (6, 3)])
def test_the_heat_is_where_the_attention_is(row: int, column: int) -> None:
    found = heat(peak(row, column), (140, 70))  # a cell is 20 wide and 10 tall
    y, x = np.unravel_index(found.argmax(), found.shape)
    assert (y // 10, x // 20) == (row, column)
    assert found.max() == 1
    assert found.min() == 0


def test_the_heat_is_bilinear() -> None:
    attention = torch.rand(5, 3, generator=torch.Generator().manual_seed(1))
    wanted = torch.nn.functional.interpolate(attention[None, None], size=(40, 60), mode="bilinear")[0, 0]
    torch.testing.assert_close(torch.from_numpy(heat(attention, (60, 40)).copy()), wanted / wanted.max())


def test_tiny_attention_is_scaled_to_its_maximum() -> None:
    attention = torch.rand(5, 5, generator=torch.Generator().manual_seed(1))
    assert np.allclose(heat(attention * 1e-30, (50, 50)), heat(attention, (50, 50)), atol=1e-5)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_no_attention_is_no_heat(value: float) -> None:
    assert heat(torch.full((3, 3), value), (9, 9)).tolist() == [[0.0] * 9] * 9


def test_attention_of_any_kind_of_float() -> None:
    attention = peak(1, 5).to(torch.bfloat16).requires_grad_()
    assert np.array_equal(heat(attention, (70, 70)), heat(peak(1, 5), (70, 70)))


def test_more_attention_is_lighter() -> None:
    assert (np.diff(luminance(heat_scale(200, 1))[0]) >= 0).mean() > 0.9
    assert luminance(heat_scale(200, 1))[0, -1] - luminance(heat_scale(200, 1))[0, 0] > 80


def test_the_picture_stays_recognisable() -> None:
    plain = shown(picture(), SIDE)
    cold = overlaid(plain, np.zeros((SIDE, SIDE), dtype=np.float32))
    assert np.corrcoef(luminance(plain).ravel(), luminance(cold).ravel())[0, 1] > 0.99
    black, white = (overlaid(Image.new("RGB", (1, 1), c), np.ones((1, 1), dtype=np.float32)) for c in ("#000", "#fff"))
    assert luminance(white)[0, 0] - luminance(black)[0, 0] > 30  # even under the greatest heat


# --- the sheet --------------------------------------------------------------------------------------------------------


def test_panels_show_their_own_attention() -> None:
    grey = torch.full((3, 48, 48), 0.5)
    labels = [AttentionPanel("a", 0.9, peak(1, 5)), AttentionPanel("b", 0.1, peak(5, 0, size=6) * 1e-4)]
    sheet = attention_sheet([AttentionRow(grey, labels=labels)])
    assert np.ptp(panel(sheet, 0)) == 0
    for column, (row, place, size) in enumerate([(1, 5, 7), (5, 0, 6)], start=1):
        y, x = np.unravel_index(panel(sheet, column).sum(2).argmax(), (SIDE, SIDE))
        assert (y * size // SIDE, x * size // SIDE) == (row, place)


def test_frames_tell_seen_from_unseen() -> None:
    sheet = attention_sheet([AttentionRow(picture(), labels=[label(seen=True), label(seen=False), label()])])
    frames = [sheet.getpixel((MARGIN + column * (PANEL + GAP), MARGIN)) for column in (1, 2, 3)]
    assert frames[:2] == [ImageColor.getrgb(SEEN.line), ImageColor.getrgb(UNSEEN.line)]
    assert frames[2] not in frames[:2]


def test_captions_tell_right_from_wrong_and_seen_from_unseen() -> None:
    labels = [label(correct=c, seen=s) for c in (True, False, None) for s in (True, False, None)]
    sheet = attention_sheet([AttentionRow(picture(), labels=labels)], columns=9)
    top = MARGIN + PANEL
    lefts = [MARGIN + column * (PANEL + GAP) for column in range(1, 10)]
    assert len({sheet.crop((left, top, left + PANEL, top + 45)).tobytes() for left in lefts}) == 9


def test_badges_differ_without_colour() -> None:
    sheet = attention_sheet([AttentionRow(picture(), labels=[label(seen=True), label(seen=False)])])
    dark = luminance(sheet)[MARGIN + PANEL + 24 : MARGIN + PANEL + 48] < 220
    starts = [int(dark[:, MARGIN + column * (PANEL + GAP) + 80 :].any(0).argmax()) for column in (1, 2)]
    assert starts[0] > starts[1] + 10  # the longer word


def test_a_long_name_is_not_cut_off() -> None:
    """Dashes would run on to the last pixel."""
    sheet = attention_sheet([AttentionRow(picture(), labels=[label("—" * 99)])])
    ink = (luminance(sheet) < 128)[MARGIN + PANEL + 4 : MARGIN + PANEL + 24, MARGIN + PANEL + GAP :]
    assert ink[:, :150].any()
    assert not ink[:, PANEL - 1 :].any()


def test_marks_differ_without_colour() -> None:
    found = []
    kinds: tuple[Mark, Mark] = ("right", "wrong")
    for kind in kinds:
        sheet = Image.new("RGB", (14, 14), "white")
        mark(sheet, kind, (0, 0), 14)
        found.append(luminance(sheet) < 160)
    assert (found[0] ^ found[1]).sum() > 0.3 * (found[0] | found[1]).sum()


@pytest.mark.parametrize(
    ("size", "side"), [((48, 48), 192), ((48, 24), 192), ((200, 100), 200), ((448, 448), 256), ((2000, 3), 256)]
)
def test_pictures_are_scaled(size: tuple[int, int], side: int) -> None:
    row = AttentionRow(picture(*size), labels=[label()])
    assert side < attention_sheet([row]).height < side + 150
    turned = AttentionRow(picture(*size[::-1]), labels=[label()])
    assert attention_sheet([turned]).width == 2 * (side + 2 * FRAME) + GAP + 2 * MARGIN


def test_labels_go_on_below() -> None:
    def size(count: int) -> tuple[int, int]:
        return attention_sheet([AttentionRow(picture(), labels=[label()] * count)], columns=5).size

    width, height = size(5)
    assert size(48) == (width, height + 9 * (size(6)[1] - height))


def test_no_labels_and_no_pictures() -> None:
    lone = attention_sheet([AttentionRow(picture(), "lone")])
    assert lone.height < PANEL + 120
    assert np.array_equal(panel(lone, 0), np.asarray(shown(picture(), SIDE), dtype=np.float64))
    assert attention_sheet([], title="nothing").height < 120


def test_nothing_runs_out() -> None:
    long = "a name of very many words " * 9
    labels = [label(long, correct=True, seen=False)] * 3
    rows = [AttentionRow(picture(48, 9), long, labels, [(0, 0, 9, 48, long)], long), AttentionRow(picture(9, 48))]
    pixels = np.asarray(attention_sheet(rows, title=long, columns=2)).copy()
    pixels[MARGIN:-MARGIN, MARGIN:-MARGIN] = 255
    assert (pixels == 255).all()


def test_true_boxes() -> None:
    row = AttentionRow(torch.zeros(3, 48, 48), boxes=[(8, 24, 32, 40, "")])
    bright = panel(attention_sheet([row]), 0).min(2) > 250
    assert np.argwhere(bright).min(0).tolist() == [96, 32]
    assert np.argwhere(bright).max(0).tolist() == [159, 127]
    assert not bright[100:155, 36:124].any()


def test_names_of_boxes_hide_no_other() -> None:
    pictures = []
    for names in (["a", ""], ["", "b"], ["a", "b"]):
        canvas = Image.new("RGB", (100, 100), "white")
        boxes(canvas, [(20, 30, 60, 70, name) for name in names], 1)
        pictures.append(luminance(canvas) < 128)
    one, other, both = (int(dark.sum()) for dark in pictures)
    bare = Image.new("RGB", (100, 100), "white")
    boxes(bare, [(20, 30, 60, 70, "")], 1)
    frame = int((luminance(bare) < 128).sum())
    assert both - frame == pytest.approx(one - frame + other - frame, abs=20)


# --- lettering --------------------------------------------------------------------------------------------------------


def test_names_are_shortened() -> None:
    name = "American Staffordshire terrier, Staffordshire terrier"
    for room in (40, 90, 200):
        short = shorten(name, room, 13)
        assert text_length(short, 13) <= room
        assert short.endswith("…")
        assert name.startswith(short[:-1])
    assert shorten(name, 1000, 13) == name
    assert shorten("two\nlines", 1000, 13) == "two lines"
    assert shorten(name, 1, 13) == "…"


def test_file_names_keep_their_ends() -> None:
    short = shorten_middle("validation/n02123045/ILSVRC2012_val_00012345.JPEG", 160, 13)
    assert text_length(short, 13) <= 160
    assert short.startswith("valida")
    assert short.endswith("45.JPEG")
    assert shorten_middle("0001.jpg", 160, 13) == "0001.jpg"


def test_notes_are_broken_between_words() -> None:
    assert broken("one two", 500, 13, lines=2) == ["one two"]
    assert broken("", 500, 13, lines=2) == []
    first, second = broken("missed: pawn, chessman, game equipment, instrumentality", 150, 13, lines=2)
    assert first == "missed: pawn,"
    assert second == "chessman, game eq…"
    assert max(text_length(first, 13), text_length(second, 13)) <= 150
