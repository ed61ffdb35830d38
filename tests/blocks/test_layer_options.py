"""What may be chosen of the layers inside a block: as if one had put other layers there by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from compose.block import BlockError
from compose.blocks.attention.group_attention import GroupAttention
from compose.blocks.attention.ml2p_encoder import ML2PEncoder
from compose.blocks.core.layers.layer_options import LayerOptions
from compose.blocks.inference.attention_inference import AttentionInference
from compose.blocks.inference.correlation_inference import CorrelationInference
from compose.blocks.inference.feature_inference import FeatureInference
from compose.blocks.inference.semantic_features import SemanticFeatures
from compose.blocks.scoring.label_head import LabelHead
from compose.blocks.scoring.relation_module import RelationModule
from compose.blocks.vision.backbone import Backbone
from compose.blocks.vision.forward_pyramid import ForwardPyramid

IMAGE = torch.randn(4, 3, 32, 32)
VECTORS, BASE = torch.randn(5, 6), torch.randn(7, 6)
TARGETS = torch.tensor([[[1, -1], [-1, 1]]], dtype=torch.int8)

Make = Callable[..., nn.Module]
CASES: dict[str, tuple[Make, tuple[Any, ...]]] = {
    "conv64": (lambda **o: Backbone(3, 32, 32, arch="conv64", channels=[4, 6], **o), (IMAGE,)),
    "resnet12": (lambda **o: Backbone(3, 32, 32, arch="resnet12", channels=[4, 6], **o), (IMAGE,)),
    "resnet18": (lambda **o: Backbone(3, 32, 32, arch="resnet18", taps=["layer1"], **o), (IMAGE,)),
    "forward_pyramid": (
        lambda **o: ForwardPyramid((3, 3), 6, groups=2, level_channels=[4, 5], **o),
        ([IMAGE, IMAGE[..., ::2, ::2]], VECTORS),
    ),
    "relation_module": (lambda **o: RelationModule(3, 32, 32, size=4, **o), (IMAGE, TARGETS)),
    "group_attention": (lambda **o: GroupAttention(6, 3, **o), (torch.randn(2, 3, 6),)),
    "ml2p_encoder": (lambda **o: ML2PEncoder(6, 3, 5, 5, **o), (torch.randn(2, 3, 6, 5, 5),)),
    "label_head": (lambda **o: LabelHead(6, hidden=8, **o), (torch.randn(2, 5, 6),)),
    "semantic_features": (lambda **o: SemanticFeatures(6, 6, hidden=[8], **o), (torch.randn(2, 6), BASE)),
    "feature_inference": (lambda **o: FeatureInference(6, 6, hidden=[8], **o), (torch.randn(2, 6), VECTORS)),
    "attention_inference": (lambda **o: AttentionInference(6, 6, hidden=[8], **o), (torch.randn(2, 6), BASE, VECTORS)),
}


def _set_norms(block: nn.Module, **values: float) -> None:
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d) or hasattr(module, "eps"):
            for name, value in values.items():
                setattr(module, name, value)


def _swap(block: nn.Module, old: type[nn.Module], new: Callable[[], nn.Module]) -> int:
    """Put other layers in the place of all of a type."""
    there = [
        (parent, name) for parent in block.modules() for name, child in parent.named_children() if type(child) is old
    ]
    for parent, name in there:
        setattr(parent, name, new())
    return len(there)


def _results(block: nn.Module, given: tuple[Any, ...]) -> list[Tensor]:
    """In training and then in evaluation, with what a batch norm has learned by then."""
    found = []
    for training in (True, False):
        torch.manual_seed(5)
        found += list(_tensors(block.train(training)(*given)))
    return found


def _tensors(value: Any) -> Iterator[Tensor]:
    for item in value if isinstance(value, tuple | list) else [value]:
        yield from [item] if isinstance(item, Tensor) else _tensors(item)


def _made(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    made = CASES[name][0](**options)
    torch.manual_seed(1)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.3)
    return made


@pytest.mark.parametrize(
    "name", ["conv64", "resnet12", "resnet18", "forward_pyramid", "relation_module", "ml2p_encoder"]
)
def test_what_a_norm_adds_and_how_fast_it_follows(name: str) -> None:
    values = {"eps": 0.3, "momentum": 0.7} if name != "ml2p_encoder" else {"eps": 0.3}
    chosen, by_hand, usual = _made(name, **values), _made(name), _made(name)
    _set_norms(by_hand, **values)
    given = CASES[name][1]
    found, expected, before = (_results(block, given) for block in (chosen, by_hand, usual))
    torch.testing.assert_close(found, expected)
    assert not torch.equal(found[0], before[0])


ACTIVATIONS = {
    "conv64": nn.ReLU,
    "resnet12": nn.LeakyReLU,
    "forward_pyramid": nn.ReLU,
    "relation_module": nn.ReLU,
    "group_attention": nn.GELU,
    "ml2p_encoder": nn.GELU,
    "label_head": nn.ReLU,
    "semantic_features": nn.ReLU,
    "feature_inference": nn.ReLU,
    "attention_inference": nn.ReLU,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_another_activation(name: str) -> None:
    chosen, by_hand = _made(name, activation="silu"), _made(name)
    assert _swap(by_hand, ACTIVATIONS[name], nn.SiLU) > 0
    given = CASES[name][1]
    torch.testing.assert_close(_results(chosen, given), _results(by_hand, given))


@pytest.mark.parametrize("name", ["conv64", "resnet12", "label_head"])
def test_a_leaky_one_of_another_slope(name: str) -> None:
    chosen, by_hand = _made(name, activation="leaky_relu", slope=0.3), _made(name)
    assert _swap(by_hand, ACTIVATIONS[name], lambda: nn.LeakyReLU(0.3)) > 0
    given = CASES[name][1]
    torch.testing.assert_close(_results(chosen, given), _results(by_hand, given))


@pytest.mark.parametrize(
    "name", ["conv64", "resnet12", "forward_pyramid", "relation_module", "ml2p_encoder", "label_head"]
)
def test_dropout_drops_while_training_alone(name: str) -> None:
    given = CASES[name][1]
    dropping, usual = _made(name, dropout=0.5), _made(name)
    layers = [module for module in dropping.modules() if isinstance(module, nn.Dropout)]
    assert layers
    assert {layer.p for layer in layers} == {0.5}
    first, second = (next(_tensors(dropping.train()(*given))) for _ in range(2))
    assert not torch.equal(first, second)
    for block in (dropping, usual):
        _set_norms(block.eval(), running_mean=None, running_var=None)  # statistics of the batch
    torch.testing.assert_close(list(_tensors(dropping(*given))), list(_tensors(usual(*given))))


def test_the_order_of_norm_and_activation() -> None:
    chosen = _made("conv64", order=["conv", "activation", "norm"])
    by_hand = _made("conv64")
    for block in by_hand.body.children():
        convolution, norm, activation, *rest = block
        layers = nn.Sequential(convolution, activation, norm, *rest)
        block.forward = layers.forward
    torch.testing.assert_close(_results(chosen, (IMAGE,)), _results(by_hand, (IMAGE,)))


def test_norm_and_activation_before_the_convolution_leave_their_input_alone() -> None:
    options = LayerOptions(order=("activation", "norm", "conv"))
    x = torch.randn(2, 3, 4, 4)
    before = x.clone()
    relu, norm, convolution = layers = options.layer(nn.Conv2d(3, 5, 1))
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.num_features == 3
    torch.testing.assert_close(nn.Sequential(*layers)(x), convolution(norm(before.relu())))
    assert torch.equal(x, before)
    assert isinstance(relu, nn.ReLU)


def test_a_bias_of_the_correlations() -> None:
    given = torch.randn(2, 6), BASE, VECTORS
    biased, plain = CorrelationInference(7, 6, bias=True), CorrelationInference(7, 6)
    plain.relation.weight = biased.relation.weight
    torch.testing.assert_close(biased(*given), plain(*given) + biased.relation.bias @ VECTORS.mT)


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"arch": "resnet18", "activation": "gelu"}, "activation"),
        ({"arch": "resnet18", "dropout": 0.5}, "dropout"),
        ({"arch": "resnet12", "order": ["norm", "activation", "conv"]}, "order"),
        ({"arch": "conv64", "order": ["norm", "norm", "conv"]}, "order"),
        ({"arch": "vgg11", "eps": 1e-3}, "eps"),
        ({"arch": "vit_b_32", "momentum": 0.01}, "momentum"),
    ],
)
def test_what_a_network_does_not_have(options: dict[str, Any], parameter: str) -> None:
    with pytest.raises(BlockError) as caught:
        Backbone(3, 32, 32, **options)
    assert caught.value.parameter == parameter
