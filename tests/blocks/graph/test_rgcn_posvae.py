"""The parts of RGCN-PosVAE together against one slow version of its equations 4-8: loops, dense matrices, doubles."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from compose.blocks.graph import edge_scores, propagation
from compose.blocks.graph.node_init import NodeInit
from compose.blocks.graph.posvae import PosVae
from compose.blocks.graph.rgcn import Rgcn
from compose.blocks.losses.bce import Bce
from compose.blocks.scoring.label_head import LabelHead

IMAGES, FEATURE, DIM, HIDDEN, STATE, SIZE = 3, 5, 4, 6, 7, 8
LABELS, EXTERNAL = 5, 9

pytestmark = [
    pytest.mark.usefixtures("double"),
    pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta"),
]


class Model(nn.Module):
    """The blocks, wired as in the paper."""

    def __init__(self, mlps=None, **options):
        super().__init__()
        mlps = mlps or {}
        self.start = NodeInit(FEATURE, DIM, hidden=HIDDEN, size=STATE, **mlps)
        self.vae = PosVae(DIM, hidden=HIDDEN, size=STATE, **mlps)
        self.rgcn = Rgcn(STATE, DIM, **{"hidden": HIDDEN, "size": SIZE, **options})
        self.head = LabelHead(self.rgcn.layers[-1].out_features, hidden=HIDDEN, **mlps)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5)

    def forward(self, features, posterior, labels, external, graph):
        nodes = self.start(features, labels)
        if external is None:
            out = self.rgcn(nodes, labels, graph)
            return self.head(out.labels), out.external, features.new_zeros(())
        states, loss = self.vae(posterior, external)
        out = self.rgcn(nodes, labels, graph, states, external)
        return self.head(out.labels), out.external, loss


def example(labels=LABELS, external=EXTERNAL):
    nodes = labels + external
    edges = torch.rand(nodes, nodes) < 0.3
    edges = edges | edges.T | torch.eye(nodes, dtype=torch.bool)
    target, source = edges.nonzero().T
    features = torch.randn(IMAGES, FEATURE, requires_grad=True)
    posterior = torch.randn(IMAGES, external).softmax(1).requires_grad_()
    vectors = torch.randn(labels, DIM), torch.randn(external, DIM)
    return features, posterior, *vectors, torch.stack([source, target])


# --- the slow version ----------------------------------------------------------------------------------------------


def leaky(x, slope):
    return torch.where(x > 0, x, slope * x)


def mlp(first, last, *parts, slope=0.0):
    hidden = first.weight @ torch.cat(parts) + first.bias
    return last.weight @ leaky(hidden, slope) + last.bias


def slow_vae(vae, posterior, vectors, noise, slope):
    """States of the external nodes and the loss, a class of an image at a time."""
    states, losses = [], []
    for p, vector, z in zip(posterior, vectors, noise, strict=True):
        projected = vae.probability.weight[:, 0] * p + vae.probability.bias
        mean, log_variance = mlp(vae.encoder, vae.distribution, projected, vector, slope=slope).split(STATE)
        state = torch.stack([m + math.e ** (v / 2) * e for m, v, e in zip(mean, log_variance, z, strict=True)])  # eq. 5
        reconstruction = mlp(vae.decoder, vae.reconstruction, state, vector, slope=slope)[0]
        divergence = sum((m**2 + math.e**v - 1 - v) / 2 for m, v in zip(mean, log_variance, strict=True))
        states.append(state)
        losses.append((p - reconstruction) ** 2 / 2 + divergence)
    return torch.stack(states), sum(losses) / len(losses)  # eq. 4


def slow_adjacency(relation, vectors, graph, closed_from, *, symmetric, slope):
    """Normalised W ⊙ A, dense."""
    nodes = len(vectors)
    rows = [[torch.zeros(()) for _ in range(nodes)] for _ in range(nodes)]
    for v, u in graph.T.tolist():
        if u == v:
            rows[u][v] = torch.ones(())
        elif u < closed_from:
            score = mlp(relation.hidden, relation.score, vectors[u], vectors[v], slope=slope)
            rows[u][v] = score[0].sigmoid()  # eq. 7
    matrix = torch.stack([torch.stack(row) for row in rows])
    inverse = torch.diag(1 / matrix.sum(1))
    return inverse.sqrt() @ matrix @ inverse.sqrt() if symmetric else inverse @ matrix


def slow(model, noise, example, *, symmetric=False, one_way=False, slope=0.0, last_slope=1.0):
    features, posterior, labels, external, graph = example
    has_external = external is not None
    vectors = torch.cat([labels, external]) if has_external else labels
    closed_from = len(labels) if one_way else len(vectors)
    adjacency = slow_adjacency(model.rgcn.relation, vectors, graph, closed_from, symmetric=symmetric, slope=slope)
    scores, outside, losses = [], [], []
    for index, feature in enumerate(features):
        start = model.start
        states = torch.stack([mlp(start.hidden, start.state, feature, vector, slope=slope) for vector in labels])
        if has_external:
            inferred, loss = slow_vae(model.vae, posterior[index], external, noise[index], slope)
            states = torch.cat([states, inferred])
            losses.append(loss)
        for layer in model.rgcn.layers:
            states = adjacency @ states @ layer.weight.T  # eq. 6
            states = states if layer.bias is None else states + layer.bias
            states = leaky(states, slope if layer is not model.rgcn.layers[-1] else last_slope)
        first, _, last = model.head.layers
        scores.append(torch.cat([mlp(first, last, state, slope=slope) for state in states[: len(labels)]]))
        outside.append(states[len(labels) :])
    return torch.stack(scores), torch.stack(outside), sum(losses) / IMAGES


# --- comparisons ---------------------------------------------------------------------------------------------------


def compare(same, model, example, **options):
    def fast():
        torch.manual_seed(1)
        return join(model(*example))

    def obvious():
        torch.manual_seed(1)
        noise = None if example[3] is None else torch.randn(IMAGES, len(example[3]), STATE)
        return join(slow(model, noise, example, **options))

    def join(results):
        return torch.cat([torch.as_tensor(result).reshape(-1) for result in results])

    unused = ("vae.",) if example[3] is None else ()
    given = [tensor for tensor in example[:2] if tensor is not None]
    parameters = [parameter for name, parameter in model.named_parameters() if not name.startswith(unused)]
    same(fast, obvious, [*given, *parameters])


@pytest.fixture(params=["dense", "sparse"])
def _multiplication(request, monkeypatch):
    """Both ways to multiply by Â, and edges in chunks of two."""
    monkeypatch.setattr(propagation, "DENSE_FROM", {"cpu": 0 if request.param == "dense" else 2})
    monkeypatch.setattr(edge_scores, "CHUNK", 2 * HIDDEN)


@pytest.mark.usefixtures("_multiplication")
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("normalisation", ["row", "symmetric"])
@pytest.mark.parametrize("one_way", [False, True])
def test_equations_4_to_8(same, layers, normalisation, one_way):
    model = Model(layers=layers, normalisation=normalisation, one_way=one_way)
    compare(same, model, example(), symmetric=normalisation == "symmetric", one_way=one_way)


@pytest.mark.usefixtures("_multiplication")
@pytest.mark.parametrize("size", [2, 9])
@pytest.mark.parametrize("last", ["none", "relu", "leaky_relu"])
def test_layers_as_the_released_code_makes_them(same, size, last):
    """Leaky, with biases; and the ReLU of the text behind the last layer."""
    leak = {"activation": "leaky_relu", "slope": 0.1}
    model = Model(leak, **leak, size=size, bias=True, relation_slope=0.1, last_activation=last)
    compare(same, model, example(), slope=0.1, last_slope={"none": 1.0, "relu": 0.0, "leaky_relu": 0.1}[last])


@pytest.mark.usefixtures("_multiplication")
@pytest.mark.parametrize("size", [2, STATE, 9])
def test_narrower_and_wider_states(same, size):
    compare(same, Model(size=size), example())


@pytest.mark.usefixtures("_multiplication")
@pytest.mark.parametrize("normalisation", ["row", "symmetric"])
def test_without_external_nodes(same, normalisation):
    features, _, labels, _, graph = example(external=0)
    given = (features, None, labels, None, graph)
    compare(same, Model(normalisation=normalisation), given, symmetric=normalisation == "symmetric")


def test_other_labels_with_the_same_weights(same):
    model = Model()
    for labels, external in ((3, 6), (8, 2)):
        compare(same, model, example(labels, external))


def test_the_whole_loss():
    model, given = Model(), example()
    targets = torch.randint(0, 2, (IMAGES, LABELS), dtype=torch.int8) * 2 - 1
    torch.manual_seed(1)
    scores, _, loss = model(*given)
    torch.manual_seed(1)
    slow_scores, _, slow_loss = slow(model, torch.randn(IMAGES, EXTERNAL, STATE), given)
    probability = 1 / (1 + (-slow_scores).exp())
    likelihood = torch.where(targets > 0, probability, 1 - probability).log()  # eq. 8
    torch.testing.assert_close(Bce()(scores, targets) + loss, slow_loss - likelihood.mean())  # eq. 9
