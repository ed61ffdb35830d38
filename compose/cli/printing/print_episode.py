"""Print what a few-shot model says to an episode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.asked_episode import Episode
    from compose.prediction.episode_predictor import Answer

MARKS = {True: "right", False: "wrong", None: ""}


def print_classes(episode: Episode, answer: Answer, *, top: int, as_json: bool) -> None:
    """Print the best classes of each query with their probabilities.

    Args:
        episode: the queries have one class each.
        answer: what the model says.
        top: how many classes.
        as_json: print a line of JSON for each query.
    """
    from compose.cli.console import echo, table

    for query, probabilities, truth in zip(episode.queries, answer.scores, episode.truth, strict=True):
        best = probabilities.topk(min(top, len(probabilities)))
        found = list(zip(best.values.tolist(), best.indices.tolist(), strict=True))
        if as_json:
            classes = [
                {"class": episode.classes[i], "probability": p} | ({} if truth is None else {"correct": i == truth})
                for p, i in found
            ]
            print(json.dumps({"image": query, "classes": classes}, ensure_ascii=False), flush=True)
        else:
            echo(query, style="bold")
            rows = [(episode.classes[i], f"{p:.4f}", MARKS[None if truth is None else i == truth]) for p, i in found]
            table((), rows if truth is not None else [row[:2] for row in rows], right=(1,))
