from __future__ import annotations

import pickle
from urllib.error import URLError

import open_clip
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.model.meta import on_meta

CHANNELS = [4, 8]


def backbone(weights="none", **options):
    return Backbone(3, **{"arch": "conv64", "channels": CHANNELS, "weights": weights, **options})


def state():
    return backbone().body.state_dict()


def refused(weights, **options):
    with pytest.raises(BlockError) as raised:
        backbone(weights, **options)
    assert raised.value.parameter == "weights"
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("weights.safetensors", save_file),
        ("weights.pth", torch.save),
        ("checkpoint.pt", lambda tensors, path: torch.save({"state_dict": tensors, "epoch": 3}, path)),
        ("parallel.pt", lambda tensors, path: torch.save({f"module.{k}": v for k, v in tensors.items()}, path)),
    ],
)
def test_round_trip(tmp_path, name, save):
    tensors = state()
    save(tensors, tmp_path / name)
    loaded = backbone(tmp_path / name).body.state_dict()
    assert all(tensors[name].equal(value) for name, value in loaded.items())


def test_weights_of_the_whole_network_fill_a_part(tmp_path):
    whole = torchvision.models.resnet18(weights=None).state_dict()
    save_file(whole, tmp_path / "resnet18.safetensors")
    part = Backbone(3, arch="resnet18", taps=["layer1"], weights=tmp_path / "resnet18.safetensors").body.state_dict()
    assert len(part) < len(whole)
    assert all(whole[name].equal(value) for name, value in part.items())


def test_missing_file(tmp_path):
    assert "not there" in refused(tmp_path / "none.pth")
    assert "a folder" in refused(tmp_path)


def test_missing_weight(tmp_path):
    tensors = state()
    del tensors["block2.0.weight"]
    torch.save(tensors, tmp_path / "weights.pth")
    assert "got none for block2.0.weight" in refused(tmp_path / "weights.pth")


def test_wrong_shape(tmp_path):
    torch.save(state(), tmp_path / "weights.pth")
    message = refused(tmp_path / "weights.pth", channels=[4, 9])
    assert "block2.0.weight of shape [9, 4, 3, 3], got [8, 4, 3, 3]" in message


def test_a_state_dict_of_other_things(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "weights.pth")
    assert "it holds a dict of epoch, no state dict of tensors" in refused(tmp_path / "weights.pth")


class Payload:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_code_in_a_file_is_not_run(tmp_path, capsys):
    torch.save({"weight": Payload()}, tmp_path / "weights.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload()))
    refused(tmp_path / "weights.pth")
    refused(tmp_path / "plain.pth")
    assert "executed" not in capsys.readouterr().out


def test_names_and_shapes_are_checked_without_storage(tmp_path):
    torch.save(state(), tmp_path / "weights.pth")
    with on_meta():
        backbone(tmp_path / "weights.pth")
        refused(tmp_path / "weights.pth", channels=[4, 9])
        refused(tmp_path / "none.pth")


def test_imagenet(monkeypatch):
    network = torchvision.models.resnet18(weights=None).state_dict()
    monkeypatch.setattr(torchvision.models.ResNet18_Weights, "get_state_dict", lambda self, **options: network)
    loaded = Backbone(3, arch="resnet18", weights="imagenet").body.state_dict()
    assert loaded["conv1.weight"].equal(network["conv1.weight"])
    with pytest.raises(BlockError, match=r"conv1.weight of shape \[64, 3, 3, 3\], got \[64, 3, 7, 7\]"):
        Backbone(3, arch="resnet18", weights="imagenet", stem="small")


def test_imagenet_offline(monkeypatch):
    def fail(self, **options):
        raise URLError("no network")

    monkeypatch.setattr(torchvision.models.ResNet18_Weights, "get_state_dict", fail)
    message = refused("imagenet", arch="resnet18", channels=None)
    assert "resnet18-" in message
    assert "no network" in message
    assert "put the file into" in message


def test_networks_without_imagenet_weights():
    assert "conv64, which has no ImageNet weights" in refused("imagenet")


# --- published weights, and images of another size -------------------------------------------------------------------


def test_weights_of_torchvision_by_name(monkeypatch):
    network = torchvision.models.resnet18(weights=None).state_dict()
    asked = []

    def state(self, **options):
        asked.append(self.name)
        return network

    monkeypatch.setattr(torchvision.models.ResNet50_Weights, "get_state_dict", state)
    with pytest.raises(BlockError):  # of another network
        Backbone(3, arch="resnet50", weights="IMAGENET1K_V2")
    with pytest.raises(BlockError):
        Backbone(3, arch="resnet50", weights="imagenet")
    assert asked == ["IMAGENET1K_V2", "IMAGENET1K_V1"]


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ("imagenet", "vit_tiny_patch16_224.augreg_in21k_ft_in1k"),
        ("augreg_in21k", "vit_tiny_patch16_224.augreg_in21k"),
    ],
)
def test_weights_of_timm_by_tag(monkeypatch, weights, name):
    create, asked = timm.create_model, []

    def made(model, *, pretrained=False, **options):
        if pretrained:
            asked.append((model, options))
        return create(model, **options)

    monkeypatch.setattr(timm, "create_model", made)
    Backbone(4, 32, 32, arch="timm/vit_tiny_patch16_224", weights=weights)
    assert asked == [(name, {"in_chans": 4, "img_size": (32, 32)})]


def test_weights_of_open_clip_by_tag(monkeypatch):
    asked = []

    def made(name, **options):
        asked.append((name, options))
        raise ConnectionError("no network")

    monkeypatch.setattr(open_clip, "create_model", made)
    with on_meta():
        Backbone(3, 64, 64, arch="open_clip/RN50", weights="openai")  # only checked
    assert asked == []
    message = refused("openai", arch="open_clip/RN50", channels=None)
    assert asked == [("RN50", {"pretrained": "openai", "force_image_size": 224})]
    assert message == "cannot download the weights openai of open_clip/RN50 (no network); name a file of them here"


@pytest.mark.parametrize(
    ("arch", "known"), [("timm/resnet18", "a1_in1k"), ("open_clip/RN50", "yfcc15m"), ("resnet50", "IMAGENET1K_V2")]
)
def test_a_name_that_is_no_weights(arch, known):
    message = refused("open_ai", arch=arch, channels=None)
    assert message.startswith("expected a file of weights or one of ")
    assert known in message
    assert message.endswith("got open_ai, which is not there")


def test_networks_of_timm_without_imagenet_weights():
    with on_meta():
        message = refused("imagenet", arch="timm/vit_base_patch16_siglip_224", channels=None)
    assert message.startswith("expected none, v2_webli")
    assert message.endswith("timm/vit_base_patch16_siglip_224, which has no ImageNet weights, got imagenet")


@pytest.mark.parametrize(
    ("arch", "make", "prefix"),
    [
        ("timm/vit_tiny_patch16_224", lambda: timm.create_model("vit_tiny_patch16_224", img_size=64), ""),
        ("vit_b_32", lambda: torchvision.models.vit_b_32(image_size=128), ""),
        ("open_clip/ViT-B-32", lambda: Backbone(3, 128, 128, arch="open_clip/ViT-B-32").body, "visual."),
    ],
)
def test_position_embeddings_for_images_of_another_size(tmp_path, arch, make, prefix):
    state = make().state_dict()
    name = next(name for name in state if "pos" in name and "embed" in name)
    rows = torch.arange(4.0).repeat_interleave(4)  # of the 4 × 4 places' rows, after that of the class token
    state[name] = torch.cat([torch.tensor([9.0]), rows])[:, None].expand(state[name].shape).contiguous()
    save_file({prefix + key: value for key, value in state.items()}, tmp_path / "weights.safetensors")
    size = 32 if "16" in arch else 64
    body = Backbone(3, size, size, arch=arch, weights=tmp_path / "weights.safetensors").body
    found = body.state_dict()[name].reshape(5, -1)[:, 0]
    assert found[0] == 9
    assert found[1] == found[2] < found[3] == found[4]
    torch.testing.assert_close(found[1:].mean(), torch.tensor(1.5))


def test_position_embeddings_of_no_grid(tmp_path):
    arch = "timm/vit_tiny_patch16_224"
    state = timm.create_model("vit_tiny_patch16_224", img_size=(32, 64)).state_dict()
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(BlockError, match=r"pos_embed of shape \[1, 5, 192\], got \[1, 9, 192\]"):
        Backbone(3, 32, 32, arch=arch, weights=tmp_path / "weights.safetensors")
