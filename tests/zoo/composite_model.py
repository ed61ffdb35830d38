"""A packaged composite in a small model, with the weights of modules of torch, and what it computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

import compose

SIZE, BATCH, CHANNELS = 16, 3, 8
HEAD = """
name: small
data: {use: glyph_scenes, size: 16}
labels: {vectors: {use: wordnet, dim: 8}}
train: {main: {stage: supervised, batch: 4}}
loss: {rank: {use: ranknet, in: scores}}
model:
  start: {use: convolution, in: image, channels: 8, norm: none, activation: none}
  coarse: {use: pool, in: start, window: 2}
  coarsest: {use: pool, in: coarse, window: 3, stride: 2}
  single: {use: pool, in: coarsest, window: 3}
  tokens: {use: rearrange, in: coarse, pattern: "b c h w -> b (h w) c"}
  scene: {use: reduce, in: start, pattern: "b c h w -> b c"}
  mask: {use: reduce, in: tokens, pattern: "b t d -> b t"}
  tested: NODE
MORE  flat: {use: reduce, in: OUTPUT, pattern: "PATTERN"}
  last: {use: linear, in: [flat, labels.vectors]}
  scores: {use: einsum, in: [last, labels.vectors], pattern: "b d, l d -> b l"}
"""


class CompositeModel:
    """A model around a composite, in double precision.

    Args:
        node: what stands after ``tested:``.
        sources: the nodes that feed it.
        output: what the scores are made of.
        more: other nodes that read it.
        pattern: how that becomes a vector for each image.
    """

    def __init__(
        self, node: str, *sources: str, output: str = "tested", more: str = "", pattern: str = "b c h w -> b c"
    ) -> None:
        text = HEAD.replace("NODE", node).replace("PATTERN", pattern).replace("OUTPUT", output).replace("MORE", more)
        self.model = compose.load(text).build().training.double()
        self.sources = sources

    def take(self, modules: Mapping[str, nn.Module]) -> None:
        """Copy the weights of these modules to those of the composite; every weight must be copied.

        Args:
            modules: path inside the composite -> module.
        """
        mine = {name for name, _ in self.model.get_submodule("tested").named_parameters()}
        for path, module in modules.items():
            found = self.model.get_submodule(f"tested.{path}")
            state = module.state_dict()
            wanted = {name: value.reshape(found.state_dict()[name].shape) for name, value in state.items()}
            found.load_state_dict(wanted)
            mine -= {f"{path}.{name}" for name in state}
        assert mine == set()

    def run(self, values: Sequence[Tensor], wanted: Sequence[str], *, training: bool) -> list[Tensor]:
        """What nodes inside the composite give for these values of its sources."""
        self.model.train(training)
        nodes = {node.name: node for node in self.model.graph.nodes}
        known = dict(zip((nodes[source] for source in self.sources), values, strict=True))
        given = {
            nodes["image"]: torch.ones(BATCH, 3, SIZE, SIZE).double(),
            nodes["targets"]: torch.ones(BATCH, 128, dtype=torch.int8),
            nodes["labels_vectors"]: torch.ones(128, 8).double(),
        }
        interpreter = fx.Interpreter(self.model, garbage_collect_values=False)
        interpreter.run(initial_env={**given, **known})
        return [interpreter.env[nodes[f"tested_{name.replace('.', '_')}"]] for name in wanted]

    def gradients(self, modules: Mapping[str, nn.Module]) -> dict[str, tuple[Any, Any]]:
        """Weight -> its gradient here and in the module that it is from."""
        return {
            f"{path}.{name}": (self.model.get_parameter(f"tested.{path}.{name}").grad, parameter.grad)
            for path, module in modules.items()
            for name, parameter in module.named_parameters()
        }


def assert_same(
    tested: CompositeModel,
    reference: nn.Module,
    modules: Mapping[str, nn.Module],
    values: Sequence[Tensor],
    wanted: Sequence[str],
    *,
    seed: int | None = None,
) -> None:
    """Outputs, gradients and running statistics equal those of a module, in training and in evaluation.

    Args:
        tested: the composite.
        reference: the module; takes the values in order and returns a tensor or a list of such.
        modules: path inside the composite -> the part of the module that has the same weights.
        values: what feeds both.
        wanted: the nodes inside the composite that compute what the module returns.
        seed: of what both draw while training.
    """
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm2d):
            _randomise(module)
    tested.take(modules)
    for training in (True, False):
        reference.train(training)
        inputs = [[value.clone().requires_grad_() for value in values] for _ in range(2)]
        torch.manual_seed(seed or 0)
        there = reference(*inputs[1])
        expected = list(there) if isinstance(there, list | tuple) else [there]
        torch.manual_seed(seed or 0)
        got = tested.run(inputs[0], wanted, training=training)
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-10)
        probes = [torch.randn_like(value) for value in expected]
        for outputs in (got, expected):
            reference.zero_grad() if outputs is expected else tested.model.zero_grad()
            sum((value * probe).sum() for value, probe in zip(outputs, probes, strict=True)).backward()  # type: ignore[union-attr]
        torch.testing.assert_close([x.grad for x in inputs[0]], [x.grad for x in inputs[1]], rtol=1e-8, atol=1e-9)
        for name, (mine, theirs) in tested.gradients(modules).items():
            assert theirs is not None, name
            torch.testing.assert_close(mine, theirs.reshape(mine.shape), rtol=1e-8, atol=1e-9)
    for path, module in modules.items():
        for name, buffer in module.named_buffers():
            torch.testing.assert_close(tested.model.get_buffer(f"tested.{path}.{name}"), buffer)


def _randomise(norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
