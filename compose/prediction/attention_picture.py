"""A picture of where a model looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from compose.data.source import DataSource
    from compose.prediction.predictor import Prediction

COLUMNS = 5


def attention_picture(predictions: Sequence[Prediction], source: DataSource) -> Image.Image:
    """Pictures, each with its true boxes where they are known, then with the attention for each of its labels.

    Args:
        predictions: of pictures that were read, with attention.
        source: what read them.
    """
    from compose.drawing.attention.attention_sheet import AttentionPanel, AttentionRow, attention_sheet

    rows = []
    for prediction in predictions:
        image = prediction.picture.image
        assert image is not None, "a picture with labels was read"
        labels = [
            AttentionPanel(guess.label, guess.score, guess.attention, guess.correct, guess.seen)
            for guess in prediction.guesses
            if guess.attention is not None
        ]
        picture = source.displayed(image)
        name = Path(prediction.picture.name).name
        rows.append(AttentionRow(picture, name, labels, prediction.picture.boxes))
    return attention_sheet(rows, columns=COLUMNS)
