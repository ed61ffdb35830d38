"""How the attention of a task begins: what is alike attracts, softly."""

from __future__ import annotations

import torch

from compose.blocks.attention.task_attention import TaskAttention


def test_queries_and_keys_begin_as_one_orthogonal_map_of_gain_four_fifths() -> None:
    asked = TaskAttention(6, 3).asked
    assert torch.equal(asked.query.weight, asked.key.weight)
    square = asked.query.weight @ asked.query.weight.T
    torch.testing.assert_close(square, 0.8**2 * torch.eye(6))
