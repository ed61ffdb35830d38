"""The gated graph network against loops over nodes, edges and steps in doubles."""

from __future__ import annotations

import pytest
import torch

from compose.blocks.graph import edge_scores, propagation
from compose.blocks.graph.gated_graph import GatedGraph

IMAGES, LABELS, DIM, SIZE, HIDDEN = 3, 6, 4, 5, 7

pytestmark = [
    pytest.mark.usefixtures("double"),
    pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta"),
]


def example(labels=LABELS, relations=4):
    kinds = torch.randint(-2, relations + 1, (labels, labels))
    kinds[kinds == 0] = -1
    kinds[labels - 1] = -1  # nobody speaks to the last one
    kinds.fill_diagonal_(0)
    target, source = (kinds >= 0).nonzero().T
    return torch.stack([source, target]), kinds[target, source]


def slow_cell(cell, heard, state):
    reset_in, update_in, new_in = (cell.weight_ih @ heard + cell.bias_ih).split(SIZE)
    reset_own, update_own, new_own = (cell.weight_hh @ state + cell.bias_hh).split(SIZE)
    update = (update_in + update_own).sigmoid()
    new = (new_in + (reset_in + reset_own).sigmoid() * new_own).tanh()
    return (1 - update) * new + update * state


def slow(block, nodes, vectors, graph, relations):
    edges = [(v, u, k) for (v, u), k in zip(graph.T.tolist(), relations.tolist(), strict=True) if k]
    loud = {}
    for v, u, k in edges:
        rows = slice((k - 1) * HIDDEN, k * HIDDEN)
        hidden = block.ends.weight[rows] @ torch.cat([vectors[u], vectors[v]]) + block.ends.bias[rows]
        loud[v, u] = block.scores.weight[k - 1] @ hidden.clamp(min=0) + block.scores.bias[k - 1]
    length = {u: sum(w**2 for (_, to), w in loud.items() if to == u) ** 0.5 for _, u, _ in edges}
    maps = block.maps.weight.split(SIZE)
    result = []
    for image in nodes:
        states = list(image)
        for _ in range(block.steps):
            heard = [torch.zeros(SIZE) for _ in states]
            for v, u, k in edges:
                heard[u] = heard[u] + loud[v, u] / length[u] * (maps[k - 1] @ states[v])
            states = [slow_cell(block.cell, *pair) for pair in zip(heard, states, strict=True)]
        result.append(torch.stack(states))
    return torch.stack(result)


@pytest.mark.parametrize("full", [0, 2])
@pytest.mark.parametrize(("steps", "relations"), [(1, 1), (2, 4), (5, 3)])
def test_each_step_node_and_edge(same, monkeypatch, full, steps, relations):
    monkeypatch.setattr(propagation, "DENSE_FROM", {"cpu": full})
    monkeypatch.setattr(edge_scores, "CHUNK", 2 * HIDDEN)
    block = GatedGraph(SIZE, DIM, steps=steps, relations=relations, hidden=HIDDEN)
    graph, kinds = example(relations=relations)
    nodes, vectors = torch.randn(IMAGES, LABELS, SIZE, requires_grad=True), torch.randn(LABELS, DIM)
    given = (nodes, vectors, graph, kinds)
    same(lambda: block(*given), lambda: slow(block, *given), [nodes, *block.parameters()])


def test_other_labels_with_the_same_weights():
    block = GatedGraph(SIZE, DIM, hidden=HIDDEN)
    for labels in (2, 9):
        given = torch.randn(IMAGES, labels, SIZE), torch.randn(labels, DIM), *example(labels)
        torch.testing.assert_close(block(*given), slow(block, *given))


def test_a_node_that_hears_nothing_has_gradients():
    block, graph = GatedGraph(SIZE, DIM, hidden=HIDDEN), torch.tensor([[0, 1], [0, 1]])
    block(torch.randn(IMAGES, 2, SIZE), torch.randn(2, DIM), graph, torch.tensor([0, 0])).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in block.parameters())
