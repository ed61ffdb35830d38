"""Where a model of episodes looks, layer by layer, and the part of a model that gives the scores."""

from __future__ import annotations

import pytest
import torch

from compose import load
from compose.training.prepare import Prepared
from compose.training.storage.weights import fit

SPEC = """
name: fewshot
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
blocks:
  layer:
    inputs: [state, support, query, targets]
    model:
      spatial: {use: spatial_attention, in: [state, support, query]}
      task: {use: task_attention, in: [spatial.query_features, spatial.support_features, targets]}
    outputs: {context: task.context, state: task.state}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  episodes: {use: split_episodes, in: backbone.last}
  state: {use: reduce, in: episodes.query, pattern: "e q c h w -> e q c"}
  layers:
    use: layer
    in: [state, episodes.support, episodes.query, support.targets]
    repeat: 2
    carry: [state]
    collect: [context]
  scores: {use: context_classifier, in: layers.context}
  semantic: {use: semantic_branch, in: backbone.last}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  semantic: {use: cross_entropy, in: semantic}
train: {main: {stage: episodic, ways: 3, shots: 2, queries: 1, batch: 2}}
evaluate: {tasks: [episodes], ways: 3, shots: 2, queries: 1}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    path = tmp_path_factory.mktemp("spec") / "fewshot.yaml"
    path.write_text(SPEC)
    return load(str(path))


def episodes() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    support = torch.where(torch.arange(3).repeat_interleave(2)[:, None] == torch.arange(3), 1, -1).to(torch.int8)
    image = torch.randn(2 * 9, 1, 16, 16, generator=generator)
    return {"image": image, "support_targets": support.expand(2, -1, -1)}


def test_each_layer_tells_where_it_looks(made: Prepared) -> None:
    built = made.build()
    built.training.eval()
    seen, scores = built.looking(**episodes()), built.inference(**episodes())["scores"]
    assert torch.equal(seen.pop("scores"), scores)
    assert {key: tuple(value.shape) for key, value in seen.items()} == {
        f"{port}.{layer}": shape
        for port, shape in {
            "query_attention": (2, 3, 4, 4), "support_attention": (2, 3, 6, 4, 4), "episode_attention": (2, 3, 6)
        }.items()
        for layer in range(2)
    }  # fmt: skip
    for key, value in seen.items():
        places = value.flatten(2 if key.startswith(("query", "episode")) else 3)
        torch.testing.assert_close(places.sum(-1), torch.ones(places.shape[:-1]))
    assert not torch.equal(seen["query_attention.0"], seen["query_attention.1"])


def test_the_scoring_part_gives_the_same_scores_from_the_same_weights(made: Prepared) -> None:
    whole, part = made.build(), made.scoring().build()
    assert part.loss_weights == {}
    assert part.inputs == ("image", "support_targets")
    assert set(whole.nodes) - set(part.nodes) == {"semantic"}
    with torch.no_grad():
        for weight in whole.training.parameters():
            weight.add_(0.1)
    fit(part.training, whole.training.state_dict(), "run", nodes=part.nodes)
    for built in (whole, part):
        built.training.eval()
    assert torch.equal(part.inference(**episodes())["scores"], whole.inference(**episodes())["scores"])
