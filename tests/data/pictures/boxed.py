"""Pictures with a file of boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compose.data.pictures.images import Images

OPEN_IMAGES = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
)


def images(folder: Path, rows: str | bytes, **options: Any) -> Images:
    """The source with a file of these boxes; as it is squashed to 40 x 40 pixels, x is halved."""
    (folder / "boxes.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    given = {"labels": folder / "labels.csv", "size": 40, "fit": "squash", "fractions": (0, 0, 1), **options}
    return Images(folder, boxes=folder / "boxes.csv", **given)


def found(source: Images) -> list[list[tuple[list[float], list[str]]]]:
    """The boxes of each picture of the test and their labels."""
    batch, names = source.split("test")[range(3)], source.labels.names
    return [
        [
            (box.tolist(), [name for name, is_shown in zip(names, label, strict=True) if is_shown])
            for box, label in zip(boxes, labels, strict=True)
            if box.any()
        ]
        for boxes, labels in zip(batch["boxes"], batch["box_labels"], strict=True)
    ]


def line(image: str, label: str, *sides: float) -> str:
    """A row of Open Images' form, of left, top, right and bottom."""
    left, top, right, bottom = sides
    return f"{image},xclick,{label},1,{left},{right},{top},{bottom},0,0,0,0,0"


PLAIN = "image,label,left,top,right,bottom\n"
OPEN = "\n".join(
    [OPEN_IMAGES, line("a", "cat", 0.25, 0.5, 0.5, 1), line("b", "cat", 0, 0, 1, 1), line("a", "dog", 0, 0, 0.5, 0.5)]
)
