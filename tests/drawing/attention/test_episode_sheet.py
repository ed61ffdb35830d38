"""Sheets of episodes, looked at pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageColor
from torch import Tensor

from compose.drawing.attention.episode_grid import (
    CLASS_GAP,
    FRAME,
    GAP,
    LARGEST,
    MARGIN,
    QUERY_GAP,
    SMALLEST,
    WIDEST,
    arranged,
    tiled,
)
from compose.drawing.attention.episode_panels import STRONGEST, class_score, named, own_name, plain, task_weight
from compose.drawing.attention.episode_sheet import QueryView, SupportPicture, episode_sheet
from compose.drawing.palette import FAINT, INK, OTHERS, RIGHT, WRONG

PANEL = LARGEST + 2 * FRAME
NAMES = ("cat", "dog", "emu", "fox", "gnu")


def picture(value: float = 0.5, channels: int = 3, size: int = 28) -> Float[Tensor, "c h w"]:
    return torch.full((channels, size, size), value)


def known(shots: int = 1, names: Sequence[str] = NAMES) -> list[SupportPicture]:
    """Support pictures whose classes take turns."""
    return [SupportPicture(picture(), name) for _ in range(shots) for name in names]


def seen(
    query: Tensor | None = None, support: Tensor | None = None, task: Tensor | None = None, *, predicted: str = "dog"
) -> QueryView:
    """A dog."""
    scores = [(name, 0.6 if name == predicted else 0.1) for name in NAMES]
    return QueryView(picture(), "dog", scores, query, support, task)


def peaks(places: Sequence[tuple[int, int]], size: int = 5) -> Float[Tensor, "n h w"]:
    found = torch.zeros(len(places), size, size)
    for index, (row, column) in enumerate(places):
        found[index, row, column] = 1.0
    return found


def everywhere(layers: int) -> tuple[Tensor, Tensor]:
    return torch.ones(layers, 5, 5), torch.ones(layers, 5, 5, 5)


def is_colour(image: Image.Image, colour: str) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (np.asarray(image) == ImageColor.getrgb(colour)).all(2)
    return found


def tops(sheet: Image.Image) -> list[int]:
    """Where the rows with a query picture begin: its frame is a long dark line."""
    runs, y = [], 0
    for dark, run in groupby(is_colour(sheet.crop((MARGIN, 0, MARGIN + 1, sheet.height)), INK)[:, 0].tolist()):
        length = len(list(run))
        runs += [y] if dark and length == PANEL else []
        y += length
    return runs


def left(column: int) -> int:
    """Where a panel begins in an episode of five classes with a picture each; the query's is column 0."""
    return MARGIN if column == 0 else MARGIN + PANEL + QUERY_GAP + (column - 1) * (PANEL + CLASS_GAP)


def panel(sheet: Image.Image, row: int, column: int) -> NDArray[np.float64]:
    """What is in a frame."""
    x, y = left(column) + FRAME, tops(sheet)[row] + FRAME
    return np.asarray(sheet.crop((x, y, x + LARGEST, y + LARGEST)), dtype=np.float64)


def below(sheet: Image.Image, row: int, column: int, height: int = 30) -> Image.Image:
    """What is under a panel."""
    x, y = left(column), tops(sheet)[row] + PANEL
    return sheet.crop((x, y, x + PANEL, y + height))


# --- pictures and spatial attention -----------------------------------------------------------------------------------


def test_the_first_row_shows_the_pictures_as_they_are() -> None:
    drawn = [torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(seed)) for seed in range(6)]
    support = [SupportPicture(ink, name) for ink, name in zip(drawn[1:], NAMES, strict=True)]
    sheet = episode_sheet(support, [QueryView(drawn[0], "dog", seen().scores, *everywhere(1))])
    for column, ink in enumerate(drawn):
        assert np.array_equal(panel(sheet, 0, column), np.asarray(plain(ink, LARGEST), dtype=np.float64))


def test_panels_show_their_own_attention() -> None:
    on_query = peaks([(0, 1), (4, 0)])
    places = [[(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)], [(4, 1), (3, 0), (2, 4), (1, 3), (0, 2)]]
    sheet = episode_sheet(known(), [seen(on_query, torch.stack([peaks(layer) for layer in places]))])
    assert np.ptp(panel(sheet, 0, 0)) == 0
    for row, (own, layer) in enumerate(zip([(0, 1), (4, 0)], places, strict=True), start=1):
        for column, place in enumerate([own, *layer]):
            y, x = np.unravel_index(panel(sheet, row, column).sum(2).argmax(), (LARGEST, LARGEST))
            assert (y * 5 // LARGEST, x * 5 // LARGEST) == place


def test_ink_is_visible_under_attention() -> None:
    ink = torch.zeros(1, 28, 28)
    ink[:, :, 10:18] = 1  # an upright stroke
    support = [SupportPicture(ink, name) for name in NAMES]
    hot, cold = torch.ones(1, 5, 5, 5), peaks([(0, 0)] * 5)[None]
    for attention in (hot, cold):
        shown = panel(episode_sheet(support, [seen(torch.ones(1, 5, 5), attention)]), 1, 1).mean(2)
        stroke, paper = shown[100:, 70:90], shown[100:, 120:]
        assert stroke.min() > paper.max() + 25


def test_pictures_that_are_not_square_are_in_the_middle() -> None:
    support = [SupportPicture(torch.ones(3, 20, 10), "dog"), *known(names=[*NAMES[:1], *NAMES[2:]])]
    sheet = episode_sheet(support, [seen()])
    frame = is_colour(sheet, RIGHT)[MARGIN, left(2) : left(2) + PANEL]
    assert frame.argmax() == LARGEST // 4
    assert frame.sum() == LARGEST // 2 + 2 * FRAME


# --- classes and scores -----------------------------------------------------------------------------------------------


def test_frames_tell_the_true_class_and_the_one_taken_for_it() -> None:
    for predicted, colours in (
        ("dog", [FAINT, RIGHT, FAINT, FAINT, FAINT]),
        ("fox", [FAINT, RIGHT, FAINT, WRONG, FAINT]),
    ):
        sheet = episode_sheet(known(), [seen(*everywhere(1), predicted=predicted)])
        for top in tops(sheet):
            found = [sheet.getpixel((left(column), top)) for column in range(1, 6)]
            assert found == [ImageColor.getrgb(colour) for colour in colours]


def test_the_predicted_class_has_a_tick_or_a_cross() -> None:
    right, wrong = (episode_sheet(known(), [seen(predicted=name)]) for name in ("dog", "fox"))
    assert not any(is_colour(below(right, 0, column, 60), WRONG).any() for column in range(6))
    crossed = [column for column in range(6) if is_colour(below(wrong, 0, column, 60), WRONG).any()]
    assert crossed == [0, 4]  # the query says so too
    assert is_colour(below(wrong, 0, 2, 60), RIGHT).any()


def test_scores_are_numbers_and_bars() -> None:
    def drawn(score: float, colour: str, *, correct: bool = False, predicted: bool = False) -> int:
        bar = class_score(score, 200, correct=correct, predicted=predicted)
        return int(is_colour(bar, colour)[bar.height // 2, 34:].sum())

    assert drawn(0.5, OTHERS) == pytest.approx(2 * drawn(0.25, OTHERS), abs=1)
    assert drawn(0.5, RIGHT, correct=True) == drawn(0.5, OTHERS)
    assert drawn(0.5, WRONG, predicted=True) > 50
    assert drawn(0.0, OTHERS) == drawn(float("nan"), OTHERS) == 0
    digits = [class_score(score, 200, correct=False, predicted=False).crop((0, 0, 30, 18)) for score in (0.25, 0.52)]
    assert digits[0].tobytes() != digits[1].tobytes()


def test_pictures_of_a_class_stand_together() -> None:
    shades = dict(zip(NAMES, (0.0, 0.2, 0.4, 0.6, 0.8), strict=True))
    support = [SupportPicture(picture(shades[name]), name) for _ in range(3) for name in NAMES]
    sheet, grid = episode_sheet(support, [seen()]), arranged(5, 3)
    assert (grid.classes, grid.shots) == (5, 3)
    for position, name in enumerate(NAMES):
        for shot in range(3):
            x = left(1) + position * (grid.class_width + CLASS_GAP) + shot * (grid.cell + GAP) + grid.cell // 2
            assert sheet.getpixel((x, MARGIN + grid.cell // 2)) == (round(shades[name] * 255),) * 3


def test_classes_with_fewer_pictures_keep_their_columns() -> None:
    support = [*known(3, ["cat"]), *known(1, NAMES[1:])]
    sheet = episode_sheet(support, [seen(torch.ones(1, 5, 5), torch.ones(1, 7, 5, 5), predicted="fox")])
    for colour in (RIGHT, WRONG):
        starts = [is_colour(sheet, colour)[top, MARGIN + PANEL :].argmax() for top in tops(sheet)]
        assert starts[0] == starts[1] > 0


# --- task attention ---------------------------------------------------------------------------------------------------


def test_the_strongest_support_picture_of_each_layer_stands_out() -> None:
    weights = torch.tensor([[0.1, 0.1, 0.5, 0.2, 0.1], [0.9, 0.025, 0.025, 0.025, 0.025]])
    sheet = episode_sheet(known(), [seen(*everywhere(2), weights)])
    for row, strongest in ((1, 3), (2, 1)):
        marked = [column for column in range(1, 6) if is_colour(below(sheet, row, column), STRONGEST).any()]
        assert marked == [strongest]


def test_none_stands_out_where_all_count_alike() -> None:
    sheet = episode_sheet(known(), [seen(*everywhere(1), torch.full((1, 5), 0.2))])
    assert not any(is_colour(below(sheet, 1, column), STRONGEST).any() for column in range(6))


def test_bars_of_all_layers_have_one_scale() -> None:
    weights = torch.tensor([[0.2, 0.4, 0.2, 0.1, 0.1], [0.8, 0.05, 0.05, 0.05, 0.05]])
    sheet = episode_sheet(known(), [seen(*everywhere(2), weights)])
    lengths = [int(is_colour(below(sheet, row, column), STRONGEST).any(0).sum()) for row, column in ((1, 2), (2, 1))]
    assert lengths[1] == pytest.approx(2 * lengths[0], abs=1)
    assert is_colour(below(sheet, 2, 1), STRONGEST)[:, -1].any()  # the greatest fills its bar


def test_the_strongest_differs_without_colour() -> None:
    """Its number is bold, and so wider."""
    found = [task_weight(0.2, 0.0, 100, strongest=strongest).crop((0, 0, 34, 18)) for strongest in (True, False)]
    ends = [np.argwhere(np.asarray(number.convert("L")) < 200)[:, 1].max() for number in found]
    assert ends[0] > ends[1] + 1


def test_missing_maps() -> None:
    query, support = everywhere(3)
    task = torch.full((3, 5), 0.2)
    rows = {}
    for name, view in {
        "none": seen(),
        "task": seen(None, None, task),
        "query": seen(query),
        "support": seen(None, support),
        "all": seen(query, support, task),
    }.items():
        sheet = episode_sheet(known(), [view])
        rows[name] = (len(tops(sheet)), sheet.height)
    assert [count for count, _ in rows.values()] == [1, 1, 4, 1, 4]
    bare = rows["none"][1]
    assert bare + 60 < rows["task"][1] < bare + PANEL  # three lines of bars
    assert all(rows[name][1] > bare + 3 * PANEL for name in ("query", "support", "all"))


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "shots", "beside", "together"),
    [(1, 1, 1, 1), (5, 1, 5, 1), (5, 2, 5, 2), (5, 5, 5, 3), (20, 1, 10, 1), (2, 10, 2, 5), (1, 40, 1, 14)],
)
def test_support_pictures_fill_few_lines(classes: int, shots: int, beside: int, together: int) -> None:
    grid = arranged(classes, shots)
    assert (grid.classes, grid.shots) == (beside, together)


@pytest.mark.parametrize("classes", [1, 5, 20])
@pytest.mark.parametrize("shots", [1, 5, 9])
def test_sheets_are_legible_and_no_wider_than_a_screen(classes: int, shots: int) -> None:
    grid = arranged(classes, shots)
    assert SMALLEST <= grid.side <= LARGEST
    names = [f"class {place}" for place in range(classes)]
    query = QueryView(picture(), names[0], [(name, 1 / classes) for name in names])
    sheet = episode_sheet(known(shots, names), [query], title="a title " * 99)
    assert sheet.width <= WIDEST


def test_nothing_runs_out() -> None:
    long = [f"{'Alphabet_of_the_Magi' * 9}/{'character and so on ' * 9}{place}" for place in range(5)]
    query = QueryView(picture(), long[0], [(name, 0.2) for name in long], *everywhere(1), torch.full((1, 5), 0.2))
    sheet = episode_sheet(known(names=long), [query], title="a title " * 99)
    pixels = np.asarray(sheet).copy()
    top = tops(sheet)[0]
    for column in range(1, 6):
        assert (pixels[top : top + PANEL + 90, left(column) - QUERY_GAP // 2 : left(column)] == 255).all()
    pixels[MARGIN:-MARGIN, MARGIN:-MARGIN] = 255
    assert (pixels == 255).all()


def test_queries_stand_under_each_other() -> None:
    one, three = (episode_sheet(known(), [seen()] * count) for count in (1, 3))
    steps = np.diff(tops(three))
    assert steps[0] == steps[1] == (three.height - one.height) / 2
    assert episode_sheet(known(), [], title="nothing").height < 150


def test_images_are_tiled() -> None:
    colours, sizes = ["#ff0000", "#00ff00", "#0000ff"], [(10, 4), (6, 8), (12, 5)]
    sheet = tiled([Image.new("RGB", size, colour) for size, colour in zip(sizes, colours, strict=True)], 2, (3, 2))
    assert sheet.size == (12 + 3 + 6, 8 + 2 + 5)
    for colour, size, place in zip(colours, sizes, [(0, 0), (15, 0), (0, 10)], strict=True):
        found = np.argwhere(is_colour(sheet, colour))[:, ::-1]
        assert found.min(0).tolist() == list(place)
        assert (found.max(0) - found.min(0) + 1).tolist() == list(size)
    assert tiled([Image.new("RGB", (5, 5))] * 2, 2, (1, 0), least=9).width == 19


def test_names_tell_classes_apart() -> None:
    assert own_name("Armenian/ayb small letter") == "ayb small letter"
    assert own_name("Alphabet_of_the_Magi/character01/rot090") == "character01/rot090"
    assert own_name("house finch") == "house finch"
    names = ["vase", *(f"Alphabet_of_the_Magi/character01/rot{turn}" for turn in ("000", "090"))]
    for width in (SMALLEST, LARGEST, 400):
        panels = named(names, width, [INK] * 3)
        assert len({panel.tobytes() for panel in panels}) == 3
        assert {panel.width for panel in panels} == {width}
        assert len({panel.height for panel in panels}) == 1
    assert named(["vase"], LARGEST, [INK])[0].height < panels[0].height


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (QueryView(picture(), "a", [("a", 0.5), ("b", 0.5)]), r"expected scores of .*'dog'.*, got \['a', 'b'\]"),
        (seen(None, torch.ones(2, 4, 5, 5)), "expected attention on 5 support pictures, got 4"),
        (seen(None, None, torch.ones(2, 6)), "expected attention on 5 support pictures, got 6"),
        (seen(torch.ones(3, 5, 5), None, torch.ones(2, 5)), r"expected attention of the same layers, got \[3, 2\]"),
    ],
)
def test_what_does_not_fit(query: QueryView, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        episode_sheet(known(), [query])
