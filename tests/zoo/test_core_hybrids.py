"""Hybrids that take no code: small specs of the core vocabulary, each of which validates and trains a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import load, train
from compose.checks.problems import problems

HEAD = """
name: hybrid
data: {use: glyph_scenes, size: 32, train: 8, val: 4, test: 8}
labels: {vectors: {use: wordnet, dim: 16}}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, batch: 8, epochs: 1, validate_every: 0}}
evaluate: {tasks: [zsl], metrics: [map]}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8, 16], taps: [block2, block3]}
"""
PLACES = 'places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}'
HYBRIDS = {
    "a mean over an axis": """
  {places}
  mean: {use: reduce, in: places, pattern: "b r c -> b c", how: mean}
  semantics: {use: linear, in: [mean, labels.vectors]}
  scores: {use: einsum, in: [semantics, labels.vectors], pattern: "b d, l d -> b l"}
""",
    "a sum of two branches": """
  {places}
  regions: {use: linear, in: [places, labels.vectors]}
  of_regions: {use: max_similarity, in: regions}
  scene: {use: reduce, in: backbone.last, pattern: "b c h w -> b c", how: max}
  scene_semantics: {use: linear, in: [scene, labels.vectors]}
  of_scene: {use: einsum, in: [scene_semantics, labels.vectors], pattern: "b d, l d -> b l"}
  scores: {use: add, in: [of_regions, of_scene], learned: true}
""",
    "tokens to a map and back": """
  {places}
  placed: {use: positional_encoding, in: places}
  layers: {use: transformer_layer, in: placed, heads: 4, hidden: 32, repeat: 2, carry: [tokens]}
  map: {use: rearrange, in: [layers, backbone.last], pattern: "b (h w) c, b x h w -> b c h w"}
  deeper: {use: convolution, in: map, channels: 16}
  again: {use: rearrange, in: deeper, pattern: "b c h w -> b (h w) c"}
  semantics: {use: linear, in: [again, labels.vectors]}
  scores: {use: max_similarity, in: semantics}
""",
    "a gather by the winner": """
  attended: {use: shared_multi_attention, in: backbone.last, modules: 3}
  first: {use: bilinear, in: attended.features}
  chosen: {use: select, in: [attended.features, first.winner], pattern: "b m c, b l -> b l c"}
  scores: {use: label_bilinear, in: [chosen, labels.vectors]}
""",
    "cosines with the labels' vectors": """
  {places}
  regions: {use: linear, in: [places, labels.vectors]}
  unit: {use: normalise, in: regions}
  cosines: {use: cosine, in: [unit, labels.vectors]}
  best: {use: top_k_mean, in: cosines, k: 3, dims: "b r l", axis: r}
  scores: {use: scale, in: best, factor: 10, learned: true}
""",
    "learned tokens that ask an image": """
  {places}
  learned: {use: parameter, in: places, shape: "4 c", dims: "b r c"}
  asking: {use: repeat, in: [learned, places], pattern: "m c, b r x -> b m c"}
  attended: {use: multihead_attention, in: {query: asking, key: places}, heads: 4}
  normed: {use: layer_norm, in: attended.features}
  semantics: {use: linear, in: [normed, labels.vectors]}
  scores: {use: max_similarity, in: semantics}
""",
    "a pyramid from the top down, and a gate of its channels": """
  top: {use: convolution, in: backbone.maps.1, channels: 16, kernel: 1, norm: none, activation: none}
  below: {use: convolution, in: backbone.maps.0, channels: 16, kernel: 1, norm: none, activation: none}
  larger: {use: resize, in: [top, below]}
  merged: {use: add, in: [larger, below]}
  smaller: {use: pool, in: merged, kind: max, window: 2}
  squeezed: {use: reduce, in: smaller, pattern: "b c h w -> b c"}
  excited: {use: mlp, in: squeezed, sizes: [4, 16]}
  gates: {use: rearrange, in: excited, pattern: "b c -> b c 1 1"}
  gated: {use: gate, in: [smaller, gates]}
  normed: {use: group_norm, in: gated, groups: 4}
  pooled: {use: reduce, in: normed, pattern: "b c h w -> b c"}
  semantics: {use: linear, in: [pooled, labels.vectors]}
  distances: {use: distance, in: [semantics, labels.vectors], kind: squared}
  scores: {use: scale, in: distances, factor: -1}
""",
}
UNTOUCHED = {"a gather by the winner": ["first"]}
"""Nodes that no loss reaches: what picks has no gradient."""


@pytest.mark.parametrize("name", HYBRIDS)
def test_it_validates_and_trains(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hybrid.yaml").write_text(HEAD.lstrip() + HYBRIDS[name].replace("{places}", PLACES).lstrip("\n"))
    made = load("hybrid.yaml")
    assert problems(made) == []
    before = made.build().inference.named_parameters()
    trained = dict(train("hybrid.yaml", out="run", device="cpu").model.named_parameters())
    changed = {key.split(".")[0]: not value.equal(trained[key]) for key, value in before}
    assert [node for node, moved in changed.items() if not moved] == UNTOUCHED.get(name, [])
