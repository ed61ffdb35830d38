"""What the header and the cells of a CSV file of labels mean, as spreadsheets and pandas write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from compose.data.pictures.annotations import MINUS, PRESENT, ZERO
from compose.data.pictures.labels.label_file import label_name
from compose.data.quoted import short

EMPTY = 9
_NUMBERS = {"": EMPTY, "1": PRESENT, "-1": MINUS, "0": ZERO, "1.0": PRESENT, "-1.0": MINUS, "0.0": ZERO}
_WORDS = {
    **dict.fromkeys(("true", "yes"), PRESENT),
    **dict.fromkeys(("false", "no"), ZERO),
    **dict.fromkeys(("nan", "na", "n/a", "null", "none"), EMPTY),
}
VALUES = {
    **_NUMBERS,
    **{form: value for word, value in _WORDS.items() for form in (word, word.upper(), word.capitalize())},
    "NaN": EMPTY,
}
"""What a cell of a label's column means, as written."""
_MARKS = frozenset({"y", "n", "t", "f", "x", "+", "-"})
"""Words by which people mark labels: a column of them is one of labels, if not in a form that is read."""
_NAMELESS = re.compile(r"(Unnamed: \d+(\.\d+)?)?")
_LIST = re.compile(r"""[\[({]\s*((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*,\s*|\s+|\s*(?=[\])}])))*[\])}]""")
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_EMPTY_SET = "set()"


def is_nameless(column: str) -> bool:
    """Whether a column has no name, as the index that pandas writes, or what a spreadsheet leaves at the end."""
    return _NAMELESS.fullmatch(column) is not None


def is_missing(cell: str) -> bool:
    """Whether a cell of labels is pandas' word for nothing."""
    return cell.strip() in ("nan", "NaN", "<NA>")


def listed_names(cell: str) -> list[str] | None:
    """The labels of a list as Python, pandas, numpy or JSON write one: ``['cat', 'dog']``; None of any other cell.

    Raises:
        ValueError: it begins as a list and is none.
    """
    cell = cell.strip()
    if cell == _EMPTY_SET:
        return []
    if not (cell.startswith(("[", "('", '("', "{'", '{"')) and cell.endswith(("]", ")", "}"))):
        return None
    if not _LIST.fullmatch(cell):
        raise ValueError(f"expected a list of names in quotes, such as ['cat', 'dog'], got `{short(cell)}`")
    texts = (first or second for first, second in _QUOTED.findall(cell))
    return [name for text in texts if (name := label_name(re.sub(r"\\(.)", r"\1", text)))]


def columns_of_text(rows: Iterable[Sequence[str]], columns: Sequence[int]) -> dict[int, str]:
    """The columns that say nothing of labels in any row, with the first cell that says something else.

    Args:
        rows: the cells of all rows.
        columns: those that may be labels.
    """
    open_still = set(columns)
    others: dict[int, str] = {}
    for cells in rows:
        for column in tuple(open_still):
            cell = cells[column].strip() if column < len(cells) else ""
            if VALUES.get(cell, EMPTY) != EMPTY or cell.lower() in _MARKS:
                open_still.discard(column)
            elif cell not in VALUES:
                others.setdefault(column, cell)
        if not open_still:
            break
    return {column: others[column] for column in sorted(open_still & others.keys())}
