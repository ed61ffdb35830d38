"""What a block of the user's does wrong when it is made or called: found in the dry run, at its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose.checks.problems import notes
from compose.errors import SpecError, SpecErrors
from compose.model.build import materialise
from compose.registry.registry import Registry, load_block_file, registry
from compose.spec.read import read_spec
from compose.training.prepare import Prepared, prepare

SPEC = """\
name: small
data: {use: glyph_scenes, size: 32, train: 8, val: 4, test: 4}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 12]}
  gate: {use: my_gate, in: backbone.last}
  places: {use: rearrange, in: gate, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
loss: {rank: {use: my_loss, in: scores}}
train: {main: {stage: supervised, batch: 4, epochs: 1}}
evaluate: {tasks: [zsl], metrics: [map]}
"""
BLOCK = '''\
import os, random, sys
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from compose.block import Dim, block, loss

K = torch.ones(12, 1, 1)

class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g): {backward}

@block(name="my_gate")
class Gate(nn.Module):
    """Let some of a map through."""
    def __init__(self, channels: Dim[int, " c"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.kept = None
        self.plain = torch.ones(channels, 1, 1)
        {init}
    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        {forward}
        return maps * self.weight

@loss(name="my_loss")
class Loss(nn.Module):
    """A loss."""
    def forward(self, scores: Float[Tensor, "b l"], targets: Int[Tensor, "b l"]) -> Float[Tensor, ""]:
        {loss}
        return (scores * targets).mean()
'''
INIT, DECLARED, FORWARD, LOSS = 25, 26, 27, 34
VALUES = "fails on these shapes: it asks for a tensor's values, which no tensor has while shapes are worked out"
SHAPE = "fails on these shapes: it makes a tensor whose shape depends on another's values"
LEAVES = "fails on these shapes: it takes a tensor's values off its device"
NUMPY = "fails on these shapes: it leaves torch for numpy"
BEHIND = "fails on these shapes: it computes with a tensor that is no input, parameter or buffer"
CHANGES = "changes its input `maps` in place, and with it what other nodes read"
SEED = "it seeds the random numbers of all blocks"
GPU = "it puts a tensor on a GPU by itself"

WHOLE = "it has a weight of whole numbers or truth values, and only floating-point numbers have a gradient"

MADE = {
    "raise ValueError('no')": "cannot be made: no",
    "raise SystemExit(3)": "cannot be made: it ends the program",
    "os._exit(3)": "cannot be made: it ends the program",
    "raise KeyboardInterrupt": "cannot be made: KeyboardInterrupt: no message",
    "raise type('X', (BaseException,), dict())('no')": "cannot be made: X: no",
    "open('/nowhere/x')": "cannot be made: FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/x'",
    "torch.load('/nowhere.pt')": "cannot be made: FileNotFoundError: [Errno 2] No such file",
    "x = torch.ones(10**13, device='cpu')": "cannot be made: it asks for more memory than the machine has",
    "torch.manual_seed(0)": f"cannot be made: {SEED}",
    "torch.set_default_dtype(torch.float64)": "cannot be made: it sets a default of torch's",
    "self.net = torch.compile(nn.Identity())": "cannot be made: it compiles itself",
    "self.x = nn.Parameter(torch.zeros(channels, dtype=torch.int64))": f"cannot be made: {WHOLE}",
    "self.x = nn.Parameter(torch.ones(channels).bool())": f"cannot be made: {WHOLE}",
    "self.register_buffer('x', torch.arange(channels).requires_grad_())": f"cannot be made: {WHOLE}",
    "self.x = nn.Conv2d(channels, 7, 3, groups=5)": "cannot be made: its layers do not take `channels` 12",
}
CALLED = {
    "if maps.mean().item() > 0: maps = maps + 1": VALUES,
    "if maps.sum() > 0: maps = maps + 1": VALUES,
    "while maps.sum() > 0: maps = maps - 1": VALUES,
    "for _ in range(maps.sum().int()): maps = maps + 1": VALUES,
    "assert not maps.isnan().any()": VALUES,
    "print(f'{maps.mean():.3f}')": VALUES,
    "n = int(maps.max())": VALUES,
    "torch.masked_select(maps, maps > 0)": VALUES,
    "torch.equal(maps, maps)": VALUES,
    "torch.tensor([maps.mean()])": VALUES,
    "i = (maps > 0).nonzero()": SHAPE,
    "x = maps[maps > 0]": SHAPE,
    "x = torch.unique(maps)": SHAPE,
    "x = torch.bincount(maps.flatten().long())": SHAPE,
    "x = maps.tolist()": LEAVES,
    "x = maps.detach().cpu().numpy()": LEAVES,
    "x = maps.detach().numpy()": NUMPY,
    "x = np.mean(maps)": NUMPY,
    "maps = maps * torch.ones(1, device='cpu')": BEHIND,
    "maps = maps * torch.tensor([1.0])": BEHIND,
    "maps = maps * K": BEHIND,
    "maps = maps * self.plain": BEHIND,
    "assert maps.shape[0] == 17": "fails on these shapes: its `assert` does not hold",
    "raise SystemExit(3)": "fails on these shapes: it ends the program",
    "sys.exit('no')": "fails on these shapes: it ends the program",
    "raise type('X', (BaseException,), dict())('no')": "fails on these shapes: X: no",
    "raise type('X', (Exception,), {'__str__': lambda e: 1 / 0})()": "fails on these shapes: X: no message",
    "return self(maps)": "fails on these shapes: it calls itself without end",
    "maps = nn.Conv2d(12, 12, 1)(maps)": "fails on these shapes: it makes weights when it is called",
    "self.z = nn.Parameter(torch.ones(3))": "fails on these shapes: it makes weights when it is called",
    "maps = torch.compile(lambda x: x)(maps)": "fails on these shapes: it compiles itself",
    "torch.manual_seed(0)": f"fails on these shapes: {SEED}",
    "torch.add(maps, 1, out=maps)": "fails on these shapes: it writes into a tensor (`out=`)",
    "self.weight.mul_(2)": "fails on these shapes: it changes its weights in place",
    "(maps * self.weight).sum().backward()": "fails on these shapes: it takes a gradient of its own",
    "maps.relu_()": CHANGES,
    "maps += 1": CHANGES,
    "maps[:, 0] = 0": CHANGES,
    "maps.data.mul_(2)": CHANGES,
    "maps.detach().mul_(2)": CHANGES,
    "maps.flatten(2).mul_(2)": CHANGES,
    "maps.untyped_storage().fill_(0)": CHANGES,
    "torch._foreach_mul_([maps.detach()], 2.0)": CHANGES,
    "with torch.no_grad(): maps.mul_(2)": CHANGES,
    "F.relu(maps, inplace=True)": CHANGES,
    "if not self.training: maps.mul_(2)": CHANGES,
}
RETURNED = {
    "return None": "`gate.out` is nothing (None), but its block declares b c h w",
    "return {'out': maps}": "`gate.out` is a dict of 1, but its block declares b c h w",
    "return self": "`gate.out` is a Gate, but its block declares b c h w",
    "return maps.double()": "`gate.out` is 4 × 12 × 8 × 8, but its block declares b c h w: its values are float64",
    "return maps.half()": "`gate.out` is 4 × 12 × 8 × 8, but its block declares b c h w: its values are float16",
    "return torch.zeros(maps.shape)": "`gate.out` is 4 × 12 × 8 × 8, but its block declares b c h w: it is made on",
    "return maps.mean((2, 3))": "`gate.out` is 4 × 12, but its block declares b c h w: expected 4 dims",
    "self.kept = maps.mean() + (0 if self.kept is None else self.kept); return maps + self.kept": (
        "`gate` keeps `kept` from one call to the next and computes with it"
    ),
}
LOSSES = {
    "scores.sub_(1)": "changes its input `scores` in place, and with it what other nodes read",
    "scores.data.sub_(1)": "changes its input `scores` in place, and with it what other nodes read",
    "targets.clamp_(0)": "changes its input `targets` in place, and with it what other nodes read",
    "targets[targets < 0] = 0": "changes its input `targets` in place, and with it what other nodes read",
    "if (targets > 0).sum() == 0: return scores.sum() * 0": VALUES,
    "return scores[targets > 0].mean()": SHAPE,
}


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Prepared]:
    def made(**parts: str) -> Prepared:
        monkeypatch.chdir(tmp_path)
        filled = {"init": "pass", "forward": "pass", "loss": "pass", "backward": "return g * 2", **parts}
        Path("small.yaml").write_text(SPEC)
        Path("mine.py").write_text(BLOCK.format(**filled))
        known = Registry(registry().all())
        load_block_file(Path("mine.py"), known)
        return prepare(read_spec("small.yaml", known=known))

    return made


@pytest.fixture
def refusal(prepared: Callable[..., Prepared]) -> Callable[..., SpecError]:
    def made(**parts: str) -> SpecError:
        with pytest.raises(SpecErrors) as caught:
            _ = prepared(**parts).shaped
        assert caught.value.exit_code == 2
        return caught.value.errors[0]

    return made


@pytest.mark.parametrize("init", MADE)
def test_a_constructor(refusal: Callable[..., SpecError], init: str) -> None:
    error = refusal(init=init)
    assert str(error.place).startswith(f"mine.py:{INIT}:")
    assert error.message.startswith(f"`gate` {MADE[init]}")
    assert [str(note.place) for note in error.notes if note.place] == ["small.yaml:6:3"]


@pytest.mark.parametrize("forward", CALLED)
def test_a_call(refusal: Callable[..., SpecError], forward: str) -> None:
    error = refusal(forward=forward)
    assert str(error.place).startswith(f"mine.py:{FORWARD}:")
    assert error.message.startswith(f"`gate` {CALLED[forward]}")
    assert str(error.notes[0].place) == "small.yaml:6:3"


@pytest.mark.parametrize("forward", RETURNED)
def test_a_result(refusal: Callable[..., SpecError], forward: str) -> None:
    error = refusal(forward=forward)
    assert str(error.place).startswith(f"mine.py:{DECLARED}:")
    assert error.message.startswith(RETURNED[forward])
    assert str(error.notes[0].place) == "small.yaml:6:3"


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss(refusal: Callable[..., SpecError], loss: str) -> None:
    error = refusal(loss=loss)
    assert str(error.place).startswith(f"mine.py:{LOSS}:")
    assert error.message.startswith(f"`loss.rank` {LOSSES[loss]}")


def test_a_tensor_without_a_place_in_the_module_may_be_moved(prepared: Callable[..., Prepared]) -> None:
    assert prepared(forward="maps = maps * self.plain.to(maps.device)").shaped


def test_what_a_block_makes_itself_it_may_change(prepared: Callable[..., Prepared]) -> None:
    assert prepared(forward="y = maps + 1; y += 1; y.relu_(); maps = y").shaped


def test_a_block_without_super_init(refusal: Callable[..., SpecError], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "BLOCK", BLOCK.replace("        super().__init__()\n", "", 1))
    error = refusal()
    assert (str(error.place), error.expected) == (
        "mine.py:21:9",
        "`super().__init__()` as the first line of `__init__`",
    )


def test_gradients_switched_off_for_all(refusal: Callable[..., SpecError]) -> None:
    import torch

    error = refusal(forward="torch.set_grad_enabled(False)")
    assert error.message == "`gate` fails on these shapes: it switches gradients off or on for what follows"
    assert torch.is_grad_enabled()


def test_a_backward_pass(refusal: Callable[..., SpecError]) -> None:
    error = refusal(forward="maps = Twice.apply(maps)", backward="raise ValueError('back')")
    assert (str(error.place), error.message) == ("mine.py:15:27", "`gate` fails in the backward pass: back")


def test_a_warning_is_a_note(prepared: Callable[..., Prepared], recwarn: pytest.WarningsRecorder) -> None:
    made = prepared(init="import warnings; warnings.warn('careful'); torch.nn.init.zeros_(torch.empty(0))")
    assert "`gate`, when it is made: careful" in notes(made)
    materialise(made.shaped, made.spec.registry, seed=0, name="small")
    assert [str(warned.message) for warned in recwarn if "careful" in str(warned.message)] == []


def test_what_a_block_prints_is_no_result(
    prepared: Callable[..., Prepared], capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepared(init="print('made')", forward="print('called')").shaped
    out, err = capsys.readouterr()
    assert out == ""
    assert set(err.splitlines()) == {"made", "called"}


@pytest.mark.parametrize("drawn", ["np.random.rand()", "random.random()", "torch.rand(()).item()"])
def test_what_is_drawn_follows_the_seed(prepared: Callable[..., Prepared], drawn: str) -> None:
    made = prepared(init=f"self.register_buffer('drawn', torch.tensor({drawn}))")
    first, second, third = (
        materialise(made.shaped, made.spec.registry, seed=seed, name="small").training.state_dict()["gate.drawn"]
        for seed in (0, 0, 1)
    )
    assert first == second
    assert first != third


def test_a_state_that_is_no_tensor(refusal: Callable[..., SpecError]) -> None:
    error = refusal(init="type(self).get_extra_state = lambda self: {'a': 1}")
    assert "`gate` has `_extra_state` in its state, which is no tensor" in error.message
    assert error.place is not None
    assert error.place.document.name.endswith(".py")
