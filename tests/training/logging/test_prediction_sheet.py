import pytest
import torch

from compose.training.logging.prediction_sheet import (
    MISSED,
    RIGHT,
    UNKNOWN,
    WRONG,
    Predictions,
    attention_rows,
    caption,
    draw,
)


def predictions(*, attention: bool = True, count: int = 3) -> Predictions:
    torch.manual_seed(0)
    maps = torch.rand(count, 5, 16).softmax(-1).reshape(count, 5, 4, 4)
    return Predictions(
        images=torch.rand(count, 3, 16, 16),
        scores=torch.tensor([[3.0, 2.0, 1.0, 0.0, -1.0, -2.0]]).expand(count, 6),
        targets=torch.tensor([[1, -1, 0, -1, -1, 1]], dtype=torch.int8).expand(count, 6),
        labels=["king", "queen", "rook", "bishop", "knight", "a pawn that is called something long"],
        attention=maps if attention else None,
    )


def test_captions_mark_right_wrong_unknown_and_missed_labels():
    assert caption(predictions(), 0) == [
        ("✓ king  3.00", RIGHT),
        ("✗ queen  2.00", WRONG),
        ("? rook  1.00", UNKNOWN),
        ("✗ bishop  0.00", WRONG),
        ("✗ knight  -1.00", WRONG),
        ("missed: a pawn that is ca…", MISSED),
    ]


@pytest.mark.parametrize("attention", [True, False])
def test_a_picture_is_drawn(attention):
    picture = draw(predictions(attention=attention))
    assert picture.ndim == 3
    assert picture.std() > 10


def test_each_picture_has_its_top_labels_where_the_model_looks_for_them():
    rows = attention_rows(predictions())
    assert [label.name for label in rows[0].labels] == ["king", "queen", "rook", "bishop", "knight"]
    assert [label.correct for label in rows[0].labels] == [True, False, None, False, False]
    assert rows[0].note.startswith("missed: a pawn")
    assert torch.equal(rows[1].labels[2].attention, predictions().attention[1, 2])
