"""The parts of DESIRE-Net together: adapted to many tasks at once, without storage, exported, in a spec."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NamedTuple

import pytest
import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from compose.block import block
from compose.blocks.core.elementwise.add import Add
from compose.blocks.core.layout.einsum import Einsum
from compose.blocks.core.mlp import Mlp
from compose.blocks.inference.attention_inference import AttentionInference
from compose.blocks.inference.correlation_inference import CorrelationInference
from compose.blocks.inference.feature_inference import FeatureInference
from compose.blocks.losses.bce import Bce
from compose.errors import SpecErrors
from compose.model.build import materialise, shape
from compose.model.meta import on_meta
from compose.registry.registry import Registry, registry
from compose.spec.read import read_spec

EXAMPLES, BASE, LABELS, DIM, TASKS = 5, 9, 3, 8, 4


class DesireNet(nn.Module):
    """The blocks, wired as in the paper."""

    def __init__(self, dropout=0.0) -> None:
        super().__init__()
        self.feature = FeatureInference(DIM, DIM, dropout=dropout)
        self.correlation = CorrelationInference(BASE, DIM)
        self.attention = AttentionInference(DIM, DIM, dropout=dropout)
        self.gates = Add([LABELS] * 3, learned=True)

    def forward(self, features, base, novel, mask=None):
        related, attended = (level(features, base, novel, mask) for level in (self.correlation, self.attention))
        return self.gates([self.feature(features, novel), related, attended])


class Alone(nn.Module):
    """One of them, with the inputs of all."""

    def __init__(self, inside, *ports):
        super().__init__()
        self.inside, self.ports = inside, ports

    def forward(self, features, base, novel, mask=None):
        given = {"features": features, "labels_base": base, "labels_novel": novel, "labels_base_mask": mask}
        return self.inside(**{port: given[port] for port in self.ports})


class Gated(nn.Module):
    """Two scores by one block, so that the factors have something to add."""

    def __init__(self):
        super().__init__()
        self.gates = Add([LABELS] * 2, learned=True)

    def forward(self, features, base, novel, mask=None):
        return self.gates([features @ novel.mT, features.square() @ novel.mT])


PORTS = ("features", "labels_base", "labels_novel", "labels_base_mask")
MODELS = {
    "desire_net": DesireNet,
    "feature": lambda: Alone(FeatureInference(DIM, DIM), "features", "labels_novel"),
    "correlation": lambda: Alone(CorrelationInference(BASE, DIM), *PORTS),
    "attention": lambda: Alone(AttentionInference(DIM, DIM), *PORTS),
    "add": Gated,
}


def example(*tasks, examples=EXAMPLES, labels=LABELS):
    """Features, base vectors, novel vectors and a mask that leaves two base labels out."""
    order = torch.rand(*tasks, BASE).argsort(-1)
    features, novel = torch.randn(*tasks, examples, DIM), torch.randn(*tasks, labels, DIM)
    return features, torch.randn(BASE, DIM), novel, (order >= 2).to(torch.int8)


# --- the inner and the outer step -----------------------------------------------------------------------------------


def loss(model, weights, given, targets):
    return F.binary_cross_entropy_with_logits(functional_call(model, weights, given), targets)


def outer_loss(model, weights, support, query, base, mask, novel, targets):
    """The query loss after one step on the support, which leaves the factors γ as they are."""
    asked, known = targets
    step = grad(lambda inner: loss(model, inner, (support, base, novel, mask), known))(weights)
    adapted = {name: w if "gates" in name else w - 0.5 * step[name] for name, w in weights.items()}
    return loss(model, adapted, (query, base, novel, mask), asked)


def outer_loss_of_one_task(model, weights, support, query, base, mask, novel, targets):
    """The same with autograd, and the left-out base labels taken out of every matrix."""
    asked, known = targets
    kept = mask == 1

    def shortened(found):
        return {name: w[:, kept] if name.endswith("relation.weight") else w for name, w in found.items()}

    inner = loss(model, shortened(weights), (support, base[kept], novel), known)
    names = [name for name in weights if "gates" not in name]
    steps = torch.autograd.grad(inner, [weights[name] for name in names], create_graph=True) if names else []
    adapted = {**weights, **{n: weights[n] - 0.5 * s for n, s in zip(names, steps, strict=True)}}
    return loss(model, shortened(adapted), (query, base[kept], novel), asked)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("name", MODELS)
def test_tasks_at_once_are_tasks_one_by_one(name):
    """Algorithm 1, second order: all tasks by vmap against a loop over them without masks."""
    model = MODELS[name]()
    weights = dict(model.named_parameters())
    support, base, novel, mask = example(TASKS)
    query = torch.randn(TASKS, 7, DIM)
    targets = torch.rand(TASKS, 7, LABELS).round(), torch.rand(TASKS, EXAMPLES, LABELS).round()

    def of_all(weights):
        dims = (None, 0, 0, None, 0, 0, 0)
        batched = vmap(lambda *given: outer_loss(model, *given), in_dims=dims)
        return batched(weights, support, query, base, mask, novel, targets)

    one_by_one = [
        outer_loss_of_one_task(model, weights, *own[:2], base, *own[2:4], own[4:])
        for own in zip(support, query, mask, novel, *targets, strict=True)
    ]
    found, expected = of_all(weights), torch.stack(one_by_one)
    torch.testing.assert_close(found, expected)
    ours = grad(lambda weights: of_all(weights).sum())({name: w.detach() for name, w in weights.items()})
    theirs = torch.autograd.grad(expected.sum(), list(weights.values()))
    for name, gradient in zip(weights, theirs, strict=True):
        torch.testing.assert_close(ours[name], gradient)
        assert gradient.abs().sum() > 0


def test_every_task_drops_its_own_entries():
    model, (features, base, novel, _) = DesireNet(dropout=0.5), example()
    alike = features.expand(TASKS, -1, -1)
    scores = vmap(lambda features: model(features, base, novel), randomness="different")(alike)
    assert not scores[0].equal(scores[1])
    scores = vmap(lambda features: model.eval()(features, base, novel))(alike)
    torch.testing.assert_close(scores[0], scores[1])


class FixedClassifier(nn.Module):
    """The base labels by an output matrix that is their vectors."""

    def __init__(self):
        super().__init__()
        self.product = Einsum(pattern="b d, m d -> b m")

    def forward(self, features, labels_base):
        return self.product([features, labels_base])


@pytest.mark.usefixtures("double")
def test_the_fixed_classifier_for_many_tasks():
    features, base, _, _ = example(TASKS)
    torch.testing.assert_close(vmap(FixedClassifier(), in_dims=(0, None))(features, base), features @ base.T)
    assert FixedClassifier().state_dict() == {}


# --- without storage, exported, in half precision -------------------------------------------------------------------

ALL = {**MODELS, "fixed": lambda: Alone(FixedClassifier(), "features", "labels_base")}


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("name", ALL)
def test_shapes_without_storage(name, masked):
    given = slice(None if masked else -1)
    with on_meta():
        model = ALL[name]()
        scores = model(*example()[given])
    assert all(tensor.is_meta for tensor in [scores, *model.state_dict().values()])
    assert scores.shape == ALL[name]()(*example()[given]).shape == (EXAMPLES, BASE if name == "fixed" else LABELS)


@pytest.mark.parametrize(("name", "masked"), [("desire_net", True), ("desire_net", False), ("fixed", False)])
def test_export_takes_other_examples_and_labels(name, masked):
    model, given = ALL[name]().eval(), slice(None if masked else -1)
    auto = torch.export.Dim.AUTO
    dims = ({0: auto}, None, {0: auto}, None)[given]
    exported = torch.export.export(model, example()[given], dynamic_shapes=dims).module()
    others = example(examples=11, labels=6)[given]
    torch.testing.assert_close(exported(*others), model(*others))


@pytest.mark.parametrize("name", ALL)
def test_half_precision(name):
    model, given = ALL[name]().eval(), example()
    given[0].requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(*given)
    scores.sum().backward()
    torch.testing.assert_close(scores.float(), model(*given), rtol=0.1, atol=0.1)
    assert given[0].grad.isfinite().all()
    assert model.bfloat16()(*(port if port.dtype == torch.int8 else port.bfloat16() for port in given)).isfinite().all()


# --- in a spec ------------------------------------------------------------------------------------------------------

SPEC = """
name: desire-net
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone:    {use: backbone, arch: conv64, channels: [4, 6], taps: [block2]}
  pool:        {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  trunk:       {use: mlp, in: pool, sizes: [16, 16, 8]}
  known:       {use: given_base, in: labels.vectors, count: 9}
  feature:     {use: feature_inference, in: [trunk, labels.vectors], hidden: [5]}
  correlation: {use: correlation_inference, in: [trunk, known.base, labels.vectors, known.mask]}
  attention:   {use: attention_inference, in: [trunk, known.base, labels.vectors, known.mask], temperature: 0.5}
  scores:      {use: add, in: [feature, correlation, attention], learned: true}
  base:        {use: einsum, in: [trunk, known.base], pattern: "b d, m d -> b m"}
loss:
  task: {use: bce, in: scores}
  base: {use: bce, in: [base, known.targets]}
train: {main: {stage: supervised, batch: 16}}
"""


class Given(NamedTuple):
    """What is known of the base labels.

    Attributes:
        base: their vectors.
        mask: which of them take part.
        targets: which of them the examples carry.
    """

    base: Float[Tensor, "m d"]
    mask: Int8[Tensor, " m"]
    targets: Int8[Tensor, "b m"]


@block
class GivenBase(nn.Module):
    """Give base labels, of which the first is left out and every example carries all.

    Args:
        count: number of base labels.
    """

    def __init__(self, *, count: Annotated[int, Field(gt=0)]) -> None:
        super().__init__()
        self.count = count

    def forward(self, labels_vectors: Float[Tensor, "l d"], image: Float[Tensor, "b c h w"]) -> Given:
        """Give."""
        places = torch.arange(self.count, device=image.device)
        columns = torch.arange(labels_vectors.shape[1], device=image.device)
        targets = torch.ones(len(image), self.count, dtype=torch.int8, device=image.device)
        return Given((1.0 + places[:, None] + 2 * columns).sin(), (places > 0).to(torch.int8), targets)


BLOCKS = (Mlp, FeatureInference, CorrelationInference, AttentionInference, Add, Einsum, GivenBase, Bce)


@pytest.fixture
def shaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    known = Registry(registry().all())
    for cls in BLOCKS:
        known.add_module(sys.modules[cls.__module__])
    sizes = {"image": (EXAMPLES, 3, 32, 32), "targets": (EXAMPLES, LABELS), "labels.vectors": (LABELS, DIM)}
    sizes |= {"labels.base_mask": (LABELS,)}

    def read(*replaced):
        Path("spec.yaml").write_text(SPEC.lstrip().replace(*replaced))
        plan = read_spec("spec.yaml", known=known).plan
        return shape(plan, known, sizes, where=lambda _: None, zero_shot=True), known

    return read


def test_a_spec_computes_what_its_blocks_compute(shaped):
    plan, known = shaped("", "")
    assert plan.facts["scores"].outputs["out"] == (EXAMPLES, LABELS)
    assert plan.facts["base"].outputs["out"] == (EXAMPLES, BASE)
    assert plan.facts["correlation"].sizes == {"base": BASE, "dim": DIM}
    assert plan.facts["scores"].weights == {"factors": (3,)}

    built = materialise(plan, known, seed=0, name="desire-net")
    training, model = built.training, DesireNet()
    model.feature, model.correlation, model.attention = training.feature, training.correlation, training.attention
    image, targets = torch.randn(EXAMPLES, 3, 32, 32), torch.ones(EXAMPLES, 6, dtype=torch.int8)
    novel = torch.randn(6, DIM)  # other labels than it was built for
    found = training(image=image, targets=targets, labels_vectors=novel)
    features, given = training.trunk(training.pool(training.backbone(image).last)), training.known(novel, image)
    torch.testing.assert_close(found["scores"], model(features, given.base, novel, given.mask))
    sum(found[name] for name in built.loss_weights).backward()
    assert [name for name, weight in training.named_parameters() if weight.grad is None] == []


def test_base_labels_that_change_from_task_to_task_are_refused(shaped):
    with pytest.raises(SpecErrors) as caught:
        shaped("[trunk, known.base, labels.vectors, known.mask]}", "[trunk, labels.vectors, labels.vectors]}")
    (error,) = caught.value.errors
    assert error.code == "label-space"
    assert error.message == (  # the mask is that of the base labels, which do not change
        "`labels.vectors` and `labels.base_mask` do not fit together in `correlation`: "
        "m is 4 in `labels.vectors` and 3 in `labels.base_mask`"
    )
    assert error.notes[-1].message.startswith("it fits 3 labels and no other number")
