from __future__ import annotations

import pickle
import unicodedata
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from compose.block import BlockError
from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import GlyphMasks
from compose.data.drawn.glyph_scenes import GlyphScenes
from compose.data.drawn.glyph_symbols import GlyphSymbols
from compose.data.drawn.glyph_table import glyph_table, symbol_table
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy
from compose.labels.external import external_classes

SCENES, SYMBOLS = glyph_table(), symbol_table()
NAMES = SYMBOLS.labels.names
INTENDED = {
    "c": "c.n.11",
    "i": "i.n.03",
    "l": "l.n.04",
    "v": "v.n.04",
    "mu": "mu.n.01",
    "pi": "pi.n.04",
    "he": "he.n.02",
    "pe": "pe.n.01",
    "taw": "taw.n.01",
    "one": "one.n.01",
    "ten": "ten.n.01",
    "kip": "kip.n.02",
    "austral": "austral.n.01",
    "drachma": "drachma.n.02",
    "guilder": "guilder.n.02",
    "costa_rican_colon": "colon.n.03",
    "ruble": "ruble.n.02",
    "apostrophe": "apostrophe.n.02",
    "angle_bracket": "bracket.n.02",
    "solidus": "solidus.n.02",
    "ceres": "ceres.n.02",
    "pallas": "pallas.n.02",
    "vesta": "vesta.n.02",
    "chiron": "chiron.n.02",
    "scorpio": "scorpio.n.03",
    "sagittarius": "sagittarius.n.03",
    "conjunction": "conjunction.n.05",
    "node": "node.n.05",
    "joker": "joker.n.04",
    "wink": "wink.n.02",
    "slur": "slur.n.01",
    "ounce": "ounce.n.01",
    "breve": "breve.n.01",
    "infinity": "eternity.n.01",
    "thorn": "thorn.n.03",
}
NEIGHBOURS = {
    "celestial_body.n.01": ["ceres", "pallas", "vesta", "chiron"],
    "letter.n.02": ["c", "z", "beth", "taw", "pi", "zeta"],
    "digit.n.01": ["one"],
    "monetary_unit.n.01": ["dong", "kip", "tugrik", "peseta", "ruble", "indian_rupee"],
    "punctuation.n.02": ["apostrophe", "hyphen", "solidus", "angle_bracket", "swung_dash"],
    "playing_card.n.01": ["joker"],
    "sign_of_the_zodiac.n.01": ["scorpio", "sagittarius"],
    "cross.n.03": ["crucifix"],
    "facial_expression.n.01": ["wink", "gape", "grimace", "straight_face"],
    "musical_notation.n.01": ["slur"],
    "polygon.n.01": ["right_triangle"],
    "instrumentality.n.03": ["wheel", "tape_drive", "cup", "coffin"],
    "implement.n.01": ["pen"],
}


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def source() -> GlyphSymbols:
    return GlyphSymbols(size=48, train=100, val=50, test=60)


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- the table ----------------------------------------------------------------------------------------------------


def test_sizes() -> None:
    assert (len(NAMES), len(set(NAMES)), len(SYMBOLS.glyphs)) == (158, 158, 301)
    assert all(SYMBOLS.labels.seen)
    assert tuple(SYMBOLS.leaves) == NAMES
    assert "158 classes" in (GlyphSymbols.__doc__ or "")


def test_every_class_is_a_word_of_its_synset(taxonomy: Taxonomy) -> None:
    for name, synset in zip(NAMES, SYMBOLS.labels.synsets, strict=True):
        found = find_synset(taxonomy, synset or "")
        assert found is not None
        words = [word.lower() for word in taxonomy.synset_words(found)]
        assert name in words, synset


def test_the_senses_are_the_intended_ones() -> None:
    assert dict(zip(NAMES, SYMBOLS.labels.synsets, strict=True)).items() >= INTENDED.items()


def test_no_class_is_a_label(taxonomy: Taxonomy) -> None:
    synsets = [find_synset(taxonomy, synset or "") for synset in SYMBOLS.labels.synsets]
    assert len(set(synsets)) == len(synsets)
    assert not set(synsets) & {find_synset(taxonomy, synset or "") for synset in SCENES.labels.synsets}
    assert not set(NAMES) & set(SCENES.labels.names)


def test_three_classes_are_called_like_a_label_and_are_no_nodes() -> None:
    found = external_classes(SYMBOLS.labels, SCENES.labels)
    assert len(found.kept.names) == len(NAMES) - 3 == 155
    assert {*found.dropped} == {*NAMES} - {*found.kept.names}


def test_no_class_has_a_word_of_an_unseen_label(taxonomy: Taxonomy) -> None:
    unseen = {name for name, seen in zip(SCENES.labels.names, SCENES.labels.seen, strict=True) if not seen}
    for synset in SYMBOLS.labels.synsets:
        found = find_synset(taxonomy, synset or "")
        assert found is not None
        assert not unseen & {word.lower() for word in taxonomy.synset_words(found)}


def test_no_glyph_shows_a_label_or_two_classes() -> None:
    assert not set(SYMBOLS.glyphs) & set(SCENES.glyphs)
    assert (SYMBOLS.shows.sum(1) == 1).all()


def test_no_glyph_is_another_form_of_an_unseen_leafs() -> None:
    """Neither by its name in Unicode (a circled six, a reversed semicolon) nor by its look in any face."""
    rows = sorted({row for leaf in SCENES.unseen_leaves for row in SCENES.leaves[leaf]})
    hidden = [SCENES.glyphs[row] for row in rows]
    words = ("SIX", "SEMICOLON", "GREEK QUESTION", "THETA", "GIMEL", "LIRA", "PESO", "CURLY", "CLUB", "MALTESE", "PAWN")
    assert not [f"{p:X}" for p in SYMBOLS.glyphs if any(word in unicodedata.name(chr(p)).split() for word in words)]
    looks = {mask.tobytes() for mask in GlyphMasks(hidden, (24,)).levels[0]}
    assert not looks & {mask.tobytes() for mask in GlyphMasks(SYMBOLS.glyphs, (24,)).levels[0]}


@pytest.mark.parametrize("hypernym", NEIGHBOURS)
def test_unseen_labels_have_external_relatives(hypernym: str, taxonomy: Taxonomy) -> None:
    above = find_synset(taxonomy, hypernym)
    for name in NEIGHBOURS[hypernym]:
        synset = find_synset(taxonomy, SYMBOLS.labels.synsets[NAMES.index(name)] or "")
        assert synset is not None
        assert above in taxonomy.closure(np.array([synset]))[1].tolist(), name


# --- the pictures -------------------------------------------------------------------------------------------------


def test_a_batch(source: GlyphSymbols) -> None:
    batch = source.split("train")[range(7)]
    assert {name: (tuple(value.shape), value.dtype) for name, value in batch.items()} == {
        "image": ((7, 3, 48, 48), torch.float32),
        "targets": ((7, 158), torch.int8),
    }
    assert source.gives == ("image",)
    assert source.shapes == {"image": (3, 48, 48)}
    assert batch["image"].abs().max() < 1.6


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_picture_shows_one_class(source: GlyphSymbols, split: Any) -> None:
    targets = source.split(split)[range(60)]["targets"]
    assert set(targets.unique().tolist()) == {-1, 1}
    assert ((targets == 1).sum(1) == 1).all()


def test_several_symbols_show_several_classes() -> None:
    targets = GlyphSymbols(size=16, objects=(1, 4)).split("train")[range(200)]["targets"]
    assert set((targets == 1).sum(1).tolist()) == {1, 2, 3, 4}


@pytest.mark.parametrize(("split", "stream"), [("train", 4), ("val", 5), ("test", 6)])
def test_classes_are_equally_likely(source: GlyphSymbols, split: Any, stream: int) -> None:
    """In every split, over as many pictures as give each class 200; and each of its glyphs occurs."""
    layout, _ = source.split(split)._layouts()
    count = 200 * len(NAMES)
    glyphs = layout.draw(Dice((source.seed, stream), range(count)), np.full(count, 0.5)).glyph[:, 0]
    shown = SYMBOLS.shows[glyphs].sum(0)
    assert shown.sum() == count
    assert abs(shown - 200).max() < 5 * 200**0.5
    assert set(glyphs.tolist()) == set(range(len(SYMBOLS.glyphs)))


def test_targets_are_the_drawn_symbols_class() -> None:
    """Pictures of a class are most like the mean of that class, by the strengths of their spatial frequencies."""
    plain = GlyphSymbols(size=48, scale=(0.8, 0.8), rotation=0, clutter=0, noise=0)
    names = ["infinity", "recycling", "copyright", "perpendicular"]
    batch = plain.split("test")[range(3000)]
    ink = (batch["image"] - batch["image"].median(-1, keepdim=True).values.median(-2, keepdim=True).values).abs().sum(1)
    spread = [torch.fft.rfft2(ink[batch["targets"][:, NAMES.index(name)] == 1]).abs().flatten(1) for name in names]
    centres = torch.stack([(part / part.norm(dim=1, keepdim=True)).mean(0) for part in spread])
    for number, part in enumerate(spread):
        assert ((part @ centres.T).argmax(1) == number).float().mean() > 0.8


def test_an_example_does_not_depend_on_its_batch(source: GlyphSymbols) -> None:
    examples = source.split("train")
    together = examples[range(60)]
    for part in ([17], [59, 0, 31], list(range(59, 40, -1))):
        batch = examples[part]
        assert all(torch.equal(batch[name], together[name][part]) for name in together)


def test_a_source_is_a_function_of_its_seed(source: GlyphSymbols) -> None:
    again = GlyphSymbols(size=48, train=100, val=50, test=60)
    other = GlyphSymbols(size=48, train=100, val=50, test=60, seed=1)
    for split in ("train", "val", "test"):
        assert equal(source.split(split)[range(3)], again.split(split)[range(3)])
        assert not equal(source.split(split)[range(3)], other.split(split)[range(3)])


def test_no_two_splits_nor_sources_share_their_numbers(source: GlyphSymbols) -> None:
    streams = [*GlyphScenes.streams.values(), *GlyphSymbols.streams.values()]
    assert len(set(streams)) == 6
    images = [source.split(split)[[0]]["image"] for split in ("train", "val", "test")]
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images[1], images[2])


def test_epochs(source: GlyphSymbols) -> None:
    stale = GlyphSymbols(size=48, train=100, fresh=False).split("train")
    fresh, test = source.split("train"), source.split("test")
    assert not torch.equal(fresh[[5]]["image"], fresh[[105]]["image"])
    assert torch.equal(stale[[5]]["image"], stale[[105]]["image"])
    assert equal(test[[3]], test[[63]])


def test_a_split_travels_to_workers_without_its_masks(source: GlyphSymbols) -> None:
    examples = source.split("train")
    batch = examples[range(2)]
    sent = pickle.dumps(examples)
    assert len(sent) < 10_000
    assert equal(pickle.loads(sent)[range(2)], batch)


@pytest.mark.parametrize(
    ("options", "parameter"),
    [({"objects": (3, 2)}, "objects"), ({"objects": (1, 10)}, "objects"), ({"scale": (0.5, 0.2)}, "scale")],
)
def test_refused_options(options: Any, parameter: str) -> None:
    with pytest.raises(BlockError, match="expected two") as error:
        GlyphSymbols(**options)
    assert error.value.parameter == parameter
