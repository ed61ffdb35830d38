"""Small folders in exactly the layouts in which publishers pack their data."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

CONCEPTS = (
    *("airport", "animal", "cars", "food", "fox", "frost", "garden", "lake", "mountain", "police", "protest"),
    *("rainbow", "sun", "tattoo", "train", "water", "waterfall", "whales", "window"),
)
TAGS = ("nature", "sky", "blue", "water", "green", "bird", "city", "lake", "light", "girl")


def photograph(path: Path, shade: int = 120) -> None:
    """A small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 32), (shade % 256, 90, 30)).save(path)


def nus_wide_folder(folder: Path, *, train: int = 12, test: int = 8, whole: bool = True) -> Path:
    """NUS-WIDE: lists, concepts of all pictures (or of the two splits), tags, pictures."""
    names = [f"{'actor' if i % 2 else 'zebra'}\\{i:04}_{1000 + i}.jpg" for i in range(train + test)]
    _write(folder / "ImageList/Imagelist.txt", names)
    first, last = names[1::2] + names[::2], train
    splits = {"Train": first[:last], "Test": first[last:]}
    for split, of_split in splits.items():
        _write(folder / f"ImageList/{split}Imagelist.txt", of_split)
    _write(folder / "ConceptsList/Concepts81.txt", CONCEPTS)
    for number, concept in enumerate(CONCEPTS):
        if whole:
            cells = [str(int(has_concept(i, number))) for i in range(len(names))]
            _write(folder / f"Groundtruth/AllLabels/Labels_{concept}.txt", cells)
        for split, of_split in () if whole else splits.items():
            cells = [str(int(has_concept(names.index(name), number))) for name in of_split]
            _write(folder / f"Groundtruth/TrainTestLabels/Labels_{concept}_{split}.txt", cells)
    _write(folder / "NUS_WID_Tags/TagList1k.txt", TAGS)
    rows = ["\t".join(str(int(has_tag(i, j))) for j in range(len(TAGS))) + "\t" for i in range(len(names))]
    _write(folder / "NUS_WID_Tags/AllTags1k.txt", rows)
    rows = [" ".join(str(int(i == j)) for j in range(len(CONCEPTS))) + " " for i in range(len(names))]
    _write(folder / "NUS_WID_Tags/AllTags81.txt", rows)
    for i, name in enumerate(names):
        photograph(folder / "Flickr" / name.replace("\\", "/"), i)
    return folder


def has_concept(image: int, concept: int) -> bool:
    """Whether a picture of the small NUS-WIDE shows a concept."""
    return (image + concept) % 5 == 0


def has_tag(image: int, tag: int) -> bool:
    """Whether a picture of the small NUS-WIDE has a tag."""
    return (image * 3 + tag) % 4 == 0


CLASSES = {
    "/m/01yrx": "Cat",
    "/m/0bt9lr": "Dog",
    "/m/0k4j": "Car",
    "/m/0199g": "Bicycle",
    "/m/0c9ph5": "Flower",
    "/m/01m3v": "Computer",
    "/m/02gy9n": "Tray",
    "/m/0jxyq": 'Boat, "small"',
}
TRAINABLE = tuple(CLASSES)[:5]


def open_images_folder(folder: Path, *, train: int = 10, held: int = 6) -> Path:
    """Open Images V4: class lists, labels and boxes of the three splits, pictures."""
    at = folder / "2018_04"
    rows = [f'{label},"{name.replace(chr(34), chr(34) * 2)}"' for label, name in CLASSES.items()]
    _write(at / "class-descriptions.csv", rows)
    _write(at / "classes-trainable.txt", TRAINABLE)
    for split, count, offset in (("train", train, 0), ("validation", held, 1 << 20), ("test", held, 1 << 40)):
        ids = [f"{offset + 7 * i:016x}" for i in range(count)]
        used = list(TRAINABLE if split == "train" else CLASSES)
        _write(
            at / split / f"{split}-annotations-human-imagelabels.csv",
            [
                "ImageID,Source,LabelName,Confidence",
                *(
                    f"{image},verification,{label},{int((i + j) % 3 == 0)}"
                    for i, image in enumerate(ids)
                    for j, label in enumerate(used)
                    if (i + j) % 4
                ),
            ],
        )
        _write(
            at / split / f"{split}-annotations-bbox.csv",
            [
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside",
                *(
                    f"{image},xclick,{label},1,0.25,0.5,0.125,0.75,0,0,0,0,0"
                    for image in ids
                    for label in TRAINABLE[:4]
                ),
            ],
        )
        for image in ids:
            photograph(folder / split / f"{image}.jpg")
    return folder


def coco_folder(folder: Path, *, year: int = 2014, train: int = 12, test: int = 8) -> Path:
    """COCO: instances of the two splits, pictures. Its 80 categories have 90 ids, as the publisher's."""
    from compose.data.publishers.label_set_table import label_set_table

    gaps = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    ids = [number for number in range(1, 91) if number not in gaps]
    names = [entry.name for entry in label_set_table("coco")]
    categories = [
        {"supercategory": "thing", "id": number, "name": name} for number, name in zip(ids, names, strict=True)
    ]
    for split, count, first in (("train", train, 9), ("val", test, 5009)):
        images, annotations = [], []
        for i in range(count):
            number = first + i
            name = f"COCO_{split}{year}_{number:012}.jpg" if year == 2014 else f"{number:012}.jpg"
            images.append({"license": 1, "file_name": name, "height": 32, "width": 40, "id": number})
            photograph(folder / f"{split}{year}" / name, number)
            for j in () if i == 2 else range(3):
                annotations.append(
                    {
                        "segmentation": [[1.5, 2.0, 8.25, 2.0, 8.25, 9.5]]
                        if j
                        else {"counts": [3, 4], "size": [32, 40]},
                        "area": 12.5,
                        "iscrowd": int(j == 0),
                        "image_id": number,
                        "bbox": [4.0, 8.0, 10.0, 16.0],
                        "category_id": ids[(7 * i + 13 * j) % 80],
                        "id": 10 * number + j,
                    }
                )
        made = {
            "info": {"description": "COCO", "year": year, "note": '"images": ['},
            "images": images,
            "licenses": [{"id": 1, "name": "a [licence]"}],
            "annotations": annotations,
            "categories": categories,
        }
        path = folder / "annotations" / f"instances_{split}{year}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made))
    return folder


def glove_file(path: Path, *, dim: int = 300) -> Path:
    """A small file of word vectors in GloVe's form."""
    words = ("the", "of", "in", "sky", "water", "cat", "dog", "car", "train", "nature", "city", "light", "bird")
    lines = [f"{word} {' '.join(f'{(i * 7 + j) % 11 - 5}.5' for j in range(dim))}" for i, word in enumerate(words)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _write(path: Path, lines: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert isinstance(lines, (list, tuple))
    path.write_text("\n".join(lines) + "\n")


def delicious_folder(folder: Path, *, pages: int = 700) -> Path:
    """Delicious in Mulan's layout: its 983 tags, 8 of punctuation among them, and 500 words."""
    folder.mkdir(parents=True)
    tags = [f"TAG_{name}" for name in ("??", "???", "????", "!", "$", "&", "+", "-")]
    tags += [f"TAG_tag{number}" for number in range(975)]
    header = [f"@attribute {name} {{0,1}}" for name in [*(f"word{number}" for number in range(500)), *tags]]
    for part, first in (("train", 0), ("test", 1)):
        rows = []
        for page in range(pages):
            carried = {500 + (37 * page + 13 * place * place + 491 * first) % 983 for place in range(24)}
            columns = sorted({(7 * page) % 500, (11 * page + 3) % 500} | carried)
            rows.append("{" + ",".join(f"{column} 1" for column in columns) + "}")
        _write(folder / f"delicious-{part}.arff", ["@relation delicious", "", *header, "", "@data", *rows])
    labels = "\n".join(f'<label name="{tag.replace("&", "&amp;")}"></label>' for tag in tags)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<labels xmlns="http://mulan.sourceforge.net/labels">\n{labels}\n'
    (folder / "delicious.xml").write_text(f"{text}</labels>\n")
    return folder
