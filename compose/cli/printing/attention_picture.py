"""Draw where a model looks, for ``compose predict --attention``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.predictor import Prediction, Predictor

COLUMNS = 5


def draw_attention(predictions: Sequence[Prediction], model: Predictor, out: Path) -> None:
    """Draw pictures, each with its true boxes where they are known, then with the attention for each of its labels.

    Args:
        predictions: of pictures that were read, with attention.
        model: what predicted them.
        out: the picture to write.
    """
    from compose.cli.console import err
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
        picture = model.made.source.displayed(image)
        name = Path(prediction.picture.name).name
        rows.append(AttentionRow(picture, name, labels, prediction.picture.boxes))
    attention_sheet(rows, columns=COLUMNS).save(out)
    err().print(f"wrote {out}", markup=False)
