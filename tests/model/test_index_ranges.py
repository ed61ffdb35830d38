"""Integers that count something else than where they are wired are refused before anything is trained."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compose.errors import SpecError, SpecErrors
from compose.training.prepare import Prepared

Make = Callable[..., Prepared]

MODEL = """
model:
  backbone: {use: backbone, arch: conv64, taps: [block2], channels: [8, 8, 8, 8]}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  best: {use: max_similarity, in: [regions, labels.vectors]}
  %s
  scores: {use: bilinear, in: {features: picked}}
"""
SOUND = 'picked: {use: select, in: [regions, best.winner], pattern: "b m d, b l -> b l d"}'


def refused(prepared: Make, node: str) -> SpecError:
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(MODEL % node).shaped
    (error,) = caught.value.errors
    assert error.code == "index-range"
    return error


def test_places_that_exist_are_taken(prepared: Make) -> None:
    assert prepared(MODEL % SOUND).shaped


@pytest.mark.parametrize(
    ("node", "source"),
    [
        ('picked: {use: select, in: [few, best.winner], pattern: "b m d, b l -> b l d"}', ""),
        ('picked: {use: select, in: [few, moved], pattern: "b m d, l b -> b l d"}', "moved"),
        ('picked: {use: select, in: [few, twice], pattern: "b m d, b l -> b l d"}', "twice"),
    ],
    ids=["fewer", "moved", "put together"],
)
def test_a_winner_among_more_than_there_are_is_refused(node: str, source: str, prepared: Make) -> None:
    more = (
        'few: {use: rearrange, in: regions, pattern: "b (m k) d -> b m (k d)", sizes: {k: 4}}',
        'moved: {use: rearrange, in: best.winner, pattern: "b l -> l b"}',
        'twice: {use: concat, in: {tensors: [best.winner, best.winner]}, dims: "b l", axis: l}',
    )
    error = refused(prepared, "\n  ".join([*more, node]))
    assert error.message.startswith(
        f"`{source or 'best.winner'}` counts from 0 to 63, and `picked.index` takes from 0 to"
    )


def test_marks_are_no_places(prepared: Make) -> None:
    loss = """
  scores: {use: bilinear, in: {features: regions}}
  marked: {use: select, in: [regions, targets], pattern: "b m d, b l -> b l d"}
"""
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(
            (MODEL % "").partition("  scores")[0] + loss.lstrip("\n"),
            overrides=["loss.spread={use: variance, in: marked}"],
        ).shaped
    assert "`targets` counts from -1 to 1" in caught.value.errors[0].message


CLUSTERS = """
model:
  backbone: {use: backbone, arch: conv64, taps: [block2], channels: [8, 8, 8, 8]}
  maps: {use: convolution, in: backbone.last, channels: 8, kernel: 2}
  attention: {use: shared_multi_attention, in: maps, modules: 4}
  scores: {use: bilinear, in: [attention.features, labels.vectors]}
"""


FOUR = ("labels.clusters=4",)


def test_clusters_count_the_features(prepared: Make) -> None:
    assert prepared(CLUSTERS, overrides=FOUR).shaped
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(CLUSTERS, overrides=[*FOUR, "model.attention.modules=3"]).shaped
    (error,) = caught.value.errors
    assert error.message == "`labels.clusters` counts from 0 to 3, and `scores.labels_clusters` takes from 0 to 2"
    assert any("labels.clusters" in note.message for note in error.notes)


def test_clusters_that_are_unwired_count_nothing(prepared: Make) -> None:
    unwired = "model.scores.in={features: attention.features, labels_clusters: null}"
    assert prepared(CLUSTERS, overrides=[*FOUR, "model.attention.modules=3", unwired]).shaped
