"""What a model says to pictures as CSV."""

from __future__ import annotations

from compose.prediction.given_pictures import Picture
from compose.prediction.prediction_table import HEADER, csv_lines, prediction_lines
from compose.prediction.predictor import Guess, Prediction


def test_a_line_for_each_picture_and_label() -> None:
    guesses = (
        Guess("zebra", 0.75, False, predicted=True),
        Guess("won, south korean", -0.125, True, False, predicted=False),
    )
    missed = (Guess("sea", 1e-9, True, True, predicted=False), Guess("zebra", 0.75, False))
    assert csv_lines([HEADER]) + prediction_lines(Prediction(Picture("a/1.png"), guesses, missed)) == (
        "image,label,score,seen,predicted,correct,error\n"
        "a/1.png,zebra,0.75,false,true,,\n"
        'a/1.png,"won, south korean",-0.125,true,false,false,\n'
        "a/1.png,sea,1e-09,true,false,true,\n"
    )


def test_a_picture_that_could_not_be_read() -> None:
    told = prediction_lines(Prediction(Picture("=1.png", error='cut "off"\nhere')))
    assert told == '\'=1.png,,,,,,"cut ""off""\\nhere"\n'


def test_no_cell_is_a_formula() -> None:
    told = prediction_lines(Prediction(Picture("+a.png"), (Guess("=HYPERLINK(1)", 1.0), Guess("@x", 2.0))))
    assert told == "'+a.png,'=HYPERLINK(1),1,,,,\n'+a.png,'@x,2,,,,\n"
