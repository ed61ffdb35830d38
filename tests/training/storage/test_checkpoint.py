import json

import pytest
import torch
from safetensors.torch import save_file

from compose.training.storage.checkpoint import Checkpoints, read_tree, write_tree
from compose.training.storage.nested_state import flatten, unflatten
from compose.training.training_errors import CheckpointError

TREE = {
    "weights": {"a.b": torch.arange(4.0), "half": torch.ones(2, dtype=torch.bfloat16)},
    "optimizer": {
        "state": {0: {"step": torch.tensor(3.0)}, 1: {}},
        "groups": [{"betas": (0.9, 0.999), "params": [0, 1]}],
    },
    "none": None,
    "best": 0.1 + 0.2,
    "empty": torch.zeros(0, 3),
    "$odd": {"$tensor": 1},
}


def equal(left, right) -> bool:
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(equal, left, right))
    return left == right


def test_a_tree_comes_back_from_json_and_tensors():
    plain, tensors = flatten(TREE)
    assert equal(unflatten(json.loads(json.dumps(plain)), tensors), TREE)


def test_a_tree_holds_no_objects():
    with pytest.raises(TypeError, match="a/0: expected tensors and plain values, got object"):
        flatten({"a": [object()]})


def test_a_tree_comes_back_from_a_file(tmp_path):
    write_tree(tmp_path / "a.safetensors", TREE)
    assert equal(read_tree(tmp_path / "a.safetensors"), TREE)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.safetensors"]
    (tmp_path / "other").touch()
    assert (tmp_path / "a.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_tied_and_strided_weights_are_stored(tmp_path):
    weight = torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)
    write_tree(tmp_path / "a.safetensors", {"one": weight, "two": weight, "part": weight[0]})
    tree = read_tree(tmp_path / "a.safetensors")
    assert torch.equal(tree["one"], weight)
    assert torch.equal(tree["two"], weight)
    assert torch.equal(tree["part"], weight[0])


def test_the_newest_two_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    assert checkpoints.newest() is None
    for step in (5, 20, 100):
        checkpoints.write(step, {"step": step})
    path, tree = checkpoints.newest()
    assert tree == {"step": 100}
    assert sorted(checkpoints.folder.iterdir()) == [checkpoints.folder / "step-000000020.safetensors", path]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "header"])
def test_a_damaged_file_is_passed_over_for_the_one_before(tmp_path, damage):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.write(step, {"step": step, "x": torch.arange(1000)})
    path = tmp_path / "step-000000002.safetensors"
    content = bytearray(path.read_bytes())
    content[-1000] ^= damage == "flipped"
    content[3] ^= 255 * (damage == "header")
    path.write_bytes(content[: {"truncated": len(content) // 2, "empty": 0}.get(damage)])
    assert checkpoints.newest()[1]["step"] == 1
    (told,) = checkpoints.damaged
    assert told.startswith(f"{path}: the file is damaged")


def test_no_whole_checkpoint_lists_each_problem(tmp_path):
    (tmp_path / "step-000000001.safetensors").write_bytes(b"rubbish")
    save_file({"x": torch.ones(1)}, tmp_path / "step-000000002.safetensors")
    with pytest.raises(CheckpointError) as caught:
        Checkpoints(tmp_path).newest()
    first, second, third = str(caught.value).splitlines()
    assert first.startswith("no checkpoint of this run is whole; bring one of ")
    assert first.endswith(" back from a copy, or begin a new run without --resume:")
    wanted = "expected a checkpoint of this edition of compose, got another safetensors file"
    assert f"step-000000002.safetensors: {wanted}" in second
    assert "step-000000001.safetensors: the file is damaged" in third


def test_a_checkpoint_of_another_edition_is_told_as_such(tmp_path):
    path = tmp_path / "step-000000001.safetensors"
    save_file({"x": torch.ones(1)}, path, metadata={"format": "compose-checkpoint-1", "state": "{}"})
    with pytest.raises(CheckpointError, match="this edition of compose, got one of another edition"):
        Checkpoints(tmp_path).newest()
    assert Checkpoints(tmp_path).glance() is None


def test_a_glance_reads_no_tensors(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.glance() is None
    checkpoints.write(7, {"step": 7, "x": torch.ones(2)})
    assert checkpoints.glance() == {"step": 7, "x": {"$tensor": "x"}}
    (tmp_path / "step-000000008.safetensors").write_bytes(b"rubbish")
    assert checkpoints.glance()["step"] == 7
    assert checkpoints.step == 8


def test_every_flipped_bit_is_seen(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tree(path, {"model": {"w": torch.tensor([[1.5, 2.5]])}, "step": 3})
    content = path.read_bytes()
    for position in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[position] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(CheckpointError, match=r"a\.safetensors"):
                read_tree(path)
