"""The parts of LESA together: without storage, exported, and with labels that training never saw."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from compose.blocks.attention.label_attention import LabelAttention
from compose.blocks.attention.shared_multi_attention import SharedMultiAttention
from compose.blocks.core.layers.convolution import Convolution
from compose.blocks.core.layout.reduce import Reduce
from compose.blocks.losses.distribution import Distribution
from compose.blocks.losses.diversity import Diversity
from compose.blocks.losses.margin_ranking import MarginRanking
from compose.blocks.losses.relevance import Relevance
from compose.blocks.scoring.bilinear import Bilinear
from compose.blocks.scoring.label_bilinear import LabelBilinear
from compose.model.meta import on_meta

CHANNELS, DIM, MODULES = 6, 4, 3


class Lesa(nn.Module):
    """The blocks, wired as in the paper."""

    def __init__(self, *, share_first: bool = True, clustered: bool = False) -> None:
        super().__init__()
        self.clustered = clustered
        self.regions = Convolution(5, channels=CHANNELS, kernel=2)
        self.attention = SharedMultiAttention(CHANNELS, modules=MODULES, share_first=share_first)
        self.scores, self.pool = Bilinear(CHANNELS, DIM), Reduce(pattern="b c h w -> b c")

    def forward(self, maps, vectors, clusters):
        maps = self.regions(maps)
        attended = self.attention(maps)
        scored = self.scores(attended.features, vectors, clusters if self.clustered else None)
        return scored, self.scores(self.pool(maps), vectors).scores, attended


class PerLabel(nn.Module):
    """One attention for each label."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.scores = LabelAttention(5, DIM), LabelBilinear(5, DIM)

    def forward(self, maps, vectors, clusters):
        return self.scores(self.attention(maps, vectors).features, vectors)


MODELS = {
    "lesa": Lesa,
    "own hidden layers": lambda: Lesa(share_first=False),
    "per cluster": lambda: Lesa(clustered=True),
    "per label": PerLabel,
}


def example(images=2, labels=7):
    return torch.randn(images, 5, 4, 3), torch.randn(labels, DIM), torch.arange(labels) % MODULES


def losses(model, given):
    targets = torch.ones(given[0].shape[0], given[1].shape[0], dtype=torch.int8)
    targets[:, ::2] = -1
    (scores, _, modules), mean_scores, attended = model(*given)
    ranking, relevance = MarginRanking()(scores, targets), Relevance()(scores, mean_scores, targets)
    return [ranking, relevance, Diversity()(attended.energies), Distribution()(modules, targets)]


@pytest.mark.parametrize("name", MODELS)
def test_shapes_without_storage(name):
    with on_meta():
        model = MODELS[name]()
        found = tree_leaves(model(*example()))
    assert all(tensor.is_meta for tensor in [*found, *model.state_dict().values()])
    assert [t.shape for t in found] == [t.shape for t in tree_leaves(MODELS[name]()(*example()))]


@pytest.mark.parametrize("name", MODELS)
def test_export(name):
    model, given = MODELS[name]().eval(), example()
    auto = torch.export.Dim.AUTO
    exported = torch.export.export(model, given, dynamic_shapes=({0: auto}, {0: auto}, {0: auto})).module()
    others = example(images=3, labels=11)
    for ours, theirs in zip(*(tree_leaves(network(*others)) for network in (exported, model)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_losses_without_storage():
    with on_meta():
        model = Lesa()
        sum(losses(model, example())).backward()
        assert all(parameter.grad.shape == parameter.shape for parameter in model.parameters())


def test_every_loss_reaches_the_attention():
    model = Lesa()
    for loss in losses(model, example()):
        gradient = torch.autograd.grad(loss, model.attention.second.weight, retain_graph=True)[0]
        assert gradient.abs().sum() > 0
