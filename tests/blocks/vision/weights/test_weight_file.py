"""Every file that a user may name as weights is read rightly, or refused by one message that says what helps."""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.model.meta import on_meta
from compose.training.storage.checkpoint import write_tree
from compose.training.storage.weights_file import write_weights

CHANNELS = [4, 8]


def backbone(weights: str | Path = "none", *, channels: list[int] | None = None) -> Backbone:
    return Backbone(3, arch="conv64", channels=channels or CHANNELS, weights=weights)


def state(seed: int = 1) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return {
        name: torch.randn(value.shape) if value.is_floating_point() else value
        for name, value in backbone().body.state_dict().items()
    }


def are_loaded(weights: Path, expected: dict[str, Tensor]) -> bool:
    """Whether a backbone takes these weights from a file, without a mistake also where only shapes are known."""
    with on_meta():
        backbone(weights)
    found = backbone(weights).body.state_dict()
    return all(torch.equal(found[name], value.float()) for name, value in expected.items() if value.is_floating_point())


def refused(weights: Path, *, abstract: bool = True) -> str:
    """The message of a file that is refused, as it is already where only shapes are known unless that cannot be."""
    messages = []
    for attempt in (_checked, backbone) if abstract else (backbone,):
        with pytest.raises(BlockError) as raised:
            attempt(weights)
        assert raised.value.parameter == "weights"
        messages.append(str(raised.value))
    assert len(set(messages)) == 1
    return messages[0]


def _checked(weights: Path) -> Backbone:
    with on_meta():
        return backbone(weights)


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in tensors.items()}


class Options(dict[str, Any]):
    """A configuration of another program."""


class History(list[float]):
    """What another program logged."""


WRAPPED: dict[str, Callable[[dict[str, Tensor], dict[str, Tensor]], Any]] = {
    "a plain state dict": lambda own, other: own,
    "torch.compile": lambda own, other: prefixed("_orig_mod.", own),
    "several GPUs": lambda own, other: prefixed("module.", own),
    "torch.compile of several GPUs": lambda own, other: prefixed("_orig_mod.module.", own),
    "Lightning": lambda own, other: {
        "state_dict": prefixed("model.", own),
        "epoch": 3,
        "hyper_parameters": Options(a=1),
    },
    "Lightning, net": lambda own, other: {"state_dict": prefixed("net.encoder.", own)},
    "MMPretrain": lambda own, other: {"state_dict": {**prefixed("backbone.", own), "head.fc.weight": torch.ones(2, 2)}},
    "timm": lambda own, other: {"model": own, "epoch": 3, "best": np.float64(0.5)},
    "timm, averaged": lambda own, other: {"state_dict": other, "state_dict_ema": own},
    "DINO": lambda own, other: {
        "student": prefixed("module.backbone.", other),
        "teacher": prefixed("backbone.", own),
        "args": argparse.Namespace(lr=0.1, history=History([0.5, 0.25]), date=datetime.date(2030, 1, 2)),
    },
    "MoCo": lambda own, other: {
        "state_dict": {**prefixed("module.encoder_k.", other), **prefixed("module.encoder_q.", own)}
    },
    "BYOL": lambda own, other: {**prefixed("target_network.", other), **prefixed("online_network.", own)},
    "a tutorial's": lambda own, other: {"model_state_dict": own, "optimizer_state_dict": {"state": {0: {"a": other}}}},
    "other values beside it": lambda own, other: {**own, "epoch": 3, "note": "text"},
    "with a classifier": lambda own, other: {**own, "fc.0.weight": torch.ones(3), "classifier.bias": torch.ones(3)},
    "half precision": lambda own, other: {name: value.half() for name, value in own.items()},
    "without batch norm's counters": lambda own, other: {k: v for k, v in own.items() if "num_batches" not in k},
    "a dict of another program": lambda own, other: Options(own),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("name", WRAPPED)
def test_what_training_programs_save(tmp_path: Path, name: str, newer: bool) -> None:
    own = state(1)
    saved = WRAPPED[name](own, state(2))
    torch.save(saved, tmp_path / "weights.pth", _use_new_zipfile_serialization=newer)
    expected = {key: value.half() for key, value in own.items()} if name == "half precision" else own
    assert are_loaded(tmp_path / "weights.pth", expected)


def test_a_dict_that_lies_in_itself(tmp_path: Path) -> None:
    loop: dict[str, Any] = {"state_dict": state()}
    loop |= {f"again{number}": loop for number in range(40)}
    torch.save(loop, tmp_path / "weights.pth")
    assert are_loaded(tmp_path / "weights.pth", state())


@pytest.mark.parametrize("name", ["weights.safetensors", "pytorch_model.bin", "weights"])
def test_safetensors_by_any_name(tmp_path: Path, name: str) -> None:
    save_file(prefixed("model.", state()), tmp_path / name)
    assert are_loaded(tmp_path / name, state())


def test_the_weights_of_a_run_start_another_model(tmp_path: Path) -> None:
    trained = {**prefixed("backbone.body.", state()), "head.weight": torch.ones(2, 2)}
    write_weights(tmp_path / "last.safetensors", trained, step=3)
    assert are_loaded(tmp_path / "last.safetensors", state())


def test_weights_of_a_run_that_have_changed(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    write_weights(path, prefixed("backbone.body.", state()), step=3)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    message = refused(path, abstract=False)
    assert message.endswith("it is not what the run wrote (its checksum does not fit); download or copy it again")


def test_a_changed_bit_of_what_pytorch_saved(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(state(), path)
    content = bytearray(path.read_bytes())
    content[content.index(state()["block1.0.weight"].numpy().tobytes()) + 9] ^= 4
    path.write_bytes(content)
    assert "it is damaged" in refused(path, abstract=False)


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 46\n", "fetch that with `git lfs pull`"),
        (b"<!DOCTYPE html><title>404</title>", "it is a web page (HTML)"),
        (b"\n<html>", "it is a web page (HTML)"),
        (b"not found", "it is text, no weights"),
        (json.dumps({"error": "no"}).encode(), "it is JSON, no weights"),
        (b'{"metadata": {}, "weight_map": {"a": "model-1-of-2.safetensors"}}', "the files that weights are split into"),
        (gzip.compress(b"weights"), "it is packed (gzip); unpack it"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "it is HDF5, as Keras saves weights"),
        (b"GGUF" + bytes(50), "it is GGUF"),
        (b"\x93NUMPY\x01\x00", "it is a numpy array"),
        (b"\x00\x01\xfe" * 20, "it is of no form that is known"),
        (pickle.dumps({"a": np.ones(3)}), "it is damaged, or holds what is no state dict"),
    ],
)
def test_what_is_no_file_of_weights(tmp_path: Path, content: bytes, what: str, ending: str) -> None:
    path = tmp_path / f"weights.{ending}"
    path.write_bytes(content)
    message = refused(path)
    assert message.startswith(f"expected safetensors or a PyTorch state dict, got {path}: ")
    assert what in message


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("name", "save"), [("a.pth", torch.save), ("a.safetensors", save_file)])
def test_a_file_that_is_cut_off(tmp_path: Path, name: str, save: Any, half: bool) -> None:
    save(state(), tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2] if half else content[:-1])
    assert "it is cut off or damaged" in refused(tmp_path / name)


def test_the_older_form_that_is_cut_off(tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "a.pth").write_bytes((tmp_path / "a.pth").read_bytes()[:-100])
    assert "it is damaged" in refused(tmp_path / "a.pth")


def test_archives(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    assert "an archive of numpy arrays" in refused(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme", "text")
    assert "a zip archive of other files" in refused(tmp_path / "a.zip")
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        packed.add(tmp_path / "a.zip", "a.zip")
    assert "it is packed (tar)" in refused(tmp_path / "a.tar")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_whole_modules_and_programs_are_not_run(tmp_path: Path) -> None:
    torch.save(backbone().body, tmp_path / "module.pth")
    message = refused(tmp_path / "module.pth")
    assert "it is a pickled object (compose.blocks.vision.conv64.Conv64)" in message
    assert "torch.save(model.state_dict(), ...)" in message
    torch.jit.script(nn.Linear(2, 2)).save(tmp_path / "program.pt")
    assert "it is a TorchScript program" in refused(tmp_path / "program.pt")


def test_a_checkpoint_of_a_run(tmp_path: Path) -> None:
    write_tree(tmp_path / "step-000000001.safetensors", {"model": state()})
    assert "weights/last.safetensors" in refused(tmp_path / "step-000000001.safetensors")


def test_places_where_there_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.pth").endswith("none.pth, which is not there")
    assert refused(tmp_path).endswith("which is a folder")
    assert "not there" in refused(tmp_path / ("a" * 5000))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "not there" in refused(tmp_path / "loop")
    own = tmp_path / "run" / "weights" / "last.safetensors"
    own.parent.mkdir(parents=True)
    write_weights(own, state(), step=1)
    assert refused(tmp_path / "run").endswith(
        "a folder; a run's weights are in " + str(tmp_path / "run/weights/last.safetensors")
    )


# --- weights that are not the network's own --------------------------------------------------------------------------


def saved(tmp_path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file(tensors, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_weights_of_another_architecture(tmp_path: Path) -> None:
    message = refused(saved(tmp_path, {"layer1.weight": torch.ones(3), "fc.bias": torch.ones(2)}))
    assert "got those of another network" in message
    assert "its names are such as fc.bias, layer1.weight" in message


def test_weights_of_a_deeper_network(tmp_path: Path) -> None:
    more = {**state(), "block2.7.weight": torch.ones(8), "block3.0.weight": torch.ones(8)}
    message = refused(saved(tmp_path, more))
    assert message.endswith("it also has block2.7.weight")


def test_half_of_the_weights_are_missing(tmp_path: Path) -> None:
    half = {name: value for name, value in state().items() if name.startswith("block1")}
    message = refused(saved(tmp_path, half))
    assert "got none for block2.0.weight, block2.1.weight, block2.1.bias and 2 more, 5 of its 12 in " in message


def test_weights_of_a_wider_network(tmp_path: Path) -> None:
    wide = dict(backbone(channels=[4, 9]).body.state_dict())
    message = refused(saved(tmp_path, wide))
    assert "with block2.0.weight of shape [8, 4, 3, 3], got [9, 4, 3, 3] (5 of 12 differ)" in message


@pytest.mark.parametrize("abstract", [True, False])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(tmp_path: Path, value: float, abstract: bool) -> None:
    tensors = state()
    tensors["block2.0.weight"][0, 0, 0, :2] = value
    message = refused(saved(tmp_path, prefixed("model.", tensors)), abstract=abstract)
    assert message.endswith("in block2.0.weight: 2 are NaN or infinite")


def test_weights_of_another_part_need_not_be_finite(tmp_path: Path) -> None:
    head = torch.full((3,), torch.nan)
    backbone(weights=saved(tmp_path, {**prefixed("model.", state()), "head.bias": head}))


def test_weights_of_whole_numbers(tmp_path: Path) -> None:
    message = refused(saved(tmp_path, {**state(), "block1.0.weight": torch.ones(4, 3, 3, 3, dtype=torch.int8)}))
    assert "got block1.0.weight int8" in message


def test_several_networks_in_one_file(tmp_path: Path) -> None:
    message = refused(saved(tmp_path, {**prefixed("left.", state(1)), **prefixed("right.", state(2))}))
    assert "got 2 in " in message
    assert "in left, right; save those of one of them" in message
