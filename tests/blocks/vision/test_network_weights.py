from __future__ import annotations

import pickle
from urllib.error import URLError

import pytest
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


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("text", ["no weights\n", ""])
def test_not_weights(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert "expected safetensors or a PyTorch state dict" in refused(tmp_path / name)


def test_a_state_dict_of_other_things(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "weights.pth")
    assert "expected a state dict of tensors" in refused(tmp_path / "weights.pth")


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


def test_only_the_file_s_existence_is_checked_without_storage(tmp_path):
    (tmp_path / "weights.pth").write_text("no weights")
    with on_meta():
        backbone(tmp_path / "weights.pth")
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
