"""What a model says to pictures as CSV: a line for each picture and label, named after the picture's file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from compose.shown import csv_cell

if TYPE_CHECKING:
    from compose.prediction.predictor import Guess, Prediction

HEADER = ("image", "label", "score", "seen", "predicted", "correct", "error")


def prediction_lines(prediction: Prediction) -> str:
    """The lines of a picture: its best labels, then those missed; a picture that could not be read has one.

    Args:
        prediction: what the model says to it. What is not known, such as whether a label is there, is an empty cell.
    """
    image = csv_cell(prediction.picture.name)
    if prediction.picture.error is not None:
        return csv_lines([[image, "", "", "", "", "", csv_cell(prediction.picture.error)]])
    named = {guess.label for guess in prediction.guesses}
    missed = [guess for guess in prediction.missed if guess.label not in named]
    return csv_lines([image, *_cells(guess), ""] for guess in (*prediction.guesses, *missed))


def csv_lines(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells as lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cells(guess: Guess) -> list[str]:
    told = ("" if flag is None else str(flag).lower() for flag in (guess.seen, guess.predicted, guess.correct))
    return [csv_cell(guess.label), f"{guess.score:.7g}", *told]
