"""``--labels``: one of the run's sets of labels, names with commas between them, or a file of names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.asked_labels import LabelsAsked

SETS = ("seen", "unseen", "all")
LIST_SUFFIXES = (".txt", ".tsv", ".csv", ".list")


def named_labels(text: str) -> LabelsAsked:
    """What ``--labels`` asks for.

    Args:
        text: as it is given.

    Raises:
        UsageError: it names nothing, a file that is not there, or a name twice.
    """
    from compose.errors import UsageError
    from compose.prediction.asked_labels import asked_labels

    if text in SETS:
        return asked_labels(text)
    path = Path(text).expanduser()
    if os.path.isfile(path):  # of a list of names that is too long for one of a file, too
        return asked_labels(path)
    if "," not in text and path.suffix.lower() in LIST_SUFFIXES:
        raise UsageError(f"--labels {text}: there is no such file")
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UsageError(f"--labels {text}: expected a name on each side of a comma")
    return asked_labels(names)
