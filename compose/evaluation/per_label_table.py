"""The results of single labels as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import astuple, fields

from compose.evaluation.per_label import LabelResult
from compose.shown import csv_cell

COLUMNS = tuple(column.name for column in fields(LabelResult))
COUNTS, MEASURED = ("positives", "negatives", "unknown"), ("ap", "chance", "best_f1", "threshold")


def label_table(labels: Sequence[LabelResult]) -> str:
    """CSV with a line for each label, in the order of the data; a number that does not exist is an empty cell."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(map(_cells, labels))
    return file.getvalue()


def read_label_table(text: str) -> tuple[LabelResult, ...]:
    """The inverse of :func:`label_table`, but for names: they are as the table shows them.

    Raises:
        ValueError: the text is no such table.
    """
    rows = csv.DictReader(io.StringIO(text))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise ValueError(f"expected the columns {', '.join(COLUMNS)}")
    return tuple(map(_read, rows))


def _cells(found: LabelResult) -> list[str]:
    name, seen, *numbers = astuple(found)
    return [csv_cell(name), str(seen).lower(), *("" if math.isnan(number) else str(number) for number in numbers)]


def _read(row: dict[str, str]) -> LabelResult:
    positives, negatives, unknown = (int(row[name]) for name in COUNTS)
    ap, chance, best_f1, threshold = (float(row[name] or "nan") for name in MEASURED)
    return LabelResult(
        row["label"], row["seen"] == "true", positives, negatives, unknown, ap, chance, best_f1, threshold
    )
