"""A block that fails is told at the line of its file, with the node that uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose.errors import SpecError, SpecErrors
from compose.registry.registry import Registry, load_block_file, registry
from compose.spec.read import read_spec
from compose.training.prepare import Prepared, prepare

SPEC = """\
name: small
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 12}}
train: {main: {stage: supervised, batch: 4}}
loss: {rank: {use: ranknet, in: scores}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8, 8, 12], pools: 2}
  gate: {use: my_gate, in: backbone.last}
  places: {use: rearrange, in: gate, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
"""
BLOCK = """\
from typing import NamedTuple
from jaxtyping import Float
import torch
from torch import Tensor, nn
from compose.block import Dim, block

class Out(NamedTuple):
    maps: Float[Tensor, "b c h w"]
    mean: Float[Tensor, "b c"]

@block(name="my_gate")
class Gate(nn.Module):
    '''Let some of a map through.'''
    def __init__(self, channels: Dim[int, " c"]) -> None:
        super().__init__()
        {init}
    def forward(self, maps: Float[Tensor, "b c h w"]) -> {result}:
        {forward}
"""
MAP = 'Float[Tensor, "b c h w"]'
VALUES = "it asks for a tensor's values, which no tensor has while shapes are worked out"


@pytest.fixture
def prepared_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Prepared]:
    def made(init: str = "pass", forward: str = "return maps", result: str = MAP) -> Prepared:
        monkeypatch.chdir(tmp_path)
        Path("small.yaml").write_text(SPEC)
        Path("mine.py").write_text(BLOCK.format(init=init, forward=forward, result=result))
        known = Registry(registry().all())
        load_block_file(Path("mine.py"), known)
        return prepare(read_spec("small.yaml", known=known))

    return made


@pytest.fixture
def refusal(prepared_with: Callable[..., Prepared]) -> Callable[..., SpecError]:
    def made(**options: str) -> SpecError:
        with pytest.raises(SpecErrors) as caught:
            _ = prepared_with(**options).shaped
        (error,) = caught.value.errors
        return error

    return made


@pytest.mark.parametrize(
    ("init", "line", "message"),
    [
        ("self.x = missing", "16:18", "`gate` cannot be made: NameError: name 'missing' is not defined"),
        ("raise ValueError('too many')", "16:9", "`gate` cannot be made: too many"),
        ("self.x = 1 / (channels - 12)", "16:18", "`gate` cannot be made: ZeroDivisionError: division by zero"),
        ("self.x = {}['x']", "16:18", "`gate` cannot be made: KeyError: 'x'"),
        ("self.x = torch.zeros(-channels)", "16:18", "`gate` cannot be made: its layers do not take `channels` 12"),
        ("raise RuntimeError", "16:9", "`gate` cannot be made: RuntimeError: no message"),
        ("nn.MultiheadAttention(channels, 7)", "16:9", "`gate` cannot be made: its layers do not take `channels` 12"),
        ("self.x = nn.Linear(channels)", "16:18", None),
    ],
)
def test_at_the_line_of_init(refusal, init: str, line: str, message: str | None) -> None:
    error = refusal(init=init)
    assert f"{error.place}" == f"mine.py:{line}"
    assert message is None or error.message == message
    assert (error.notes[0].message, str(error.notes[0].place)) == ("`gate` uses the block `my_gate`", "small.yaml:8:3")


@pytest.mark.parametrize(
    ("init", "construction"),
    [
        ("self.x = nn.Linear(channels, 3)", "meta"),
        ("self.x = int(torch.ones(2).sum())", "weights"),
        ("self.x = [n.item() for n in torch.linspace(0, 1, 3)]", "weights"),
        ("self.x = nn.Linear(channels, 3); self.to('cpu')", "real"),
        ("self.x = nn.Linear(channels, 3); self.x.weight.mean().item()", "real"),
        ("self.x = nn.Linear(channels, 3); self.half().float()", "meta"),
    ],
)
def test_ordinary_constructors(prepared_with, init: str, construction: str) -> None:
    shaped = prepared_with(init=init).shaped
    assert shaped.facts["gate"].construction == construction
    module = shaped.walk.modules["gate"]
    assert all(tensor.is_meta for tensor in [*module.parameters(), *module.buffers()])


def test_lazy_modules(refusal) -> None:
    error = refusal(init="self.x = nn.LazyLinear(3)")
    assert error.message == "`gate` cannot be made: it has lazy modules, whose sizes are not known before data arrives"
    assert (str(error.place), str(error.notes[0].place)) == ("mine.py:12:7", "small.yaml:8:3")


CHANGES = "`gate` changes its input `maps` in place, and with it what other nodes read"


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        ("maps.relu_(); return maps", CHANGES),
        ("maps[:, 0] = 0; return maps", CHANGES),
        ("maps.flatten(2).mul_(2); return maps.exp()", CHANGES),
        (
            "y = maps.exp(); y += 1; return y",
            "`gate` fails in the backward pass: it changes a tensor in place that its backward pass needs as it was",
        ),
        (
            "return maps * torch.ones(12, 1, 1, device='cpu')",
            "`gate` fails on these shapes: it computes with a tensor that is no input, parameter or buffer, and would",
        ),
        (
            "return maps * maps.cpu().mean()",
            "`gate` fails on these shapes: it takes a tensor's values off its device, and no tensor has any",
        ),
    ],
)
def test_what_cannot_be_trained(refusal, forward: str, message: str) -> None:
    error = refusal(forward=forward)
    assert error.message.startswith(message)
    assert str(error.place).startswith("mine.py:")


@pytest.mark.parametrize(
    ("forward", "column", "message"),
    [
        ("return missing(maps)", 16, "NameError: name 'missing' is not defined"),
        ("return {}['é'] + self.missing", 16, "KeyError: 'é'"),
        ("return self.missing", 16, "AttributeError: 'Gate' object has no attribute 'missing'"),
        ("return maps if maps.sum() > 0 else maps", 24, VALUES),
        ("return maps * maps.mean().item()", 23, VALUES),
        (
            "return maps[maps > 0]",
            16,
            "it makes a tensor whose shape depends on another's values, "
            "which no tensor has while shapes are worked out",
        ),
        (
            "return maps.detach().numpy()",
            16,
            "it leaves torch for numpy, which needs values, and no tensor has them while shapes are worked out",
        ),
    ],
)
def test_at_the_line_of_forward(refusal, forward: str, column: int, message: str) -> None:
    error = refusal(forward=forward)
    assert str(error.place) == f"mine.py:18:{column}"
    assert error.message == f"`gate` fails on these shapes: {message}"
    assert [note.message for note in error.notes] == [
        "`gate` uses the block `my_gate`",
        "`backbone.last` is 4 × 12 × 8 × 8; `gate.maps` takes b c h w",
    ]


@pytest.mark.parametrize(
    ("forward", "got"), [("return None", "nothing (None)"), ("return maps, maps", "a tuple of 2"), ("return 3", "`3`")]
)
def test_what_is_no_tensor(refusal, forward: str, got: str) -> None:
    error = refusal(forward=forward)
    assert error.code == "output-shape"
    assert error.message.startswith(f"`gate.out` is {got}, but its block declares b c h w")
    assert (str(error.place), str(error.notes[0].place)) == ("mine.py:17:58", "small.yaml:8:3")


@pytest.mark.parametrize(
    ("forward", "got"),
    [
        ("return maps, maps.mean((2, 3))", "`tuple`"),
        ("return None", "nothing (None)"),
        ("return [maps]", "a list of 1"),
    ],
)
def test_a_plain_tuple_where_ports_have_names(refusal, forward: str, got: str) -> None:
    error = refusal(forward=forward, result="Out")
    assert error.message == f"`forward` of `gate` returned {got}, but declares the ports maps, mean"
    assert (str(error.place), str(error.notes[0].place)) == ("mine.py:17:58", "small.yaml:8:3")


def test_our_own_blocks_are_told_at_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gate = "  gate: {use: my_gate, in: backbone.last}\n"
    Path("small.yaml").write_text(SPEC.replace(gate, "").replace("in: gate,", "in: backbone.last,"))

    def fail(*_: object, **__: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("compose.blocks.scoring.max_similarity.MaxSimilarity.forward", fail)
    with pytest.raises(SpecErrors) as caught:
        _ = prepare(read_spec("small.yaml")).shaped
    (error,) = caught.value.errors
    assert error.message == "`scores` fails on these shapes"
    assert str(error.place) == "small.yaml:10:3"


@pytest.mark.parametrize(
    ("forward", "doing"),
    [
        ("return maps @ torch.ones(3, 5)", "it multiplies 4 × 12 × 8 × 8 by 3 × 5 as matrices"),
        ("return nn.functional.linear(maps, torch.ones(7, 5))", "a linear layer for 5 entries gets 4 × 12 × 8 × 8"),
        (
            "return nn.functional.conv2d(maps, torch.ones(7, 5, 3, 3))",
            "a 3 × 3 convolution for 5 channels gets 4 × 12 × 8 × 8",
        ),
        (
            "return nn.functional.conv2d(maps, torch.ones(6, 2, 3, 3), groups=3)",
            "a 3 × 3 convolution for 6 channels gets 4 × 12 × 8 × 8",
        ),
        (
            "return torch.cat([maps, maps[..., :4]], 1)",
            "it joins 4 × 12 × 8 × 8 and 4 × 12 × 8 × 4 along dim 1",
        ),
        ("return maps.view(4, 5, -1)", "it makes 4 × 5 × -1 of 4 × 12 × 8 × 8"),
        ("return maps.reshape((4, 5, 8))", "it makes 4 × 5 × 8 of 4 × 12 × 8 × 8"),
        ("return maps + maps[:, :5]", "it combines 4 × 12 × 8 × 8 and 4 × 5 × 8 × 8 entry by entry"),
        ("return maps * maps.mean((2, 3))", "it combines 4 × 12 × 8 × 8 and 4 × 12 entry by entry"),
        (
            "return torch.einsum('bchw,bd->bdhw', maps, maps.mean((2, 3, 1)))",
            "its sum of products `bchw,bd->bdhw` does not take 4 × 12 × 8 × 8 and 4",
        ),
        ("return maps.mean(5)", "its `mean` does not take 4 × 12 × 8 × 8"),
        ("return maps.permute(0, 2, 1)", "its `permute` does not take 4 × 12 × 8 × 8"),
        (
            "return nn.functional.batch_norm(maps, torch.zeros(5), torch.ones(5))",
            "it normalises 4 × 12 × 8 × 8 by values of 5",
        ),
        ("return nn.functional.layer_norm(maps, [5], torch.ones(5))", "it normalises 4 × 12 × 8 × 8 by values of 5"),
        (
            "import einops; return einops.rearrange(maps, 'b c h -> b h c')",
            "its pattern `b c h -> b h c` does not fit 4 × 12 × 8 × 8",
        ),
        ("return maps[:, :, :, :, 0]", "it picks entries of 4 × 12 × 8 × 8"),
    ],
)
def test_an_operation_is_told_by_its_shapes(refusal, forward: str, doing: str) -> None:
    """Not in the words of the library, which knows nothing of the spec."""
    error = refusal(forward=forward)
    assert error.message == f"`gate` fails on these shapes: {doing}"
    assert str(error.place).startswith("mine.py:18:")


def test_what_only_a_library_can_tell_stands_beside_a_users_block(refusal) -> None:
    error = refusal(forward="import json; return json.loads('no')")
    assert error.message == "`gate` fails on these shapes"
    assert error.notes[1].message == "json says: Expecting value: line 1 column 1 (char 0)"
