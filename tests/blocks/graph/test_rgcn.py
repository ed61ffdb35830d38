from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.blocks.graph import edge_scores, propagation
from compose.blocks.graph.rgcn import Rgcn
from compose.model.meta import on_meta

IMAGES, LABELS, EXTERNAL, DIM, SIZE = 3, 5, 7, 4, 6

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")


def graph(nodes, share=0.3):
    edges = torch.rand(nodes, nodes) < share / 2
    edges = edges | edges.T | torch.eye(nodes, dtype=torch.bool)
    return edges.nonzero().T.flip(0)


def example(labels=LABELS, external=EXTERNAL, images=IMAGES):
    nodes, vectors = torch.randn(images, labels, SIZE), torch.randn(labels, DIM)
    return nodes, vectors, graph(labels + external), torch.randn(images, external, SIZE), torch.randn(external, DIM)


def rgcn(**options):
    return Rgcn(SIZE, DIM, **{"hidden": 8, "size": SIZE, **options})


@pytest.fixture(params=["dense", "sparse"])
def multiplication(request, monkeypatch):
    monkeypatch.setattr(propagation, "DENSE_FROM", {"cpu": 0 if request.param == "dense" else 2})
    return request.param


# --- what reaches whom ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("multiplication")
def test_a_node_reaches_its_neighbours_in_the_direction_of_the_edge():
    block = rgcn(layers=1)
    chain = torch.tensor([[0, 0, 1, 1, 2], [0, 1, 1, 2, 2]])  # 0 -> 1 -> 2
    nodes = torch.randn(1, 3, SIZE, requires_grad=True)
    for receiver, reached_by in enumerate([[0], [0, 1], [1, 2]]):
        out = block(nodes, torch.randn(3, DIM), chain).labels[0, receiver].sum()
        (gradient,) = torch.autograd.grad(out, nodes)
        assert gradient[0].abs().sum(1).nonzero().flatten().tolist() == reached_by


@pytest.mark.parametrize("one_way", [True, False])
def test_external_nodes_give_without_taking(one_way):
    block, (nodes, *rest) = rgcn(one_way=one_way), example()
    nodes.requires_grad_()
    out = block(nodes, *rest)
    (gradient,) = torch.autograd.grad(out.external.sum(), nodes)
    assert gradient.eq(0).all() == one_way
    assert torch.autograd.grad(block(nodes, *rest).labels.sum(), nodes)[0].ne(0).any()


@pytest.mark.parametrize("layers", [1, 2])
def test_no_activation_after_the_last_layer(layers):
    assert rgcn(layers=layers)(*example()).labels.min() < 0


@pytest.mark.parametrize("normalisation", ["row", "symmetric"])
def test_equal_states_stay_equal_under_row_normalisation(normalisation):
    block, (nodes, *rest) = rgcn(layers=1, normalisation=normalisation), example()
    nodes, rest[2] = torch.ones_like(nodes), torch.ones_like(rest[2])
    out = torch.cat(block(nodes, *rest), dim=1)
    assert torch.allclose(out, out[:, :1].expand_as(out), atol=1e-6) == (normalisation == "row")


@pytest.mark.usefixtures("multiplication")
def test_other_labels_in_every_call():
    block = rgcn()
    for labels, external in ((5, 7), (2, 9), (8, 1)):
        out = block(*example(labels, external))
        out.labels.sum().backward()
        assert out.labels.shape == (IMAGES, labels, SIZE)
        assert out.external.shape == (IMAGES, external, SIZE)


@pytest.mark.usefixtures("multiplication")
def test_no_external_nodes():
    nodes, vectors, *_ = example()
    out = rgcn()(nodes, vectors, graph(LABELS))
    assert out.labels.shape == (IMAGES, LABELS, SIZE)
    assert out.external.shape == (IMAGES, 0, SIZE)


@pytest.mark.usefixtures("multiplication")
def test_the_labels_alone():
    block, given = rgcn(outputs="labels"), example()
    labels = block(*given).labels
    labels.sum().backward()
    assert block(*given).external.shape == (IMAGES, 0, SIZE)
    block.outputs = "all"
    assert labels.equal(block(*given).labels)


@pytest.mark.parametrize(
    ("given", "missing"), [("external_nodes", "external_vectors"), ("external_vectors", "external_nodes")]
)
def test_external_nodes_and_vectors_belong_together(given, missing):
    nodes, vectors, edges, *external = example()
    external[["external_nodes", "external_vectors"].index(missing)] = None
    message = f"expected external_nodes and external_vectors together, got {given} without {missing}"
    with pytest.raises(ValueError, match=message):
        rgcn()(nodes, vectors, edges, *external)


# --- precision and tools -------------------------------------------------------------------------------------------


def test_edges_are_weighed_in_single_precision_under_autocast():
    block, (nodes, vectors, edges, *external) = rgcn(), example()
    every = torch.cat([vectors, external[1]])
    with torch.autocast("cpu", torch.bfloat16):
        out = block(nodes, vectors, edges, *external)
        weights = block.relation(every, edges).edges
    out.labels.sum().backward()
    assert weights.equal(block.relation(every, edges).edges)
    torch.testing.assert_close(out.labels.float(), block(nodes, vectors, edges, *external).labels, atol=0.02, rtol=0.02)


def test_a_half_precision_network():
    given = [tensor.bfloat16() if tensor.is_floating_point() else tensor for tensor in example()]
    out = rgcn().bfloat16()(*given)
    out.labels.sum().backward()
    assert out.labels.dtype == torch.bfloat16


def test_shapes_without_values():
    with on_meta():
        block, edges = rgcn(layers=3), torch.zeros(2, 40, dtype=torch.int64)
        nodes, vectors, external, external_vectors = (
            torch.randn(shape) for shape in ((3, 5, SIZE), (5, DIM), (3, 7, SIZE), (7, DIM))
        )
        out = block(nodes, vectors, edges, external, external_vectors)
        (out.labels.sum() + out.external.sum()).backward()
    assert [tensor.shape for tensor in out] == [(3, 5, SIZE), (3, 7, SIZE)]
    assert all(parameter.grad.shape == parameter.shape for parameter in block.parameters())


def test_export_for_any_number_of_labels(tmp_path):
    class Scores(nn.Module):
        def __init__(self):
            super().__init__()
            self.rgcn = rgcn()

        def forward(self, *given):
            return self.rgcn(*given).labels.sum(-1)

    model, any_size = Scores().eval(), torch.export.Dim.AUTO
    dims = ({0: any_size, 1: any_size}, {0: any_size}, {1: any_size}, {0: any_size, 1: any_size}, {0: any_size})
    exported = torch.export.export(model, example(), dynamic_shapes=(dims,))
    torch.export.save(exported, tmp_path / "model.pt2")
    given = example(labels=9, external=4, images=2)
    torch.testing.assert_close(torch.export.load(tmp_path / "model.pt2").module()(*given), model(*given))


def test_compiles_without_a_graph_break():
    block, given = rgcn(), example()
    compiled = torch.compile(block, backend="aot_eager", fullgraph=True)
    gradients = [torch.autograd.grad(f(*given).labels.sum(), block.parameters()) for f in (compiled, block)]
    torch.testing.assert_close(*gradients)


# --- memory --------------------------------------------------------------------------------------------------------


def largest_allocation(call):
    """Bytes of the largest tensor that is made on the way."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True, acc_events=True) as profile:
        call()
    return max(event.self_cpu_memory_usage for event in profile.events())


def test_memory(monkeypatch, multiplication):
    monkeypatch.setattr(edge_scores, "CHUNK", 10_000)
    images, nodes, hidden = 20, 200, 64
    block = Rgcn(SIZE, DIM, hidden=hidden, size=SIZE)
    edges = graph(nodes)
    states, vectors = torch.randn(images, nodes, SIZE, requires_grad=True), torch.randn(nodes, DIM)
    largest = largest_allocation(lambda: block(states, vectors, edges).labels.sum().backward())
    count = edges.shape[1]
    wanted = [images * nodes * SIZE, edges_as_int64 := 2 * count, nodes**2 if multiplication == "dense" else 0]
    assert edges_as_int64 > nodes**2 / 4
    assert largest <= 1.1 * 4 * max(wanted)
    assert largest < 0.5 * 4 * min(count * hidden, images * count, nodes**2 * hidden)
