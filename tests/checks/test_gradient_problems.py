"""What learns: stages that change no weight, and weights that no loss reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose

SPEC = """\
name: small
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 32}
labels: {vectors: {use: wordnet, dim: 12}}
train: {main: {stage: supervised, batch: 4, epochs: 1}}
loss: {rank: {use: ranknet, in: scores}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8, 8, 12], taps: [block2]}
  pyramid: {use: forward_pyramid, in: backbone, groups: 3, level_channels: [8]}
  groups: {use: channel_groups, in: pyramid}
  encoder: {use: ml2p_encoder, in: groups}
  tokens: {use: rearrange, in: encoder.attention, pattern: "b m h w -> b m (h w)"}
  head: {use: linear, in: [tokens, labels.vectors]}
  scores: {use: max_similarity, in: [head, labels.vectors]}
"""


def validated(tmp_path: Path, *overrides: str) -> compose.Validation:
    (tmp_path / "small.yaml").write_text(SPEC)
    return compose.validate(str(tmp_path / "small.yaml"), overrides=overrides)


def test_weights_that_no_loss_reaches_are_named(tmp_path: Path) -> None:
    (note,) = validated(tmp_path).notes
    names = "`backbone`, `pyramid`, `encoder`"
    assert note == f"no loss reaches the weights of {names}: training leaves them as they were drawn"


def test_weights_that_no_stage_is_to_train_are_told_as_such(tmp_path: Path) -> None:
    (note,) = validated(tmp_path, "train.main.train=[head]").notes
    assert note == "model: the weights of `backbone`, `pyramid`, `encoder` are random, and no stage trains them"


def test_a_second_stage_may_reach_them(tmp_path: Path) -> None:
    second = "train.second={stage: supervised, losses: [other], batch: 4, epochs: 1}"
    other = (
        "model.direct={use: max_similarity, in: [encoder, labels.vectors]}",
        "loss.other={use: ranknet, in: direct}",
    )
    assert validated(tmp_path, second, *other, "train.main.losses=[rank]").notes == []


@pytest.mark.parametrize(
    ("overrides", "message", "note"),
    [
        (
            ("train.main.freeze=[head]",),
            "the stage trains nothing: its losses (`rank`) reach none of the weights that it trains",
            None,
        ),
        (
            ("model.tokens={use: detach, in: encoder}", "model.head=null", "model.scores.in=[tokens, labels.vectors]"),
            "no gradient goes from the loss `rank` to any weights: there is nothing to train",
            "`tokens` carries no gradient",
        ),
        (
            ("loss.rank.weight=0", "loss.other={use: variance, in: encoder}", "train.main.train=[head]"),
            "the stage trains nothing: its losses (`other`) reach none of the weights that it trains",
            None,
        ),
        (
            ("loss.rank.weight=0", "train.main.freeze=[head]"),
            "the stage trains nothing: its losses (`rank`) reach none of the weights that it trains",
            None,
        ),
    ],
)
def test_stages_that_would_change_no_weight(
    tmp_path: Path, overrides: tuple[str, ...], message: str, note: str | None
) -> None:
    (error,) = validated(tmp_path, *overrides).errors
    assert (error.code, error.message) == ("no-gradient", message)
    assert [known.message for known in error.notes] == ([note] if note else [])


def test_a_loss_without_gradient_beside_another(tmp_path: Path) -> None:
    overrides = ("model.still={use: detach, in: head}", "loss.spread={use: variance, in: still}")
    told = "the loss `spread` carries no gradient: it trains nothing in the stage `main`"
    assert told in validated(tmp_path, *overrides).notes
