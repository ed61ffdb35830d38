"""What ``compose predict`` prints for episodes of labels."""

from __future__ import annotations

import json

import pytest
import torch

from compose.cli.printing.print_labels import print_labels
from compose.prediction.answered_episode import AnsweredEpisode
from compose.prediction.asked_episode import Episode
from compose.prediction.episode_predictor import Answer

EPISODE = Episode(
    name="test episode 1",
    classes=("herb", "city", "tree"),
    examples={},
    support_targets=torch.eye(3, dtype=torch.int8),
    queries=("test 7", "test 12"),
    query_targets=torch.tensor([[1, -1, 1], [0, -1, 1]], dtype=torch.int8),
    several=True,
)


def test_labels_above_a_threshold(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(torch.tensor([[0.81, 0.55, 0.2], [0.4, 0.1, 0.3]]), {})
    print_labels(AnsweredEpisode(EPISODE, answer), threshold=0.5, top=5, as_json=False)
    assert capsys.readouterr().out == (
        "test episode 1: herb, city, tree\n"
        "  query    predicted                         not above 0.5\n"
        "  test 7   herb 0.81 right, city 0.55 wrong  tree 0.20 missed\n"
        "  test 12  none                              herb 0.40, tree 0.30 missed, city 0.10\n"
    )
    print_labels(AnsweredEpisode(EPISODE, answer), threshold=0.35, top=1, as_json=False)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "  test 7   herb 0.81 right  tree 0.20 missed",
        "  test 12  herb 0.40        tree 0.30 missed",
    ]


def test_the_best_labels_where_scores_are_no_probabilities(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(torch.tensor([[2.5, 0.5, -1.0], [0.4, 0.1, 0.3]]), {})
    print_labels(AnsweredEpisode(EPISODE, answer), threshold=0.5, top=2, as_json=False)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  query    best                              missed",
        "  test 7   herb 2.50 right, city 0.50 wrong  tree -1.00 missed",
        "  test 12  herb 0.40, tree 0.30 right",
    ]


def test_a_line_of_json_for_each_query(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer(torch.tensor([[0.75, 0.625, 0.25], [0.5, 0.125, 0.25]]), {})
    print_labels(AnsweredEpisode(EPISODE, answer), threshold=0.5, top=2, as_json=True)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "episode": "test episode 1",
        "example": "test 7",
        "labels": [
            {"label": "herb", "score": 0.75, "predicted": True, "correct": True},
            {"label": "city", "score": 0.625, "predicted": True, "correct": False},
        ],
        "missed": ["tree"],
    }
    assert second["labels"][0] == {"label": "herb", "score": 0.5, "predicted": False, "correct": None}
    print_labels(AnsweredEpisode(EPISODE, Answer(4 * answer.scores, {})), threshold=0.5, top=1, as_json=True)
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert line["labels"] == [{"label": "herb", "score": 3.0, "correct": True}]
    assert line["missed"] == ["tree"]
