"""What the rows of a file of boxes mean, and what is said of those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compose.block import BlockError
from compose.data.pictures.images import Images

from .boxed import OPEN, OPEN_IMAGES, PLAIN, found, images, line


def test_pictures_may_be_named_without_extension_or_folder(folder: Path) -> None:
    (folder / "x").mkdir()
    for name in ("x/a.png", "x/d.v1.png"):
        Image.new("RGB", (80, 40)).save(folder / name)
    (folder / "labels.csv").write_text("image,labels\na.png,cat\nx/a.png,cat\nx\\d.v1.png,cat\n")
    rows = "a,cat,0,0,2,1\na.png,cat,0,0,4,1\nx/a,cat,0,0,6,1\nd.v1,cat,0,0,8,1\nd.v1.png,cat,0,0,10,1\n"
    source = images(folder, PLAIN + rows)
    assert source.check() == []
    assert [[box[2] for box, _ in boxes] for boxes in found(source)] == [[1, 2], [3], [4, 5]]


def test_a_name_that_two_pictures_have_is_a_problem(folder: Path) -> None:
    Image.new("RGB", (80, 40)).save(folder / "a.jpg")
    (folder / "labels.csv").write_text("image,labels\na.png,cat\nb.png,cat\n./a.png,cat\na.jpg,cat\n")
    source = images(folder, PLAIN + "b,cat,0,0,1,1\na,cat,0,0,1,1\na,cat,0,0,2,2\na.jpg,cat,0,0,1,1\n")
    assert source.check() == [f"{folder / 'boxes.csv'}:3: `a` may be a.png or a.jpg; name it in full"]


def test_machine_ids_are_labels_or_have_names(folder: Path) -> None:
    rows = f"{OPEN_IMAGES}\n{line('a', '/m/01yrx', 0, 0, 1, 1)}\n{line('a', '/m/0bt9lr', 0, 0, 1, 1)}"
    (folder / "classes.csv").write_text("LabelName,DisplayName\n/m/01yrx,cat\n/m/0bt9lr,dog\n/m/0,whale\n")
    source = images(folder, rows, box_names=folder / "classes.csv")
    assert found(source)[0] == [([0, 0, 40, 40], ["cat", "dog"])]
    (folder / "labels.csv").write_text("image,labels\na.png,/m/0bt9lr\nb.png,/m/01yrx\n")
    assert images(folder, rows).split("test")[[0]]["box_labels"].tolist() == [[[1, 1]]]


def test_what_is_left_out_is_counted(folder: Path) -> None:
    rows = "a,cat,0,0,1,1\nq,cat,0,0,1,1\nq,fish,0,0,1,1\nb,fish,0,0,1,1\nc,bird,5,5,5,9\n"
    source = images(folder, PLAIN + rows)
    assert source.check() == []
    assert source.notes() == [
        f"{folder / 'boxes.csv'}: 4 of 5 boxes' rows are left out: 2 of pictures that are not in the label files, "
        "1 of labels that the data does not have, 1 of no area"
    ]
    assert [len(boxes) for boxes in found(source)] == [1, 0, 0]
    assert source.shapes["boxes"] == (1, 4)


# --- problems -----------------------------------------------------------------------------------------------------


def problems(folder: Path, rows: str | bytes, **options: Any) -> list[str]:
    return [text.removeprefix(f"{folder / 'boxes.csv'}:") for text in images(folder, rows, **options).check()]


def test_every_bad_line_is_named(folder: Path) -> None:
    rows = [
        "a,cat,0,0,1,1",
        "a,cat,0,0,1",
        "a,cat,0,O,1,1",
        "a,cat,4,0,1,1",
        "a,cat,0,-3,1,1",
        "a,cat,0,0,nan,1",
        " ,cat,0,0,1,1",
        "a,,0,0,1,1",
        "a,caf\udce9,0,0,1,1",
        'a,"cat"x,0,0,1,1',
        "a,cat,0,0,82,40",
        "a,cat,0,0,81,40",
    ]
    assert problems(folder, (PLAIN + "\n".join(rows)).encode(errors="surrogateescape")) == [
        "3: expected 6 cells as in the header, got 5",
        "4: expected a number for `top`, got `O`",
        "5: expected left <= right and top <= bottom, got left 4, top 0, right 1, bottom 1",
        "6: expected coordinates inside the picture, from 0 on, got left 0, top -3, right 1, bottom 1",
        "7: expected finite numbers, got left 0, top 0, right nan, bottom 1",
        "8: no picture is named",
        "9: no label is named",
        "10: expected UTF-8, got `caf\ufffd`; save the file as UTF-8",
        "11: not CSV: ',' expected after '\"'",
        "12: expected a box inside the picture: a.png is 80 x 40 pixels, got right 82 and bottom 40",
    ]


def test_shares_are_from_0_to_1(folder: Path) -> None:
    rows = [
        OPEN_IMAGES,
        line("a", "cat", 0, 0, 1.0005, 1),
        line("a", "cat", 0, 0, 1.01, 1),
        line("b", "cat", 0, 0, 1, "x"),
    ]  # type: ignore[arg-type]
    assert problems(folder, "\n".join(rows)) == [
        "3: expected coordinates inside the picture, from 0 to 1, got XMin 0, YMin 0, XMax 1.01, YMax 1",
        "4: expected a number for `YMax`, got `x`",
    ]


def test_a_file_of_no_use_takes_one_line(folder: Path) -> None:
    source = images(folder, PLAIN)
    assert source.check() == [f"{folder / 'boxes.csv'}: expected boxes, got none"]
    assert source.shapes["boxes"] == (1, 4)
    assert problems(folder, PLAIN + "q,cat,0,0,1,1\nr,cat,0,0,1,1\n") == [
        "2: none of the 2 pictures is in the label files, such as `q`"
    ]
    assert problems(folder, PLAIN + "a,Cat,0,0,1,1\n") == [
        "2: none of the 1 labels is among the 3 of the data, such as `Cat` (did you mean `cat`?)"
    ]
    machine = "2: none of the 1 labels is among the 3 of the data, such as `/m/01yrx`"
    rows = PLAIN + "a,/m/01yrx,0,0,1,1\n"
    assert problems(folder, rows) == [f"{machine}; `box_names` may be a file that names Open Images' ids"]
    (folder / "classes.csv").write_text("/m/01yrx,Cat\n")
    assert problems(folder, rows, box_names=folder / "classes.csv") == [
        f"{machine}, which `box_names` calls `Cat` (did you mean `cat`?)"
    ]
    (folder / "classes.csv").write_text("/m/0,Cat\n")
    assert problems(folder, rows, box_names=folder / "classes.csv") == [f"{machine}; it is not in `box_names`"]


def test_refused_files(folder: Path) -> None:
    def refusal(rows: str | bytes, **options: Any) -> tuple[str | None, str]:
        with pytest.raises(BlockError) as error:
            images(folder, rows, **options)
        return error.value.parameter, str(error.value).removeprefix(f"{folder / 'boxes.csv'}")

    forms = "ImageID, LabelName, XMin, YMin, XMax, YMax or image, label, left, top, right, bottom"
    assert refusal(OPEN_IMAGES.replace("XMax,", "")) == (
        "boxes",
        f":1: expected the columns {forms}, got {', '.join(OPEN_IMAGES.replace('XMax,', '').split(','))}; XMax missing",
    )
    assert refusal("image;label;left;right") == (
        "boxes",
        f":1: expected the columns {forms}, got image, label, left, right; top, bottom missing",
    )
    assert refusal("") == ("boxes", f":1: expected the columns {forms}, got nothing")
    assert refusal(OPEN.encode("utf-16"))[1].startswith(": expected UTF-8, got UTF-16")
    assert refusal(PLAIN, box_names=folder / "none.csv")[0] == "box_names"
    (folder / "classes.csv").write_text("/m/01yrx\n")
    assert refusal(PLAIN, box_names=folder / "classes.csv") == (
        "box_names",
        f"expected a CSV file of rows such as `/m/01yrx,Cat`: {folder / 'classes.csv'}:1: expected 2 cells, got 1",
    )
    with pytest.raises(BlockError, match=r"there is no file of boxes .*none\.csv") as error:
        Images(folder, labels=folder / "labels.csv", boxes=folder / "none.csv")
    assert error.value.parameter == "boxes"
