"""A node that uses another's weights lends them to no third: the third names the owner."""

from __future__ import annotations

from typing import Any

import pytest

from compose.errors import SpecErrors

CHAIN = """\
  owner: {use: relation, in: start}
  middle: {share: owner, in: owner}
  end: {%s, in: middle}
"""


@pytest.mark.parametrize("end", ["use: relation, share: middle", "share: middle"])
def test_the_weights_of_a_node_that_shares_cannot_be_shared(plan: Any, end: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        plan(CHAIN % end)
    (error,) = caught.value.errors
    assert (error.code, error.message) == ("share", "`end` cannot use the weights of `middle`")
    assert error.expected == "a single node that uses `relation` with weights of its own"
    assert error.place is not None
    assert error.place.line == 10


def test_many_nodes_can_use_the_weights_of_one_owner(plan: Any) -> None:
    steps = plan(CHAIN % "share: owner").steps
    assert {step.name: step.share for step in steps if step.name in ("owner", "middle", "end")} == {
        "owner": None,
        "middle": "owner",
        "end": "owner",
    }


@pytest.mark.parametrize("shared", ["{end: middle, middle: end}", "{end: end, middle: owner}"])
def test_weights_that_no_node_has(codes: Any, shared: str) -> None:
    """Nodes that share with one another, and one that shares with itself."""
    pairs = [pair.split(": ") for pair in shared.strip("{}").split(", ")]
    nodes = "  owner: {use: relation, in: start}\n"
    nodes += "".join(f"  {name}: {{share: {other}, in: owner}}\n" for name, other in pairs)
    assert set(codes(nodes)) <= {"cycle", "share", "unknown-node"}
