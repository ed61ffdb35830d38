"""What is built computes what its blocks compute, and is an ordinary GraphModule."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.export import Dim, export

from compose.errors import SpecErrors
from compose.model.attention_output import is_of_labels
from compose.model.costs.flops import count_flops
from compose.training.prepare import Prepared

Make = Callable[..., Prepared]

MODEL = """
model:
  backbone: {use: backbone, arch: conv64, taps: [block2, block3]}
  pyramid: {use: forward_pyramid, in: backbone, groups: 3, level_channels: [8, 16]}
  groups: {use: channel_groups, in: pyramid}
  encoder: {use: ml2p_encoder, in: groups}
  relation: {use: group_attention, in: encoder}
  scores: {use: max_similarity, in: [relation, labels.vectors]}
"""

POOLED = """
model:
  backbone: {use: backbone, arch: conv64, taps: [block2]}
  pooled: {use: pool_map, in: backbone.last}
"""


SCORED = """  wide: {use: widen, in: pooled, width: 12}
  stack: {use: widen, in: wide, width: 12, repeat: 1, collect: [out]}
  rows: {use: rows, in: stack.out}
  scores: {use: max_similarity, in: [rows, labels.vectors]}
"""


def batch(images: int, labels: int, dim: int = 12) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "image": torch.randn(images, 3, 32, 32, generator=generator),
        "labels_vectors": torch.randn(labels, dim, generator=generator),
        "targets": torch.randint(-1, 2, (images, labels), generator=generator).to(torch.int8),
    }


def scoring(given: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in given.items() if name != "targets"}


def test_computes_what_its_blocks_compute(prepared: Make) -> None:
    model = prepared(MODEL).build().training
    given = batch(4, 9)
    found = model(**given)
    maps = model.backbone(given["image"]).maps
    groups = model.groups(model.pyramid(maps, given["labels_vectors"]), given["labels_vectors"]).groups
    semantics = model.relation(model.encoder(groups).semantics).semantics
    scores = model.scores(semantics, given["labels_vectors"]).scores
    assert torch.equal(found["scores"], scores)
    assert torch.equal(found["loss.rank"], model.loss.rank(scores, given["targets"], given["labels_vectors"]))


def test_inference_shares_the_weights_and_leaves_the_loss_out(prepared: Make) -> None:
    built = prepared(MODEL).build()
    given = batch(4, 9)
    built.training.eval()
    found = built.inference.eval()(**scoring(given))
    assert torch.equal(found["scores"], built.training(**given)["scores"])
    assert set(found) == {"scores"}
    seen = built.looking.eval()(**scoring(given))
    assert seen["attention"].shape == (4, 3, 4, 4)
    assert torch.equal(seen["scores"], found["scores"])
    assert built.inference.encoder is built.training.encoder
    assert "loss" not in built.inference.code
    assert "targets" not in built.inference.code


def test_every_weight_gets_a_gradient(prepared: Make) -> None:
    built = prepared(MODEL).build()
    built.training(**batch(4, 9))["loss.rank"].backward()
    silent = [name for name, weight in built.training.named_parameters() if weight.grad is None]
    assert silent == []


def test_scores_any_number_of_labels(prepared: Make) -> None:
    model = prepared(MODEL).build().inference
    for labels in (1, 5, 300):
        assert model(**scoring(batch(2, labels)))["scores"].shape == (2, labels)


def test_export_gives_the_same_numbers_for_other_sizes(prepared: Make) -> None:
    model = prepared(MODEL).build().inference.eval()
    images, labels = Dim("images", min=2), Dim("labels", min=2)
    shapes = {"image": {0: images}, "labels_vectors": {0: labels}}
    program = export(model, (), scoring(batch(4, 9)), dynamic_shapes=shapes)
    other = scoring(batch(3, 21))
    torch.testing.assert_close(program.module()(**other), model(**other))


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compile_gives_the_same_numbers(prepared: Make, backend: str) -> None:
    if backend == "inductor" and shutil.which("g++") is None and shutil.which("clang++") is None:
        pytest.skip("inductor needs a C++ compiler")
    torch.compiler.reset()
    model = prepared(POOLED + SCORED).build().training
    given = batch(4, 9)
    plain = model(**given)
    compiled = torch.compile(model, backend=backend)(**given)
    torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)


def test_a_node_keeps_its_weights_when_another_is_added(prepared: Make) -> None:
    scores = "  scores: {use: out_of, in: [%s, labels.vectors], labels: 128}\n"
    seen = "evaluate.tasks=[seen]"
    small = prepared(POOLED + scores % "pooled", overrides=(seen,)).build().training.state_dict()
    wide = "  wide: {use: widen, in: pooled, width: 64}\n"
    large = prepared(POOLED + wide + scores % "wide", overrides=(seen,)).build().training.state_dict()
    other = prepared(POOLED + scores % "pooled", overrides=(seen, "seed=1")).build().training.state_dict()
    assert all(torch.equal(small[name], large[name]) for name in small)
    assert not torch.equal(small["scores.linear.weight"], other["scores.linear.weight"])


def test_shape_checks_allocate_nothing(prepared: Make) -> None:
    wider = ("model.wide.width=10000000", "model.back={use: widen, in: wide, width: 12}", "model.stack.in=back")
    shaped = prepared(POOLED + SCORED, overrides=wider).shaped
    facts = shaped.facts
    assert facts["wide"].parameters == 64 * 10_000_000 + 10_000_000
    assert count_flops(shaped)["wide"] == 2 * 4 * 64 * 10_000_000
    assert facts["scores"].outputs["scores"] == (4, 128)


# --- the spec language, run ---------------------------------------------------------------------------------------


def test_bypass_passes_the_first_input_on(prepared: Make) -> None:
    text = MODEL + "bypass: [relation]\n"
    model = prepared(text).build().training
    assert not hasattr(model, "relation")
    given = batch(2, 5)
    pyramid = model.pyramid(model.backbone(given["image"]).maps, given["labels_vectors"])
    groups = model.groups(pyramid, given["labels_vectors"]).groups
    semantics = model.encoder(groups).semantics
    assert torch.equal(model(**given)["scores"], model.scores(semantics, given["labels_vectors"]).scores)


def test_share_uses_one_set_of_weights(prepared: Make) -> None:
    square = "  again: {share: square, in: square}\n  square: {use: widen, in: wide, width: 12}\n"
    text = POOLED + square + SCORED.replace("in: wide", "in: again")
    built = prepared(text).build()
    given = batch(2, 5)
    model = built.training
    square = model.square
    twice = square(square(model.wide(model.pooled(model.backbone(given["image"]).last))))
    stacked = torch.stack([model.get_submodule("stack.0")(twice)])
    assert torch.equal(model(**given)["scores"], model.scores(model.rows(stacked), given["labels_vectors"]).scores)
    assert [name for name, _ in model.named_parameters() if name.startswith("again")] == []


def test_weights_are_shared_by_maps_of_other_sizes(prepared: Make) -> None:
    text = """
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8, 9], taps: [block1, block2, block3]}
  norm: {use: batch_norm, in: backbone.maps.0, dims: "b c h w", axis: c}
  again: {share: norm, in: backbone.maps.1}
  pooled: {use: reduce, in: again, pattern: "b c h w -> b c"}
  first: {use: reduce, in: norm, pattern: "b c h w -> b c"}
  both: {use: add, in: [pooled, first]}
  semantics: {use: linear, in: [both, labels.vectors]}
  scores: {use: cosine, in: [semantics, labels.vectors]}
"""
    built = prepared(text).build()
    assert [name for name, _ in built.training.named_parameters() if "norm" in name or "again" in name] == [
        "norm.layer.weight",
        "norm.layer.bias",
    ]
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(text, overrides=("model.again.in=backbone.maps.2",)).shaped
    error = caught.value.errors[0]
    sizes = "shape (4, 9, 4, 4) here, shape (4, 8, 16, 16) there"
    assert error.message == f"`again` cannot use the weights of `norm`: {sizes}"


SCALES = """
model:
  backbone: {use: backbone, arch: %s, stem: small}
  smaller: {use: resize, in: image, scale: 0.5}
  again: {share: backbone, in: smaller}
  rows: {use: linear, in: [again.tokens, labels.vectors]}
  scores: {use: max_similarity, in: [rows, labels.vectors]}
"""


def test_weights_are_shared_by_images_of_two_sizes(prepared: Make) -> None:
    given = batch(2, 5)
    model = prepared(SCALES % "resnet18").build().training
    rows = model.rows(model.backbone(model.smaller(given["image"])).tokens, given["labels_vectors"])
    assert torch.equal(model(**given)["scores"], model.scores(rows, given["labels_vectors"]).scores)


def test_weights_that_follow_the_size_of_images_are_not_shared_by_two(prepared: Make) -> None:
    prepared_spec = prepared((SCALES % "timm/vit_tiny_patch16_224").replace(", stem: small", ""))
    with pytest.raises(SpecErrors) as raised:
        prepared_spec.build()
    assert raised.value.errors[0].message == (
        "`again` cannot use the weights of `backbone`: in_channels 3; height 16; width 16 here, "
        "in_channels 3; height 32; width 32 there"
    )


def test_repeat_carries_and_collects(prepared: Make) -> None:
    text = """
blocks:
  layer:
    inputs: [x]
    params: {width: 12}
    model:
      wide: {use: widen, in: x, width: $width}
      both: {use: add_pair, in: [wide, wide]}
    outputs: {x: both, seen: wide}
""" + POOLED + """  start: {use: widen, in: pooled, width: 12}
  layers: {use: layer, in: start, repeat: 3, carry: [x], collect: [seen]}
  rows: {use: rows, in: layers.seen}
  scores: {use: max_similarity, in: [rows, labels.vectors]}
"""  # fmt: skip
    model = prepared(text).build().training
    given = batch(2, 5)
    x, seen = model.start(model.pooled(model.backbone(given["image"]).last)), []
    for index in range(3):
        wide = model.get_submodule(f"layers.{index}.wide")(x)
        seen.append(wide)
        x = wide + wide
    scores = model.scores(torch.stack(seen, 1), given["labels_vectors"]).scores
    torch.testing.assert_close(model(**given)["scores"], scores)
    weights = [model.get_submodule(f"layers.{index}.wide").linear.weight for index in range(3)]
    assert not torch.equal(weights[0], weights[1])


def test_list_ports_take_many_sources(prepared: Make) -> None:
    text = POOLED + """  halves: {use: split, in: pooled}
  sum: {use: total, in: [halves.left, halves.right, halves.left]}
  wide: {use: widen, in: sum, width: 12}
  stack: {use: widen, in: wide, width: 12, repeat: 1, collect: [out]}
  rows: {use: rows, in: stack.out}
  scores: {use: max_similarity, in: {semantics: rows, labels_vectors: labels.vectors}}
"""  # fmt: skip
    model = prepared(text).build().training
    code = model.code
    assert "self.sum([halves_left, halves_right, halves_left])" in code
    assert model(**batch(2, 5))["scores"].shape == (2, 5)


def test_a_variant_changes_one_thing(prepared: Make) -> None:
    fewer = "four: {model: {pyramid: {groups: 2}}}"
    text = MODEL + "variants: {plain: {bypass: [relation]}, " + fewer + "}\n"
    assert hasattr(prepared(text).build().training, "relation")
    assert not hasattr(prepared(text, variants=("plain",)).build().training, "relation")
    both = prepared(text, variants=("plain", "four")).shaped
    assert both.facts["groups"].outputs["groups"] == (4, 2, 12, 4, 4)


def test_a_branch_for_training_only_may_follow_the_labels(prepared: Make) -> None:
    branch = "  closed: {use: closed_classifier, in: [pooled, labels.vectors]}\n"
    built = prepared(POOLED + branch + SCORED, overrides=("loss.closed={use: bce, in: closed}",)).build()
    assert built.training.closed.linear.out_features == 128
    assert not hasattr(built.inference, "closed")
    assert built.inference(**scoring(batch(2, 300)))["scores"].shape == (2, 300)


def test_a_stage_computes_only_what_its_losses_need(prepared: Make) -> None:
    branch = "  closed: {use: closed_classifier, in: [pooled, labels.vectors]}\n"
    built = prepared(POOLED + branch + SCORED, overrides=("loss.closed={use: bce, in: closed}",)).build()
    part = built.for_losses(["loss.closed"])
    given = batch(4, 128)
    assert set(part(**given)) == {"loss.closed"}
    assert torch.equal(part(**given)["loss.closed"], built.training(**given)["loss.closed"])
    assert not hasattr(part, "wide")
    assert part.backbone is built.training.backbone
    assert built.for_losses(built.loss_weights) is built.training


def test_losses_that_do_without_the_scores_leave_them_uncomputed(prepared: Make) -> None:
    built = prepared(POOLED + SCORED, overrides=("loss.rank=null", "loss.spread={use: variance, in: rows}")).build()
    part = built.for_losses(built.loss_weights)
    assert set(part(image=batch(4, 128)["image"])) == {"loss.spread"}


def test_maps_of_external_nodes_are_not_of_the_labels(prepared: Make) -> None:
    looking = "  looking: {use: label_attention, in: [backbone.last, external.vectors]}\n"
    scored = "  scores: {use: bilinear, in: [looking.features, labels.vectors]}\n"
    built = prepared(POOLED + looking + scored, overrides=("labels.external={use: glyph_symbols}",)).build()
    assert not is_of_labels(built.plan, built.facts)


TWO_ATTENTIONS = """
model:
  stem: {use: convolution, in: image, channels: 16, stride: 4}
  first: {use: shared_multi_attention, in: stem, modules: 3}
  second: {use: shared_multi_attention, in: stem, modules: 2}
  all: {use: concat, in: [first.features, second.features], dims: b m d, axis: m}
  semantics: {use: linear, in: [all, labels.vectors]}
  scores: {use: max_similarity, in: [semantics, labels.vectors]}
"""


def test_a_winner_among_others_than_the_maps_names_none_of_them(prepared: Make) -> None:
    """The maps are of two modules and the scores come from five vectors: each label has the mean of the maps."""
    built = prepared(TWO_ATTENTIONS).build()
    outputs = built.looking(**scoring(batch(4, 9)))
    assert set(outputs) == {"scores", "attention"}
    maps = built.attention(outputs, torch.tensor([[0, 8]] * 4))
    assert maps is not None
    torch.testing.assert_close(maps[:, 1], outputs["attention"].mean(1))
    alone = prepared(TWO_ATTENTIONS, overrides=("model.semantics.in.0=second.features",)).build()
    assert "winner" in alone.looking(**scoring(batch(4, 9)))
