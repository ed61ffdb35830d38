"""The command of a run, as its lock tells it."""

from __future__ import annotations

from compose.training.storage.made_with import MadeWith

LINES = [
    "# made by: compose train zoo/ml2p.yaml -v no-pyramid -s train.main.epochs=1 -s data.train=100 -s seed=3",
    "# changed after step 7: train.main.epochs 1 -> 8",
    "# changed after step 7: train.main.validate_every 2 -> 4",
    "# changed after step 7: data.folder a -> b",
]


def test_what_was_laid_over_the_spec() -> None:
    made = MadeWith.of(LINES)
    assert (made.spec, made.variants) == ("zoo/ml2p.yaml", ("no-pyramid",))
    assert made.changes == ("no-pyramid", "train.main.epochs=1", "data.train=100")


def test_training_that_went_on_is_called_as_it_is_now() -> None:
    values = {"train": {"main": {"epochs": 8, "validate_every": 4}}}
    assert MadeWith.of(LINES).changes_now(LINES, values) == (
        "no-pyramid",
        "train.main.epochs=8",
        "data.train=100",
        "train.main.validate_every=4",
    )
