"""The weight of a loss: a number, or the rest of another's."""

from __future__ import annotations

from typing import Any

import pytest

NODES = "  end: {use: relation, in: start}\n"


def weights(plan: Any, loss: str) -> dict[str, float]:
    return {term.name: term.weight for term in plan(NODES, f"loss: {{{loss}}}\n").terms}


RANK, SPREAD = "rank: {use: ranknet, in: scores, weight: %s}", "spread: {use: variance, in: end%s}"


@pytest.mark.parametrize(
    ("rank", "spread", "expected"),
    [
        ("0.6", ", weight: 0.4", {"rank": 0.6, "spread": 0.4}),
        ("1 - spread", ", weight: 0.001", {"rank": 0.999, "spread": 0.001}),
        ("1 - spread", ", weight: 0.4", {"rank": 0.6, "spread": 0.4}),
        ("1 - spread", "", {"rank": 0.0, "spread": 1.0}),
        ("2", ", weight: 1 - rank", {"rank": 2.0, "spread": -1.0}),
    ],
)
def test_weights(plan: Any, rank: str, spread: str, expected: dict[str, float]) -> None:
    assert weights(plan, f"{RANK % rank}, {SPREAD % spread}") == expected


def test_the_rest_of_the_rest(plan: Any) -> None:
    loss = f"{RANK % '1 - spread'}, {SPREAD % ', weight: 1 - third'}, third: {{use: variance, in: start, weight: 0.25}}"
    assert weights(plan, loss) == {"rank": 0.25, "spread": 0.75, "third": 0.25}


def test_a_removed_loss_weighs_nothing(read: Any, head: str, start: str) -> None:
    text = f"{head}model:\n{start}{NODES}  scores: {{use: max_similarity, in: end}}\n"
    text += f"loss: {{{RANK % '1 - spread'}, {SPREAD % ', weight: 0.4'}}}\n"
    assert {term.name: term.weight for term in read(text, overrides=["loss.spread=null"]).plan.terms} == {"rank": 1.0}
