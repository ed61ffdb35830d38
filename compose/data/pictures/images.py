"""The data source ``images``: the user's own pictures, with their labels in any of the usual forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from compose.block import BlockError, MayChange, data
from compose.data.label_list import check_listed, read_label_list
from compose.data.multi_label import Positives
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_labels import division_of_table
from compose.data.picture_reader import PictureReader
from compose.data.pictures.annotations import Meaning, content_digest
from compose.data.pictures.box_report import BoxReport, read_class_names
from compose.data.pictures.image_examples import Augment, ClassPictures, Fit, ImageExamples, Preparation, ScenePictures
from compose.data.pictures.image_files import PicturePaths, folder_of_images, label_files, with_suffixes
from compose.data.pictures.image_parameters import (
    annotations_of_folders,
    box_file,
    read_annotations,
    refuse_unreadable,
    table_of_labels,
    task_labels,
)
from compose.data.pictures.image_report import ImageReport
from compose.data.pictures.image_splits import divide
from compose.data.pictures.labels.class_folders import shows_several, without_training
from compose.data.pictures.labels.label_file import LabelReading
from compose.data.pictures.picture_identity import identities
from compose.data.reader_source import ReaderSource
from compose.data.source import DataError, LabelTable, Share, Split
from compose.data.vectors.example_division import ExampleProtocol
from compose.data.vectors.label_division import Part


@data
class Images(ReaderSource):
    """Your own pictures: a folder, and files that say which labels each picture has, in any of the usual forms.

    A CSV file has a header with a column `image`, and one of three forms. A column `labels` (`cat;dog`, or a list as
    Python writes it) and perhaps `absent`. A column `label` and a row for each label of a picture, perhaps with a
    `confidence` of 1 = present or 0 = absent, as Open Images' `ImageID,LabelName,Confidence`. A column for each label
    with 1, True or yes = present, 0, False, no or -1 = absent, empty = unknown; columns of text are left out. A JSON
    file has objects `{"image": "a.jpg", "labels": ["cat"], "absent": ["dog"]}`, one a line or in a list, or is one
    object `{"a.jpg": ["cat"]}`. A column or key `split` may say train, val or test. Parquet is read as CSV is.

    Annotations are read for their labels: COCO's and LVIS's JSON, Pascal VOC's folder of XML, YOLO's folder of text
    files with `data.yaml` or `classes.txt` near it, and a folder that Hugging Face's `datasets` saved, whose pictures
    are written to the user's cache. Parquet and the last need the extra `data`.

    Pictures may be in any format, colour mode and orientation that PIL knows, and be named with or without their
    extension.

    Without a label file each folder in `folder` is a label, and has its pictures; or there are such folders in `train`,
    `val` and `test`, and classes that `train` lacks are unseen. Hidden files and folders are left out.

    Example:
        {folder: pictures, labels: labels.csv, unseen: [cat, dog]}

    Args:
        folder: where the pictures are; the label files name them relative to it.
        labels: one label file for all pictures; its column `split`, or else `fractions`, divides them.
        train: a label file of the training pictures, instead of `labels`.
        val: a label file of the validation pictures.
        test: a label file of the test pictures.
        fractions: the shares of train, val and test where no column `split` tells; drawn with `seed`.
        unseen: labels that are not trained on: a list of names, or a text file with one a line. A name may be followed
            by a tab and its WordNet synset.
        split: for each of `train`, `val` and `test` how many labels its few-shot tasks are drawn by, taken with `seed`,
            or a list of them; or a JSON or YAML file that says so. Where it does not name the test's, they are those of
            `unseen`, and training has all labels that are left. Only those of training are seen.
        protocol: `example_split`: a picture is in one split alone. `label_split`: all splits share all pictures, so
            that those of a test's tasks are trained on through their other labels.
        all_seen: whether all labels are seen, those of `unseen` too: plain multi-label classification.
        vocabulary: a text file of all labels, one a line as in `unseen`; any other label in a list of labels is then a
            mistake, and any other column of a CSV file is left out. Without it the labels are those that occur, in
            alphabetical order.
        separator: the characters that separate labels in a cell; where not given, semicolons and bars; commas and the
            like that may do so are asked about.
        ignore: columns of a CSV file that are no labels.
        unlisted: what a label is to a picture that does not list it; `auto` is unknown where some picture lists absent
            labels, else absent.
        zero: what 0 in a label's column means; `auto` is absent, and refused where the files have both 0 and -1.
        minus_one: what -1 in a label's column means; it is uncertain, and so unknown, in CheXpert's files.
        size: height and width of the pictures as the model gets them.
        augment: training pictures are cropped and flipped at random, flipped only, or taken as in evaluation.
        crop: the least and the greatest share of a picture's area that a random crop keeps.
        fit: in evaluation the middle is cut out, or the picture is squashed to a square.
        normalisation: `imagenet` suits weights trained on ImageNet; `half` maps black to -1 and white to 1;
            `cifar` has the numbers of CIFAR's pictures, which some released code uses for others.
        on_bad_image: `fail` refuses to train while a picture is missing or damaged; `skip` leaves it out.
        white: the number that is white in pictures of more than 8 bits, or of decimals; 0 is black. Where not given
            each picture tells: 1 for decimals up to 1, else the least of 255, 1023, 4095, 16383 and 65535 that holds
            its numbers, or the greatest of these where none does; where some are negative, the least of them is black
            and the greatest white. How many are scaled, and how, is told before training, where `check_images` is
            `full`.
        check_images: before training every picture is decoded (`full`), or only its header read (`header`).
        seed: another seed divides and augments otherwise.
        boxes: a CSV file of boxes, a row for each label of each box: Open Images' columns `ImageID`, `LabelName`,
            `XMin`, `XMax`, `YMin` and `YMax` with coordinates from 0 to 1, or `image`, `label`, `left`, `top`, `right`
            and `bottom` in pixels of the upright picture. Examples, augmented ones too, then also hold `boxes` (left,
            top, right, bottom in pixels of the picture as the model gets it, cut off at its edges) and `box_labels`
            (which labels each box shows), for localisation. Pictures may be named without extension or folder. Or the
            annotations themselves: COCO's JSON, or the folder of Pascal VOC's or of YOLO's files.
        box_names: what the machine ids in `boxes` mean where the labels are names: Open Images' class descriptions, a
            CSV file of rows such as `/m/01yrx,Cat`; where not given, `label_names`.
        label_names: what the machine ids in the label files mean, likewise; the labels are then called so.
    """

    beside_test = frozenset({"size", "augment", "crop", "fit", "normalisation", "white"})

    def __init__(
        self,
        folder: Path,
        *,
        labels: Path | None = None,
        train: Path | None = None,
        val: Path | None = None,
        test: Path | None = None,
        fractions: tuple[Share, Share, Share] = (0.8, 0.1, 0.1),
        unseen: list[str] | Path | None = None,
        split: dict[Split, Part] | Path | None = None,
        protocol: ExampleProtocol = "example_split",
        all_seen: bool = False,
        vocabulary: Path | None = None,
        separator: Annotated[str, Field(min_length=1)] | None = None,
        ignore: list[str] | None = None,
        unlisted: Meaning = "auto",
        zero: Meaning = "auto",
        minus_one: Literal["absent", "unknown"] = "absent",
        size: Annotated[int, Field(ge=16, le=2048)] = 224,
        augment: Augment = "crop",
        crop: tuple[Share, Share] = (0.35, 1.0),
        fit: Fit = "middle",
        normalisation: NormalisationName = "imagenet",
        white: Annotated[float, Field(gt=0)] | None = None,
        on_bad_image: Literal["skip", "fail"] = "fail",
        check_images: Annotated[Literal["full", "header"], MayChange()] = "full",
        seed: int = 0,
        boxes: Path | None = None,
        box_names: Path | None = None,
        label_names: Path | None = None,
    ) -> None:
        if abs(sum(fractions) - 1) > 1e-6:
            raise BlockError(f"expected three shares that add up to 1, got {list(fractions)}", parameter="fractions")
        if not 0 < crop[0] <= crop[1]:
            raise BlockError(f"expected two shares above 0, the lesser first, got {list(crop)}", parameter="crop")
        folder = folder_of_images(folder)
        given = label_files(labels, {"train": train, "val": val, "test": test})
        known = None if vocabulary is None else read_label_list(vocabulary, parameter="vocabulary")
        if given:
            self._annotations = read_annotations(given, LabelReading(separator, ignore or (), known, folder))
        else:
            self._annotations = annotations_of_folders(folder)
            unseen = without_training(self._annotations) if unseen is None else unseen
        undivided = unseen is None and split is None and "train" in self._annotations.splits
        ids = {} if label_names is None else read_class_names(label_names, parameter="label_names")
        try:
            self._annotations.rename(ids)
        except ValueError as error:
            raise BlockError(str(error), parameter="label_names") from None
        wrong = self._annotations.settle(zero=zero, unlisted=unlisted, minus_one=minus_one)
        if wrong:
            raise BlockError(wrong, parameter="zero")
        try:
            if vocabulary is not None and known is not None:
                check_listed(vocabulary, known, self._annotations.names, parameter="vocabulary", whole=True)
            self._labels = table_of_labels(self._annotations.names, vocabulary=known, unseen=unseen or ())
        except BlockError:
            refuse_unreadable(self._annotations, parameter=next(iter(given), None))
            raise
        if undivided and not shows_several(self._annotations):
            apart = without_training(self._annotations)
            self._labels = replace(self._labels, seen=tuple(name not in apart for name in self._labels.names))
        if all_seen:
            self._labels = replace(self._labels, seen=(True,) * len(self._labels.names))
        self._divided = split is not None
        self._tasks = task_labels(self._labels, split, seed, all_seen=all_seen)
        self._labels = division_of_table(self._labels, self._tasks)
        images = with_suffixes(folder, self._annotations.images)
        self._paths = PicturePaths(folder, images)
        files = identities(folder, images)
        self._division = divide(self._annotations, files, fractions=fractions, seed=seed)
        if protocol == "label_split":
            self._division.share()
        self.example_protocol = protocol if self._several else None
        self.normalisation = NORMALISATIONS[normalisation]
        self._preparation = Preparation(size, augment, crop, fit, self.normalisation, white)
        self._skip, self._decode, self._seed = on_bad_image == "skip", check_images == "full", seed
        self._box_file = None if boxes is None else box_file(boxes)
        self._box_names = ids if box_names is None else read_class_names(box_names, parameter="box_names")

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return self._labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape, and the boxes' where there are such."""
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self._preparation.size, self._preparation.size)}
        return shapes if self._boxes is None else shapes | self._boxes.boxes.shapes

    def split(self, name: Split) -> ImageExamples:
        """The examples of a split; with ``on_bad_image: skip``, without the pictures that cannot be read.

        Raises:
            DataError: the split is empty.
        """
        rows = self._report.rows[name] if self._skip else self._division.rows[name]
        if not len(rows):
            raise DataError(f"there are no pictures in the split `{name}`")
        kind = ScenePictures if self._several else ClassPictures
        return kind(
            self._paths,
            self._annotations,
            columns=self._columns,
            labels=len(self._labels.names),
            rows=rows,
            preparation=self._preparation,
            seed=self._seed if name == "train" and self._preparation.augment != "none" else None,
            own=self._tasks.columns(name) if self._several or self._divided else self._own_classes[name],
            boxes=None if self._boxes is None else self._boxes.boxes,
        )

    @cached_property
    def _own_classes(self) -> Mapping[Split, NDArray[np.int64] | None]:
        """The classes of each split's tasks where nothing divides them: seen ones for training, unseen ones for the
        test, and for validation those unseen ones of which the test has no picture. Where the label files themselves
        divide the pictures, and all classes are in training, every split has all."""
        if all(self._labels.seen) and any(self._annotations.splits):
            return dict.fromkeys(self._division.rows)
        shown = {
            split: np.unique(self._annotations.carried(rows, self._columns)[1])
            for split, rows in self._division.rows.items()
        }
        seen = np.array(self._labels.seen)
        test, val = (shown[split][~seen[shown[split]]] for split in ("test", "val"))
        return {"train": np.flatnonzero(seen), "val": np.setdiff1d(val, test), "test": test}

    @cached_property
    def _columns(self) -> NDArray[np.int64]:
        """The column of each label number in the targets, or -1."""
        number = {label: column for column, label in enumerate(self._labels.names)}
        return np.array([number.get(label, -1) for label in self._annotations.names], np.int64)

    @cached_property
    def _several(self) -> bool:
        """Whether some picture shows several labels."""
        every = self._division.every
        positives = Positives.of(*self._annotations.carried(every, self._columns), len(every), len(self._labels.names))
        return bool((np.diff(positives.starts) > 1).any())

    def check(self) -> list[str]:
        """Read every label, picture and box and return what keeps them from being used, one line each."""
        found = self._report.problems
        if self._boxes is not None:
            found = [*found, *self._boxes.problems, *self._boxes.outside(self._paths)]
        return [str(finding) for finding in found]

    def notes(self) -> list[str]:
        """What else :meth:`check` found: pictures left out, listed twice or without labels; labels never present; boxes
        left out."""
        found = self._report.notes + ([] if self._boxes is None else self._boxes.notes)
        return [str(finding) for finding in found]

    def content(self) -> str:
        """A digest of each split's pictures, by name and size, and of their labels."""
        rows = self._report.rows if self._skip else self._division.rows
        names = list(self._annotations.names)
        return content_digest(self._annotations, self._paths, {split: rows[split].tolist() for split in rows}, names)

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.prepared(self._preparation)

    @cached_property
    def _report(self) -> ImageReport:
        return ImageReport(
            self._annotations,
            self._division,
            self._labels,
            self._paths,
            skip=self._skip,
            decode=self._decode,
            white=self._preparation.white,
        )

    @cached_property
    def _boxes(self) -> BoxReport | None:
        """Read when the shapes or the examples are asked for."""
        if self._box_file is None:
            return None
        return BoxReport(*self._box_file, self._annotations, self._labels.names, self._box_names)
