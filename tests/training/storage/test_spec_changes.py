"""What a spec may say otherwise than the run that goes on with it, and what is refused at its line."""

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.spec.read import Spec, read_spec
from compose.spec.spec_text import SpecText
from compose.training.storage.lock import lock_text, lock_values, relocked
from compose.training.storage.spec_changes import Progress, check_fixed, spec_changes

TEXT = """name: small
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  groups: {use: channel_groups, in: backbone.last}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train:
  first: {stage: supervised, epochs: 2, optimizer: {use: adam, lr: 1e-3}}
  second: {stage: supervised, epochs: 3, schedule: {use: step, at: [1]}}
evaluate: {tasks: [zsl], metrics: [map]}
"""
RUN = Path("runs/small")


def spec(*overrides: str, text: str = TEXT) -> Spec:
    return read_spec(SpecText(text, "small.yaml"), overrides=overrides)


BEFORE = lock_values(spec())


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.second.epochs=5", "train.second.epochs 3 -> 5"),
        ("train.first.workers=2", "train.first.workers auto -> 2"),
        ("train.first.log_every=1", "train.first.log_every 10 -> 1"),
        ("train.second.patience=4", "train.second.patience null -> 4"),
        ("evaluate.metrics=[f1@3]", "evaluate.metrics [map] -> [f1@3]"),
        ("evaluate.batch=8", "evaluate.batch 256 -> 8"),
        ("description=mine", "description nothing -> mine"),
        ("train.third={stage: supervised}", "train.third nothing -> {stage: supervised}"),
    ],
)
def test_what_may_change(override: str, told: str) -> None:
    changed = spec(override)
    check_fixed(changed, BEFORE, Progress(), RUN)
    assert [str(change) for change in spec_changes(changed, BEFORE)] == [told]


@pytest.mark.parametrize(
    "override",
    ["train.first.epochs=2", "seed=0", "loss.rank.weight=1", "train.first.batch=32", "train.first.clip=null"],
)
def test_a_default_that_is_written_is_no_change(override: str) -> None:
    check_fixed(spec(override), BEFORE, Progress(), RUN)
    assert spec_changes(spec(override), BEFORE) == []


@pytest.mark.parametrize(
    ("override", "told", "expected"),
    [
        ("train.first.optimizer.lr=0.02", "`train.first.optimizer.lr` is 0.02, and is 0.001 in the run", "`0.001`"),
        ("train.first.optimizer.use=sgd", "`train.first.optimizer.use` is sgd, and is adam in the run", "`adam`"),
        ("seed=4", "`seed` is 4, and is 0 in the run", "`0`"),
        ("train.first.batch=8", "`train.first.batch` is 8, and is 32 in the run", "`32`"),
        ("train.second.schedule.at=[2]", "`train.second.schedule.at` is [2], and is [1] in the run", "`[1]`"),
        ("labels.vectors.dim=16", "`labels.vectors.dim` is 16, and is 12 in the run", "`12`"),
        ("data.train=64", "`data.train` is 64, and is 32 in the run", "`32`"),
        ("model.vectors.use=detach", "`model.vectors.use` is detach", "`spatial_max`"),
        ("loss.rank.weight=0.5", "`loss.rank.weight` is 0.5, and is 1.0 in the run", "`1.0`"),
        ("evaluate.images=with_positives", "`evaluate.images` is with_positives, and is all in the run", "`all`"),
        ("train.second=null", "`train.second` is missing, which is {stage: supervised, epochs: 3", "the same"),
        ("model.more={use: detach, in: vectors}", "", ""),
    ],
)
def test_what_may_not_is_refused_at_its_line(override: str, told: str, expected: str) -> None:
    if not told:
        changed = spec(override, "model.scores.in=[more, labels.vectors]")
        told, expected = "`model.more` is {use: detach, in: vectors}, and is not in the run", "the same"
    else:
        changed = spec(override)
    with pytest.raises(SpecErrors) as caught:
        check_fixed(changed, BEFORE, Progress(), RUN)
    error = next(error for error in caught.value.errors if told in error.message)
    assert error.code == "other-run"
    assert error.message.endswith("the run runs/small that is to go on")
    assert expected in (error.expected or "")
    assert error.place is not None
    if "missing" not in told:
        assert error.place.document.lines == (f"-s {override}",)


def test_an_edited_spec_is_refused_at_its_line() -> None:
    with pytest.raises(SpecErrors) as caught:
        check_fixed(spec(text=TEXT.replace("lr: 1e-3", "lr: 2e-3")), BEFORE, Progress(), RUN)
    (error,) = caught.value.errors
    assert str(error.place) == "small.yaml:11:68"


@pytest.mark.parametrize(
    ("override", "progress", "told"),
    [
        ("train.second.epochs=2", Progress(1, 3), "3 epochs of the stage `second` were begun in the run"),
        ("train.first.epochs=4", Progress(1, 0), "the stage `first` has ended, and others after it have begun, in"),
    ],
)
def test_epochs_that_are_done_cannot_change(override: str, progress: Progress, told: str) -> None:
    with pytest.raises(SpecErrors, match=told):
        check_fixed(spec(override), BEFORE, progress, RUN)
    check_fixed(spec("train.second.epochs=3"), BEFORE, progress, RUN)


def test_stages_in_another_order_are_refused() -> None:
    lines = TEXT.splitlines(keepends=True)
    swapped = "".join([*lines[:10], lines[11], lines[10], *lines[12:]])
    with pytest.raises(SpecErrors, match="the stages are in another order than in the run runs/small"):
        check_fixed(spec(text=swapped), BEFORE, Progress(), RUN)


def test_how_far_a_run_has_come() -> None:
    inside = {"state": {"stage": 1, "epoch": 2, "batch": 3}, "ended": None}
    between = {"state": {"stage": 1, "epoch": 0, "batch": 0}, "ended": {"epochs": 2}}
    assert Progress.of(inside) == Progress(1, 3)
    assert Progress.of(between) == Progress(0, 2)


PICTURES = TEXT.replace(
    "use: glyph_scenes, size: 32, train: 32, val: 16, test: 64", "use: images, folder: a, labels: b.csv"
)
"""Of the user's own pictures; which labels are unseen is a list of them, or a file's path."""


@pytest.mark.parametrize(
    ("before", "now", "free"),
    [
        ("data.folder=a", "data.folder=elsewhere", True),
        ("data.unseen=c.txt", "data.unseen=d.txt", True),
        ("data.unseen=null", "data.unseen=d.txt", True),
        ("data.unseen=[cat]", "data.unseen=[dog]", False),
        ("data.unseen=[cat]", "data.unseen=d.txt", False),
        ("data.unseen=c.txt", "data.unseen=[dog]", False),
    ],
)
def test_files_may_have_moved_but_what_is_written_out_stays(before: str, now: str, free: bool) -> None:
    values = lock_values(spec(before, text=PICTURES))
    if free:
        check_fixed(spec(now, text=PICTURES), values, Progress(), RUN)
        return
    with pytest.raises(SpecErrors, match=r"`data\.unseen` is "):
        check_fixed(spec(now, text=PICTURES), values, Progress(), RUN)


def test_the_lock_keeps_its_head_and_tells_its_history() -> None:
    first = lock_text(spec(), blocks=())
    changed = relocked(first, spec("train.second.epochs=5"), ["changed after step 6: train.second.epochs 3 -> 5"])
    lines = changed.splitlines()
    assert lines[:2] == first.splitlines()[:2]
    assert lines[2] == "# changed after step 6: train.second.epochs 3 -> 5"
    assert lines[3] == "# repeat with: compose train spec.lock.yaml"
    assert read_spec(SpecText(changed, "lock")).values["train"]["second"]["epochs"] == 5  # type: ignore[index,call-overload]
    again = relocked(changed, spec(), ["changed after step 9: train.second.epochs 5 -> 3"])
    assert [line for line in again.splitlines() if "changed" in line] == [
        "# changed after step 6: train.second.epochs 3 -> 5",
        "# changed after step 9: train.second.epochs 5 -> 3",
    ]
