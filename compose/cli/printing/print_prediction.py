"""Print what a model says to a picture: as a table, a line of JSON, or lines of CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose.prediction.predictor import Guess, Prediction


def print_prediction(prediction: Prediction, *, as_json: bool) -> None:
    """Print the labels of a picture, the best first, and those that it shows and that were missed.

    Args:
        prediction: what the model says to it.
        as_json: print a line of JSON.
    """
    from compose.cli.console import echo_json, echo_name, table
    from compose.cli.printing.print_unread import print_unread

    if prediction.picture.error is not None:
        print_unread(prediction.picture, as_json=as_json)
    elif as_json:
        echo_json(_json(prediction))
    else:
        named = {guess.label for guess in prediction.guesses}
        others = [guess for guess in prediction.missed if guess.label not in named]
        marks = [_mark(guess) for guess in prediction.guesses] + ["missed" for _ in others]
        rows = [
            (guess.label, f"{guess.score:.4f}", "" if guess.seen else "unseen", mark)
            for guess, mark in zip((*prediction.guesses, *others), marks, strict=True)
        ]
        echo_name(prediction.picture.name)
        table((), rows if any(marks) else [row[:3] for row in rows], right=(1,))


def _mark(guess: Guess) -> str:
    """What a label is marked with: of those not above the threshold only that they are missed."""
    if guess.predicted is False:
        return "missed" if guess.correct else ""
    unknown = "predicted" if guess.predicted else ""
    return {True: "right", False: "wrong", None: unknown}[guess.correct]


def _json(prediction: Prediction) -> dict[str, Any]:
    known = prediction.picture.targets is not None
    labels = [
        {"label": guess.label, "score": guess.score, "seen": guess.seen}
        | ({} if guess.predicted is None else {"predicted": guess.predicted})
        | ({"correct": guess.correct} if known else {})
        for guess in prediction.guesses
    ]
    missed = {"missed": [guess.label for guess in prediction.missed]} if known else {}
    return {"image": prediction.picture.name, "labels": labels, **missed}
