"""Read what the parameters of the data source ``images`` name, and tell a mistake at its parameter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from compose.block import BlockError
from compose.data.label_list import check_listed, label_table, meant, read_label_list
from compose.data.picture_labels import divided_labels
from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.box_csv import BoxRows, read_box_header, read_boxes
from compose.data.pictures.forms.annotated_boxes import annotated_boxes
from compose.data.pictures.labels.class_folders import read_class_folders
from compose.data.pictures.labels.label_file import LabelReading, read_label_file
from compose.data.pictures.labels.separators import asked_separator, separated_by_blanks
from compose.data.source import DataError, LabelTable, Split
from compose.data.vectors.label_division import LabelDivision, Part

TOLD = 10
"""Lines of the label files that cannot be used, of which each is told."""


def task_labels(
    table: LabelTable, split: Mapping[Split, Part] | Path | None, seed: int, *, all_seen: bool
) -> LabelDivision:
    """The labels that the tasks of each split are drawn by."""
    if split is not None and all_seen:
        raise BlockError("expected no `split`, as all labels are to be seen", parameter="split")
    if isinstance(split, Mapping) and "test" in split and not all(table.seen):
        raise BlockError("expected no `test` beside `unseen`, whose labels are the test's", parameter="split.test")
    return divided_labels(table, split, seed=seed)


def box_file(path: Path) -> tuple[Path, Callable[[], BoxRows]]:
    """A file of boxes, or a folder of annotations, and what reads it.

    Raises:
        BlockError: it is missing, or no such file.
    """
    path = path.expanduser()
    if not path.exists():
        raise BlockError(f"there is no file of boxes {path}", parameter="boxes")
    try:
        return path, annotated_boxes(path) or partial(read_boxes, path, read_box_header(path))
    except (DataError, OSError) as error:
        raise BlockError(str(error), parameter="boxes") from None


def table_of_labels(
    found: Collection[str], *, vocabulary: Mapping[str, str | None] | None, unseen: Sequence[str] | Path
) -> LabelTable:
    """The labels of the label files, of which lists say more.

    Raises:
        BlockError: a list names others.
    """
    apart = read_label_list(unseen, parameter="unseen")
    check_listed(unseen, apart, {*found, *(vocabulary or ())}, parameter="unseen", whole=False)
    return label_table(found, vocabulary=vocabulary, unseen=apart)


def refuse_unreadable(annotations: Annotations, *, parameter: str | None) -> None:
    """Tell the lines of the label files that cannot be used, where labels are missing: they may be in these lines.

    Raises:
        BlockError: there are such lines.
    """
    problems = annotations.problems
    if not problems:
        return
    lines = "one line" if len(problems) == 1 else f"{len(problems):,} lines"
    what = f"{lines} of the label files cannot be used" + ("" if len(annotations) else ", and there are no others")
    told = [str(problem) for problem in problems[:TOLD]]
    told += [f"and {len(problems) - TOLD:,} more"] if len(problems) > TOLD else []
    raise BlockError("\n  ".join([f"{what}:", *told]), parameter=parameter) from None


def annotations_of_folders(folder: Path) -> Annotations:
    """The pictures in a folder of class folders, each with its class.

    Raises:
        BlockError: there are none.
    """
    try:
        found = read_class_folders(folder)
    except DataError as error:
        raise BlockError(str(error), parameter="folder") from None
    if not len(found):
        classes = f"or folders of pictures in {folder}, one for each class"
        raise BlockError(f"expected a label file, `labels` or `train`, `val` and `test`, {classes}", parameter=None)
    return found


def read_annotations(files: dict[str, tuple[str, Path]], how: LabelReading) -> Annotations:
    """What the label files say.

    Args:
        files: parameter -> the split that its file is of, "" for all, and the file.
        how: how they are read.

    Raises:
        BlockError: one cannot be read, or leaves open how.
    """
    annotations = Annotations()
    for parameter, (split, path) in files.items():
        try:
            read_label_file(path, annotations, how, split=split)
        except (DataError, OSError) as error:
            raise BlockError(str(error), parameter=parameter) from None
    strangers = [name for name in how.ignore if name not in how.columns]
    if strangers:
        close = meant(strangers[0], sorted(how.columns))
        raise BlockError(f"no label file has a column for a label `{strangers[0]}`{close}", parameter="ignore")
    if not annotations.separated:
        asked = asked_separator(annotations.cells)
        if asked:
            raise BlockError(asked, parameter=next(iter(files)))
        told = separated_by_blanks(annotations.cells)
        annotations.notes += [Finding(told)] if told else []
    return annotations
