"""The parts of STANet and of its baselines together: against the equations, without storage, exported, in a spec."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated

import pytest
import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import block
from compose.blocks.attention.gaussian_attention import GaussianAttention
from compose.blocks.attention.spatial_attention import SpatialAttention
from compose.blocks.attention.task_attention import TaskAttention
from compose.blocks.attention.uniform_attention import UniformAttention
from compose.blocks.core.layout.reduce import Reduce
from compose.blocks.losses.cross_entropy import CrossEntropy
from compose.blocks.losses.target_mse import TargetMse
from compose.blocks.scoring.context_classifier import ContextClassifier
from compose.blocks.scoring.matching import Matching
from compose.blocks.scoring.prototypes import Prototypes
from compose.blocks.scoring.relation_module import RelationModule
from compose.blocks.scoring.semantic_branch import SemanticBranch
from compose.blocks.scoring.split_episodes import SplitEpisodes
from compose.model.build import Shaped, materialise
from compose.model.meta import on_meta
from compose.model.walk import Walk
from compose.registry.registry import Registry, registry
from compose.spec.read import read_spec
from compose.spec.wiring.reserved import RESERVED

CHANNELS, HEIGHT, WIDTH, CLASSES, SHOTS, QUERIES, LAYERS, CONTEXT, LABELS = 4, 4, 5, 3, 2, 2, 3, 5, 7
SUPPORT = CLASSES * SHOTS


class Stanet(nn.Module):
    """The blocks, wired as in the paper."""

    def __init__(self, spatial=None, layers=LAYERS) -> None:
        super().__init__()
        sizes = [CHANNELS, *[2 * CHANNELS] * (layers - 1)]
        self.episodes, self.state = SplitEpisodes(), Reduce(pattern="e q c h w -> e q c")
        self.spatial = nn.ModuleList(spatial() if spatial else SpatialAttention(size, CHANNELS) for size in sizes)
        self.task = nn.ModuleList(TaskAttention(CHANNELS, CLASSES, size=CONTEXT) for _ in sizes)
        self.scores = ContextClassifier(layers, CONTEXT, CLASSES)

    def forward(self, maps, support_targets):
        support, query = self.episodes(maps, support_targets)
        state, contexts = self.state(query), []
        for spatial, task in zip(self.spatial, self.task, strict=True):
            attended = spatial(state, support, query)
            context, state, _ = task(attended.query_features, attended.support_features, support_targets)
            contexts.append(context)
        return self.scores(torch.stack(contexts), support_targets)


def look(weights, asked, features):
    """Scaled dot-product attention of one query over the rows of a matrix, with the softmax written out."""
    query, keys = weights.query.weight @ asked, features @ weights.key.weight.T
    powers = (keys @ query / math.sqrt(len(query))).exp()
    return powers / powers.sum()


def slow(model, maps, support_targets):
    """Equations 3-9, one query picture after the other."""
    rows = []
    each = len(maps) // len(support_targets)
    for episode, targets in enumerate(support_targets):
        images = [image.flatten(1).T for image in maps[episode * each : (episode + 1) * each]]  # hw c
        support, one_hot = images[:SUPPORT], [(target == 1) * 1.0 for target in targets]
        for query in images[SUPPORT:]:
            state, contexts = query.mean(0), []
            for spatial, task in zip(model.spatial, model.task, strict=True):
                own = look(spatial.asked, state, query) @ query
                others = [look(spatial.asked, state, image) @ image for image in support]
                attention = look(task.asked, own, torch.stack(others))
                values = [task.value.weight @ torch.cat(pair) for pair in zip(others, one_hot, strict=True)]
                contexts.append(sum(a * v for a, v in zip(attention, values, strict=True)))
                state = torch.cat([own, sum(a * z for a, z in zip(attention, others, strict=True))])
            rows.append(model.scores.linear.weight @ torch.cat(contexts) + model.scores.linear.bias)
    return torch.stack(rows).view(len(support_targets), each - SUPPORT, CLASSES)


def targets(episodes, pictures):
    order = torch.stack([torch.randperm(pictures) % CLASSES for _ in range(episodes)])
    return (2 * F.one_hot(order, CLASSES) - 1).to(torch.int8)


def example(episodes=2):
    maps = torch.randn(episodes * (SUPPORT + QUERIES), CHANNELS, HEIGHT, WIDTH, requires_grad=True)
    return maps, targets(episodes, SUPPORT)


@pytest.mark.usefixtures("double")
def test_three_layers(same):
    model, (maps, given) = Stanet(), example()
    same(lambda: model(maps, given), lambda: slow(model, maps, given), [maps, *model.parameters()])


@pytest.mark.parametrize("layers", [1, LAYERS])
def test_begins_as_a_nearest_neighbour_classifier(layers):
    """Before any training a query that a support picture shows too mostly gets that picture's class."""
    torch.manual_seed(1)
    model, (maps, given) = Stanet(layers=layers), example(episodes=50)
    each = maps.detach().view(50, SUPPORT + QUERIES, *maps.shape[1:]) * 4
    shown = torch.randint(SUPPORT, (50, QUERIES))
    each[:, SUPPORT:] = each[torch.arange(50)[:, None], shown]
    scores = model(each.flatten(0, 1), given)
    right = given.argmax(-1).gather(1, shown)
    assert (scores.argmax(-1) == right).float().mean() > 0.7  # by chance a third


MODELS = {
    "stanet": lambda: Stanet(layers=1),
    "uniform": lambda: Stanet(UniformAttention, layers=1),
    "gaussian": lambda: Stanet(GaussianAttention, layers=1),
    "prototypes": Prototypes,
    "cosine": lambda: Prototypes(distance="cosine"),
    "matching": Matching,
    "relation": lambda: RelationModule(CHANNELS, HEIGHT, WIDTH),
}


@pytest.mark.parametrize("name", MODELS)
def test_shapes_without_storage(name):
    with on_meta():
        model = MODELS[name]()
        scores = model(*example())
        (CrossEntropy()(scores, targets(2, QUERIES)) + TargetMse()(scores, targets(2, QUERIES))).backward()
    assert all(tensor.is_meta for tensor in [scores, *model.state_dict().values()])
    assert scores.shape == MODELS[name]()(*example()).shape == (2, QUERIES, CLASSES)


@pytest.mark.parametrize("name", MODELS)
def test_export(name):
    model, given = MODELS[name]().eval(), example(episodes=2)
    auto = torch.export.Dim.AUTO
    exported = torch.export.export(model, given, dynamic_shapes=({0: auto}, {0: auto})).module()
    others = example(episodes=5)
    torch.testing.assert_close(exported(*others), model(*others))


@pytest.mark.parametrize("name", MODELS)
def test_episodes_do_not_see_one_another(name):
    model, (maps, given) = MODELS[name]().eval(), example()
    alone = [model(*pair) for pair in zip(maps.chunk(2), given.split(1), strict=True)]
    torch.testing.assert_close(model(maps, given), torch.cat(alone))


@pytest.mark.parametrize("name", MODELS)
def test_half_precision(name):
    model, given = MODELS[name]().eval(), example()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(*given)
    scores.sum().backward()
    torch.testing.assert_close(scores.float(), model(*given), rtol=0.05, atol=0.05)
    assert given[0].grad.isfinite().all()


# --- in a spec ----------------------------------------------------------------------------------------------------

SPEC = """
name: stanet
data: {use: glyph_scenes, size: 32}
blocks:
  layer:
    inputs: [state, support, query, classes]
    params: {size: 64}
    model:
      spatial: {use: spatial_attention, in: [state, support, query]}
      task: {use: task_attention, in: [spatial.query_features, spatial.support_features, classes], size: $size}
    outputs: {context: task.context, state: task.state}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 4], taps: [block2]}
  given:    {use: given_targets, in: image, episodes: 2, classes: 3, shots: 2}
  wanted:   {use: given_targets, in: image, episodes: 2, classes: 3, shots: 1}
  episodes: {use: split_episodes, in: [backbone.last, given]}
  state:    {use: reduce, in: episodes.query, pattern: "e q c h w -> e q c"}
  layers:
    use: layer
    in: [state, episodes.support, episodes.query, given]
    size: 5
    repeat: 3
    carry: [state]
    collect: [context]
  scores:   {use: context_classifier, in: [layers.context, given]}
  semantic: {use: semantic_branch, in: backbone.last}
loss:
  task:     {use: cross_entropy, in: {scores: scores, targets: wanted}}
  semantic: {use: cross_entropy, in: semantic, weight: 0.5}
train: {main: {stage: supervised, batch: 16}}
"""


@block
class GivenTargets(nn.Module):
    """Give the support pictures of every episode their classes in turn.

    Args:
        episodes: number of episodes.
        classes: number of classes.
        shots: pictures of each class.
    """

    def __init__(self, *, episodes: Annotated[int, Field(gt=0)], classes: int, shots: int) -> None:
        super().__init__()
        self.sizes = episodes, classes * shots, classes

    def forward(self, image: Float[Tensor, "b c h w"]) -> Int8[Tensor, "e s n"]:
        """Give."""
        places = torch.arange(self.sizes[1], device=image.device) % self.sizes[2]
        return (2 * F.one_hot(places, self.sizes[2]) - 1).to(torch.int8).expand(self.sizes)


BLOCKS = (SplitEpisodes, Reduce, SpatialAttention, TaskAttention, ContextClassifier, SemanticBranch)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(SPEC.lstrip())
    known = Registry(registry().all())
    for cls in (*BLOCKS, GivenTargets, CrossEntropy):
        known.add_module(sys.modules[cls.__module__])
    sizes = {"image": (2 * (SUPPORT + 3), 3, 16, 20), "targets": (2 * (SUPPORT + 3), LABELS)}
    plan = read_spec("spec.yaml", known=known).plan
    walk = Walk(
        known, {name: (size, getattr(torch, RESERVED[name].dtype)) for name, size in sizes.items()}, lambda _: None
    )
    walk.run(plan.all_steps)  # its episodes come from a block, and are no data's
    assert not walk.errors
    return materialise(Shaped(plan, plan.all_steps, walk), known, seed=0, name="stanet")


def test_shapes_in_a_spec(built):
    facts = {name: fact.outputs for name, fact in built.facts.items()}
    assert facts["layers.0.spatial"]["support_attention"] == (2, 3, SUPPORT, HEIGHT, WIDTH)
    assert [facts[f"layers.{layer}.task"]["state"] for layer in range(3)] == [(2, 3, 2 * CHANNELS)] * 3
    assert facts["layers.context"]["out"] == (3, 2, 3, CONTEXT)
    assert facts["scores"]["out"] == (2, 3, CLASSES)
    assert facts["semantic"]["out"] == (18, LABELS)
    assert built.facts["layers.0.spatial"].sizes == {"size": CHANNELS, "channels": CHANNELS}
    assert built.facts["layers.1.spatial"].sizes == {"size": 2 * CHANNELS, "channels": CHANNELS}


def test_a_spec_computes_what_its_blocks_compute(built):
    model, training = Stanet(), built.training
    model.scores = training.scores
    for layer in range(LAYERS):
        model.spatial[layer] = training.get_submodule(f"layers.{layer}.spatial")
        model.task[layer] = training.get_submodule(f"layers.{layer}.task")
    image, labels = torch.randn(18, 3, 16, 20), -torch.ones(18, LABELS, dtype=torch.int8)
    labels[:, 2] = 1
    found = training(image, labels)
    torch.testing.assert_close(found["scores"], model(training.backbone(image).last, training.given(image)))
    sum(weight * found[name] for name, weight in built.loss_weights.items()).backward()
    assert [name for name, weight in training.named_parameters() if weight.grad is None] == []
    assert "semantic" not in built.inference.code
