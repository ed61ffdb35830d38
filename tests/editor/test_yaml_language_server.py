"""The published schema in the language server that editors use."""

from __future__ import annotations

from typing import Any

import pytest

from compose.spec.layers.spec_files import find_spec, zoo_names

SPEC = """\
name: example
data: {use: glyph_scenes}
labels: {vectors: {use: wordnet, dim: 300}}
model:
  backbone: {use: backbone, in: image, arch: conv64}
  pyramid: {use: forward_pyramid, in: backbone, groups: 7}
  deeper: {use: convolution, in: pyramid, channels: 2100}
  groups: {use: channel_groups, in: deeper}
  encoder: {use: ml2p_encoder, in: groups}
  relation: {use: group_attention, in: {semantics: encoder}}
  scores: {use: max_similarity, in: [relation, labels.vectors]}
loss:
  rank: {use: ranknet, in: scores, weight: 0.6}
  spread: {use: variance, in: relation, weight: 0.4}
train:
  main: {stage: supervised, epochs: 20, batch: 48, optimizer: {use: adam, lr: 5e-5, weight_decay: 4e-3}}
evaluate: {tasks: [zsl, gzsl], metrics: [map, f1@3, {use: micro_f1, threshold: 0.3}]}
"""
BLOCKS = """\
blocks:
  layer:
    inputs: [maps]
    params: {width: null, share: true}
    model:
      deeper: {use: convolution, in: maps, channels: $width}
      encoder: {use: ml2p_encoder, in: deeper, shared: $share}
    outputs: encoder
"""
VARIANTS = """\
variants:
  small: {model: {deeper: {channels: 700}, pyramid: {groups: null}, relation: null}}
  other: {model: {relation: {use: spatial_max}}, loss: null, train: {main: {stage: supervised, epochs: 1}}}
  vectors: {labels: {vectors: {dim: 50}}, evaluate: {tasks: [zsl]}, data: {size: 32}, bypass: [relation]}
"""
EXTENDS = """\
extends: ml2p.yaml
model:
  deeper: {channels: 700}
  relation: null
loss: {rank: {weight: 1}}
"""


def swap(text: str, old: str, new: str) -> str:
    """The text with a line's part exchanged, which must be there."""
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize("text", [SPEC, SPEC + BLOCKS, SPEC + VARIANTS, SPEC + BLOCKS + VARIANTS, EXTENDS])
def test_a_right_spec_has_no_marks(editor: Any, text: str) -> None:
    assert editor.marks(text) == []


@pytest.mark.parametrize("name", zoo_names())
def test_the_specs_of_the_zoo_have_no_marks(editor: Any, name: str) -> None:
    assert editor.marks(find_spec(name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("spec", [SPEC, SPEC + BLOCKS + VARIANTS])
@pytest.mark.parametrize(
    ("old", "new", "marked", "message"),
    [
        ("groups: 7", "grops: 7", "grops", "Property grops is not allowed."),
        ("groups: 7", "groups: seven", "seven", "Incorrect type. Expected one of integer, null."),
        ("groups: 7", "groups: 0", "0", "exclusive minimum of 0"),
        ("convolution, in: pyramid, channels: 2100", "mlp, in: pyramid", "deeper", 'Missing property "sizes".'),
        ("use: forward_pyramid, ", "", "pyramid", 'Missing property "use".'),
        ("in: image", "in: [image, 5]", "5", "Incorrect type"),
        ("use: ranknet", "use: rank_net", "rank_net", '"ranknet"'),
        ("weight: 0.6", "weight: lots", "lots", 'Incorrect type. Expected "number | null".'),
        ("use: glyph_scenes", "use: glyph", "glyph", '"glyph_scenes"'),
        ("use: wordnet", "use: wordnt", "wordnt", '"wordnet"'),
        ("dim: 300", "dims: 300", "dims", "Property dims is not allowed."),
        ("stage: supervised", "stage: supervisd", "supervisd", '"supervised"'),
        ("epochs: 20", "epoch: 20", "epoch", "Property epoch is not allowed."),
        ("use: adam", "use: adm", "adm", '"adam"'),
        ("lr: 5e-5", "rate: 5e-5", "rate", "Property rate is not allowed."),
        ("f1@3", "f1@0", "f1@0", "Expected one of"),
        ("[map,", "[mapp,", "mapp", "Expected one of"),
        ("threshold: 0.3", "treshold: 0.3", "treshold", "Property treshold is not allowed."),
        ("tasks: [zsl", "tasks: [zls", "zls", "Value is not accepted."),
        ("model:", "modle:", "modle", "Property modle is not allowed."),
    ],
)
def test_a_mistake_is_marked(editor: Any, spec: str, old: str, new: str, marked: str, message: str) -> None:
    found = editor.marks(swap(spec, old, new))
    assert (marked, True) in [(words, message in text) for words, text in found]
    assert old == "model:" or len(found) == 1


def test_an_unknown_block_is_marked_where_the_spec_has_no_blocks_of_its_own(editor: Any) -> None:
    wrong = swap(SPEC, "use: forward_pyramid", "use: pyramid")
    [(words, message)] = editor.marks(wrong)
    assert words == "pyramid"
    assert '"forward_pyramid"' in message
    assert editor.marks(wrong + BLOCKS) == []
    assert editor.marks(swap(EXTENDS, "{channels", "{use: mine, channels")) == []


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("channels: $width", "chanels: $width", "chanels"),
        ("channels: $width", "channels: wide", "wide"),
        ("convolution, in: maps, channels: $width", "mlp, in: maps", "deeper"),
        ("outputs:", "output:", "output"),
        ("inputs: [maps]", "inputs: []", "[]"),
    ],
)
def test_a_mistake_in_a_composite_block_is_marked(editor: Any, old: str, new: str, marked: str) -> None:
    assert marked in [words for words, _ in editor.marks(SPEC + swap(BLOCKS, old, new))]


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("use: spatial_max", "use: spatial_mx", "spatial_mx"),
        ("use: spatial_max", "use: convolution, chanels: 3", "chanels"),
        ("use: spatial_max", "use: convolution, channels: wide", "wide"),
        ("epochs: 1", "epochs: none", "none"),
        ("tasks: [zsl]", "tasks: zsl", "zsl"),
        ("bypass: [relation]", "bypas: [relation]", "bypas"),
    ],
)
def test_a_mistake_in_a_variant_is_marked(editor: Any, old: str, new: str, marked: str) -> None:
    assert [words for words, _ in editor.marks(SPEC + swap(VARIANTS, old, new))] == [marked]


def test_a_variant_with_blocks_of_its_own_may_use_them(editor: Any) -> None:
    variant = "variants:\n  x:\n    model: {relation: {use: layer}}\n"
    assert [words for words, _ in editor.marks(SPEC + variant)] == ["layer"]
    assert editor.marks(SPEC + variant + "    " + BLOCKS.replace("\n", "\n    ").rstrip() + "\n") == []


@pytest.mark.parametrize(
    ("old", "new", "offered"),
    [
        ("use: forward_pyramid", "use: |", {"forward_pyramid", "backbone", "max_similarity"}),
        ("use: forward_pyramid", "use: forw|", {"forward_pyramid"}),
        ("use: ranknet", "use: |", {"ranknet", "variance"}),
        ("use: glyph_scenes", "use: |", {"glyph_scenes"}),
        ("use: wordnet", "use: |", {"wordnet", "glove"}),
        ("use: adam", "use: |", {"adam", "sgd"}),
        ("stage: supervised", "stage: |", {"supervised"}),
        ("[map,", "[|, map,", {"map", "f1@3"}),
        ("tasks: [zsl", "tasks: [|", {"zsl", "gzsl"}),
        ("in: deeper}", "in: deeper, shuffle: |}", {"interleave", "random", "none"}),
    ],
)
def test_names_are_completed(editor: Any, old: str, new: str, offered: set[str]) -> None:
    for spec in (SPEC, SPEC + BLOCKS):
        assert offered <= set(editor.completions(swap(spec, old, new)))


def test_a_completed_name_comes_with_its_docs(editor: Any) -> None:
    found = editor.completions(swap(SPEC, "use: forward_pyramid", "use: |"))["forward_pyramid"]
    assert found["insertText"] == "forward_pyramid"
    assert "Bring maps of several sizes" in found["documentation"]["value"]


@pytest.mark.parametrize(
    ("old", "new", "offered", "not_offered"),
    [
        ("arch: conv64", "t|", {"taps", "frozen", "weights"}, {"groups", "use"}),
        ("channels: 2100", "l|", {"channels", "kernel", "repeat"}, {"arch"}),
        ("weight: 0.6", "d|", {"difficulty", "weight"}, {"positive_weight"}),
        ("dim: 300", "d|", {"dim"}, {"path"}),
        ("epochs: 20", "e|", {"epochs", "schedule"}, {"lr"}),
        ("lr: 5e-5", "l|", {"lr", "eps"}, {"momentum"}),
        ("tasks: [zsl, gzsl]", "i|", {"images", "ties"}, {"vectors"}),
    ],
)
def test_the_parameters_of_what_is_used_are_completed(
    editor: Any, old: str, new: str, offered: set[str], not_offered: set[str]
) -> None:
    found = set(editor.completions(swap(SPEC, old, new)))
    assert offered <= found
    assert not not_offered & found


def test_parameters_are_completed_on_a_new_line(editor: Any) -> None:
    found = editor.completions("data: {use: glyph_scenes}\nmodel:\n  groups:\n    use: channel_groups\n    |\n")
    assert {"seed", "shuffle", "in"} <= set(found)
    assert "permutation" in str(found["shuffle"]["documentation"])


def test_variants_and_composite_blocks_are_completed(editor: Any) -> None:
    inside = swap(SPEC + BLOCKS, "channels: $width", "l|")
    assert {"channels", "kernel"} <= set(editor.completions(inside))
    variant = SPEC + swap(VARIANTS, "use: spatial_max", "use: |")
    assert {"spatial_max", "backbone"} <= set(editor.completions(variant))
    assert {"model", "train", "loss"} <= set(editor.completions(f"{SPEC}variants:\n  small:\n    |\n"))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("use: forward_pyramid", "use: forward|_pyramid", "Bring maps of several sizes"),
        ("pyramid:", "pyr|amid:", "Bring maps of several sizes"),
        ("channels: 2100", "cha|nnels: 2100", "channels of the result"),
        ("in: image", "i|n: image", "Where the inputs come from"),
        ("use: ranknet", "use: rank|net", "Rank an image's present labels"),
        ("stage: supervised", "stage: super|vised", "Train on batches"),
        ("epochs: 20", "epo|chs: 20", "passes over the training examples"),
        ("use: adam", "use: a|dam", "Adam"),
        ("lr: 5e-5", "l|r: 5e-5", "learning rate"),
        ("use: wordnet", "use: word|net", "WordNet"),
        ("f1@3", "f1|@3", "precision and recall at K"),
        ("metrics:", "met|rics:", "what is measured"),
        ("model:", "mo|del:", "The model: node"),
    ],
)
def test_docs_are_shown_on_hover(editor: Any, old: str, new: str, shown: str) -> None:
    for spec in (SPEC, SPEC + BLOCKS):
        assert shown in editor.hover(swap(spec, old, new))


def test_docs_are_shown_in_a_variant(editor: Any) -> None:
    variant = SPEC + swap(VARIANTS, "use: spatial_max", "use: convolution, chan|nels: 8")
    assert "channels of the result" in editor.hover(variant)
