"""Print what a few-shot model says to an episode."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.answered_episode import AnsweredEpisode

MARKS = {True: "right", False: "wrong", None: ""}


def print_classes(answered: AnsweredEpisode, *, top: int, as_json: bool) -> None:
    """Print the best classes of each query with their probabilities.

    Args:
        answered: an episode whose queries have one class each.
        top: how many classes.
        as_json: print a line of JSON for each query.
    """
    from compose.cli.console import echo_json, echo_name, table
    from compose.cli.printing.print_unread import print_unread

    for prediction in answered.predictions(top):
        query, guesses = prediction.picture.name, prediction.guesses
        is_known = any(guess.correct is not None for guess in guesses)
        if prediction.picture.error is not None:
            print_unread(prediction.picture, as_json=as_json)
        elif as_json:
            classes = [
                {"class": guess.label, "probability": guess.score} | ({"correct": guess.correct} if is_known else {})
                for guess in guesses
            ]
            echo_json({"image": query, "classes": classes})
        else:
            echo_name(query)
            rows = [(guess.label, f"{guess.score:.4f}", MARKS[guess.correct]) for guess in guesses]
            table((), rows if is_known else [row[:2] for row in rows], right=(1,))
