"""Networks of four libraries as one block: equal to the original, trained a step, exported, without storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import open_clip
import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

import compose
from compose.blocks.vision.backbone import Backbone, BackboneOutput
from compose.model.meta import construct

SIZE = 64


@dataclass(frozen=True)
class Original:
    """How a library's own network is made, and what it makes of what the backbone gives.

    Args:
        make: the network.
        scores: its scores, or its embedding, from the backbone's output.
        tokens: its last tokens, ``b t c``; None for a network without.
        pooling: of the backbone.
    """

    make: Callable[[], Any]
    scores: Callable[[Any, BackboneOutput], Tensor]
    tokens: Callable[[Any, Tensor], Tensor] | None = None
    pooling: str | None = None


def torchvision_tokens(network: Any, image: Tensor) -> Tensor:
    patches = network._process_input(image)
    tokens = torch.cat([network.class_token.expand(len(image), -1, -1), patches], dim=1)
    return network.encoder(tokens)[:, 1:]


def clip_tokens(network: Any, image: Tensor) -> Tensor:
    network.output_tokens = True
    _, tokens = network(image)
    network.output_tokens = False
    return tokens


def clip() -> nn.Module:
    return open_clip.create_model("ViT-B-32", force_image_size=SIZE).visual


def of_timm(name: str, **options: Any) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, **options)


def timm_scores(network: Any, found: BackboneOutput) -> Tensor:
    return network.forward_head(found.last)


NETWORKS: dict[str, Original] = {
    "vit_b_16": Original(
        lambda: torchvision.models.vit_b_16(image_size=SIZE), lambda n, found: n.heads(found.pooled), torchvision_tokens
    ),
    "swin_t": Original(torchvision.models.swin_t, lambda n, found: n.head(found.pooled)),
    "timm/resnet18": Original(of_timm("resnet18"), timm_scores),
    "timm/mobilenetv3_small_100": Original(of_timm("mobilenetv3_small_100"), timm_scores),
    "timm/convnext_tiny": Original(of_timm("convnext_tiny"), timm_scores),
    "timm/vit_tiny_patch16_224": Original(
        of_timm("vit_tiny_patch16_224", img_size=SIZE),
        lambda n, found: n.head(found.pooled),
        lambda n, image: n.forward_features(image)[:, 1:],
    ),
    "timm/swin_tiny_patch4_window7_224": Original(
        of_timm("swin_tiny_patch4_window7_224", img_size=SIZE),
        lambda n, found: n.forward_head(found.last.permute(0, 2, 3, 1)),
    ),
    "open_clip/ViT-B-32": Original(clip, lambda n, found: found.pooled, clip_tokens, "own"),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> tuple[str, Any, Backbone]:
    """A name, the library's network and the backbone, with the same weights by the same names."""
    torch.manual_seed(0)
    original = NETWORKS[request.param]
    theirs = original.make().eval()
    ours = Backbone(3, SIZE, SIZE, arch=request.param, pooling=original.pooling).eval()
    state = theirs.state_dict()
    ours.body.load_state_dict({name: state[name] for name in ours.body.state_dict()})
    return request.param, theirs, ours


def images(number: int = 2) -> Tensor:
    return torch.randn(number, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(number))


def test_equal_to_the_original(network):
    name, theirs, ours = network
    original, image = NETWORKS[name], images()
    with torch.no_grad():
        found = ours(image)
        torch.testing.assert_close(original.scores(theirs, found), theirs(image))
        if original.tokens:
            torch.testing.assert_close(found.tokens, original.tokens(theirs, image))
    assert found.last.shape[2:] == (SIZE // ours.strides[0], SIZE // ours.strides[0])
    assert found.tokens.equal(found.last.flatten(2).transpose(1, 2))


def test_exported(network):
    _, _, ours = network
    exported = torch.export.export(ours, (images(),), dynamic_shapes=({0: torch.export.Dim.AUTO},)).module()
    with torch.no_grad():
        for found, expected in zip(exported(images(3))[1:], ours(images(3))[1:], strict=True):
            torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_made_without_storage(name):
    backbone, way = construct(lambda: Backbone(3, SIZE, SIZE, arch=name))
    assert way == "meta"
    assert all(tensor.is_meta for tensor in backbone.state_dict().values())


@pytest.mark.parametrize("name", NETWORKS)
def test_trained_one_step(name):
    """In a spec, where nothing but the name of the network changes; every weight gets a gradient."""
    built = compose.load(spec(name)).build()
    model = built.training.train()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    targets = torch.full((2, 161), -1, dtype=torch.int8)
    targets[:, ::3] = 1
    known = {"image": images(), "targets": targets, "labels_vectors": torch.randn(161, 8)}
    model(**{name: known[name] for name in built.inputs})["loss.rank"].backward()
    optimizer.step()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []
    moved = [name for name, weight in model.named_parameters() if not weight.equal(before[name])]
    assert len(moved) > 0.4 * len(before)  # residual branches may begin with a factor of 0


def spec(arch: str) -> dict[str, Any]:
    """The plainest model over a network."""
    return {
        "name": "any-network",
        "data": {"use": "glyph_scenes", "size": SIZE, "train": 4, "val": 4, "test": 4},
        "labels": {"vectors": {"use": "wordnet", "dim": 8}},
        "model": {
            "backbone": {"use": "backbone", "arch": arch},
            "regions": {"use": "linear", "in": ["backbone.tokens", "labels.vectors"]},
            "scores": {"use": "max_similarity", "in": ["regions", "labels.vectors"]},
        },
        "loss": {"rank": {"use": "ranknet", "in": "scores"}},
        "train": {"main": {"stage": "supervised", "batch": 2, "epochs": 1}},
        "evaluate": {"tasks": ["zsl"], "metrics": ["map"]},
    }


@pytest.mark.parametrize("name", ["timm/vit_tiny_patch16_224", "timm/mobilenetv3_small_100"])
def test_a_run(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    run = compose.train({**spec(name), "data": {"use": "glyph_scenes", "size": 32, "train": 4, "val": 4, "test": 8}})
    assert run.results is not None
    assert 0 < run.results["zsl"].metrics["map"] <= 1
