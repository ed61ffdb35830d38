"""What the released code of RGCN-PosVAE computes otherwise, against slow versions: loops, dense matrices, doubles."""

from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.graph import edge_scores, propagation
from compose.blocks.graph.posvae import PosVae
from compose.blocks.graph.rgcn import Rgcn
from compose.blocks.vision.viewed_map import ViewedMap

IMAGES, LABELS, EXTERNAL, DIM, STATE, HIDDEN = 3, 4, 5, 3, 6, 7

pytestmark = [
    pytest.mark.usefixtures("double"),
    pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta"),
]


def random(block):
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    return block


# --- the graph -----------------------------------------------------------------------------------------------------


def graph(nodes):
    edges = torch.rand(nodes, nodes) < 0.4
    edges = edges | edges.T | torch.eye(nodes, dtype=torch.bool)
    return edges.nonzero().T.flip(0)


def slow_adjacency(relation, vectors, edges, closed_from, *, dense, sigmoid):
    nodes = len(vectors)
    rows = [[torch.zeros(()) for _ in range(nodes)] for _ in range(nodes)]
    for v, u in edges.T.tolist():
        if u == v or u >= closed_from:
            continue
        hidden = relation.hidden.weight @ torch.cat([vectors[u], vectors[v]]) + relation.hidden.bias
        score = relation.score.weight[0] @ torch.where(hidden > 0, hidden, 0.1 * hidden) + relation.score.bias[0]
        rows[u][v] = score.sigmoid() if sigmoid else score
    for u in range(nodes):
        if dense:
            total = sum(entry.exp() for entry in rows[u])
            rows[u] = [entry.exp() / total for entry in rows[u]]  # a node that is not joined has exp(0) / Z
            rows[u][u] = torch.ones(())
        else:
            rows[u][u] = torch.ones(())
            total = sum(entry.abs() for entry in rows[u])
            rows[u] = [entry / total for entry in rows[u]]
    return torch.stack([torch.stack(row) for row in rows])


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("activation", ["sigmoid", "none"])
@pytest.mark.parametrize("one_way", [True, False])
@pytest.mark.parametrize("size", [[8], [8, 2, 5], [4, 4, 3, 3]])
@pytest.mark.parametrize("full", [0, 2])
def test_the_graph_of_the_released_code(same, monkeypatch, dense, activation, one_way, size, full):
    monkeypatch.setattr(propagation, "DENSE_FROM", {"cpu": full})
    monkeypatch.setattr(edge_scores, "CHUNK", 2 * HIDDEN)
    block = random(
        Rgcn(
            STATE,
            DIM,
            layers=len(size),
            size=size,
            hidden=HIDDEN,
            normalisation="dense_softmax" if dense else "row",
            relation_activation=activation,
            relation_slope=0.1,
            one_way=one_way,
            bias=True,
            activation="leaky_relu",
            slope=0.1,
        )
    )
    labels = torch.randn(IMAGES, LABELS, STATE, requires_grad=True)
    external = torch.randn(IMAGES, EXTERNAL, STATE, requires_grad=True)
    vectors, edges = torch.randn(LABELS + EXTERNAL, DIM), graph(LABELS + EXTERNAL)

    def fast():
        return torch.cat(block(labels, vectors[:LABELS], edges, external, vectors[LABELS:]), dim=1)

    def slow():
        closed_from = LABELS if one_way else LABELS + EXTERNAL
        options = {"dense": dense, "sigmoid": activation == "sigmoid"}
        adjacency = slow_adjacency(block.relation, vectors, edges, closed_from, **options)
        states = torch.cat([labels, external], dim=1)
        for number, layer in enumerate(block.layers):
            states = torch.stack([adjacency @ image @ layer.weight.T + layer.bias for image in states])
            states = states if number == len(size) - 1 else torch.where(states > 0, states, 0.1 * states)
        return states

    same(fast, slow, [labels, external, *block.parameters()])


def test_great_weights_do_not_overflow():
    block = random(Rgcn(STATE, DIM, normalisation="dense_softmax", relation_activation="none", hidden=HIDDEN))
    torch.nn.init.constant_(block.relation.score.bias, 2000)
    out = block(torch.randn(IMAGES, LABELS, STATE), torch.randn(LABELS, DIM), graph(LABELS))
    assert out.labels.isfinite().all()


def test_a_size_for_each_layer():
    with pytest.raises(BlockError, match="expected one size, or one for each of the 3 layers, got 2") as error:
        Rgcn(STATE, DIM, layers=3, size=[4, 4])
    assert error.value.parameter == "size"


# --- the auto-encoder ----------------------------------------------------------------------------------------------


def slow_inputs(fuse, projected, vectors):
    """What goes into the encoder for each image and class, one after the other."""
    pairs = [(projected[b, x], vectors[x]) for b in range(IMAGES) for x in range(EXTERNAL)]
    if fuse == "misaligned":
        rows = [first for first, _ in pairs] + [second for _, second in pairs]
        return [torch.cat(rows[2 * i : 2 * i + 2]) for i in range(len(pairs))]
    made = {"concat": lambda p, s: torch.cat([p, s]), "add": lambda p, s: p + s, "multiply": lambda p, s: p * s}
    return [made[fuse](*pair) for pair in pairs]


@pytest.mark.parametrize("fuse", ["concat", "add", "multiply", "misaligned"])
@pytest.mark.parametrize("reconstruct", ["probability", "projection"])
@pytest.mark.parametrize("decoder_hidden", [None, 4])
def test_the_auto_encoder_of_the_released_code(same, fuse, reconstruct, decoder_hidden):
    options = {"fuse": fuse, "reconstruct": reconstruct, "decoder_hidden": decoder_hidden, "noise": "uniform"}
    block = random(PosVae(DIM, hidden=HIDDEN, size=STATE, sample_eval=True, **options)).eval()
    posterior = torch.rand(IMAGES, EXTERNAL).softmax(1).requires_grad_()
    vectors = torch.randn(EXTERNAL, DIM)

    def fast():
        torch.manual_seed(1)
        out = block(posterior, vectors)
        return torch.cat([out.nodes.flatten(), out.loss.view(1)])

    def slow():
        torch.manual_seed(1)
        noise = torch.rand(IMAGES * EXTERNAL, STATE)
        projected = posterior[..., None] * block.probability.weight[:, 0] + block.probability.bias
        states, losses = [], []
        for i, given in enumerate(slow_inputs(fuse, projected, vectors)):
            image, place = divmod(i, EXTERNAL)
            hidden = (block.encoder.weight @ given + block.encoder.bias).clamp(min=0)
            mean, log_variance = (block.distribution.weight @ hidden + block.distribution.bias).split(STATE)
            state = mean + (log_variance / 2).exp() * noise[i]
            told = block.decoder.weight @ torch.cat([state, vectors[place]]) + block.decoder.bias
            told = block.reconstruction.weight @ told.clamp(min=0) + block.reconstruction.bias
            target = projected[image, place] if reconstruct == "projection" else posterior[image, place]
            divergence = (log_variance.exp() + mean**2 - 1 - log_variance).sum() / 2
            losses.append(((target - told) ** 2).sum() / 2 + divergence)
            states.append(state)
        return torch.cat([*states, (sum(losses) / len(losses)).view(1)])

    same(fast, slow, [posterior, *block.parameters()])


# --- the map -------------------------------------------------------------------------------------------------------


def test_a_map_is_read_place_by_place_though_it_lies_channel_by_channel():
    maps = torch.randn(2, 5, 2, 3)
    found = ViewedMap()(maps)
    for image, read in zip(maps, found, strict=True):
        entries = image.flatten().tolist()
        for place in range(6):
            assert read[:, place // 3, place % 3].tolist() == entries[place * 5 : place * 5 + 5]
