"""What is scored changes from task to task: labels, and the pictures and classes of episodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from compose import load
from compose.errors import SpecError, SpecErrors
from compose.model.label_space_check import fixing
from compose.registry.registry import Registry
from compose.spec.read import read_spec
from compose.training.prepare import Prepared, prepare

SPEC = """\
name: small
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  near: {use: prototypes, in: backbone.last}
  scores: {use: tempered, in: near}
loss: {task: {use: cross_entropy, in: [scores, query.targets]}}
train: {main: {stage: episodic, shots: 2, queries: 3, query_classes: 4, batch: 4}}
evaluate: {tasks: [episodes], shots: 2, queries: 3}
"""

Make = Callable[..., Prepared]


@pytest.fixture
def made(tmp_path: Path, known: Registry) -> Make:
    """The spec with other scores."""

    def change(scores: str, *overrides: str) -> Prepared:
        text = SPEC.replace("{use: tempered, in: near}", scores)
        (tmp_path / "small.yaml").write_text(text)
        return prepare(read_spec(str(tmp_path / "small.yaml"), overrides=overrides, known=known))

    return change


def refusal(prepared: Prepared) -> SpecError:
    with pytest.raises(SpecErrors) as caught:
        _ = prepared.shaped
    (error,) = caught.value.errors
    assert error.code == "label-space"
    assert error.place is not None
    assert error.place.line == 6
    return error


def refused(prepared: Prepared) -> SpecError:
    with pytest.raises(SpecErrors) as caught:
        _ = prepared.shaped
    return caught.value.errors[0]


def episodes(count: int, ways: int, shots: int, queries: int) -> dict[str, Tensor]:
    support = torch.where(torch.arange(ways).repeat_interleave(shots)[:, None] == torch.arange(ways), 1, -1)
    return {
        "image": torch.randn(count * (ways * shots + queries), 1, 16, 16),
        "support_targets": support.to(torch.int8).expand(count, -1, -1),
    }


# --- the number of pictures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "note"),
    [
        (
            "{use: support_bias, in: near}",
            "`weight`: 10 × 1 for 4 episodes of 10 support and 12 query pictures, 15 × 1",
        ),
        ("{use: query_bias, in: near}", "`bias`: 12 × 1 for 4 episodes of 10 support and 12 query pictures, 20 × 1"),
        (
            "{use: episode_bias, in: near}",
            "`bias`: 4 × 1 × 1 for 4 episodes of 10 support and 12 query pictures, 5 × 1",
        ),
    ],
)
def test_weights_may_not_follow_the_pictures(made: Make, scores: str, note: str) -> None:
    error = refusal(made(scores))
    assert error.message == (
        "the weights of `scores` depend on the number of pictures in an episode, "
        "so they cannot serve another number of shots or queries"
    )
    assert error.expected == "weights that each picture shares"
    assert error.notes[0].message.startswith(note)
    assert error.notes[0].message.endswith(" for 5 of 15 and 20")


def test_the_pictures_of_the_evaluation_count_where_no_stage_has_episodes(made: Make) -> None:
    error = refusal(made("{use: support_bias, in: near}", "train=null", "loss=null", "evaluate.shots=1"))
    assert error.notes[0].message == (
        "`weight`: 5 × 1 for 2 episodes of 5 support and 15 query pictures, 10 × 1 for 3 of 10 and 25"
    )


def test_the_support_is_not_taken_for_as_many_queries(made: Make) -> None:
    options = ("train.main.queries=2", "train.main.query_classes=null", "loss.task.in=[scores, support.targets]")
    error = refused(made("{use: tempered, in: near}", *options))
    assert error.message.startswith("`scores` and `support.targets` do not fit together in `loss.task`")


# --- the number of classes ----------------------------------------------------------------------------------------


def test_weights_may_not_follow_the_classes_in_silence(made: Make) -> None:
    error = refusal(made("{use: way_bias, in: near}"))
    assert error.message == (
        "the weights of `scores` depend on the number of classes in an episode, so they serve no other number"
    )
    assert error.expected == "weights that each class shares, or a block that says that it fixes their number"
    assert [note.message for note in error.notes] == ["`bias`: 5 for 5 classes, 6 for 6"]


def test_a_shape_that_fits_one_number_of_classes_is_no_better(made: Make) -> None:
    error = refusal(made("{use: bias_of, in: near, classes: 5}"))
    assert error.notes[-1].message == "it fits 5 classes in an episode and no other number"


def test_a_block_may_say_that_it_fixes_their_number(made: Make) -> None:
    prepared = made("{use: fixed_way_bias, in: near}")
    assert prepared.shaped.facts["scores"].outputs["out"] == (4, 12, 5)
    step = fixing(prepared.spec.plan.steps, "n")
    assert step is not None
    assert step.name == "scores"
    assert fixing(prepared.spec.plan.steps[:-1], "n") is None


# --- what may -----------------------------------------------------------------------------------------------------


def test_a_model_of_no_such_weights_serves_any_episode(made: Make) -> None:
    model = made("{use: tempered, in: near}").build().inference.eval()
    for count, ways, shots, queries in ((1, 5, 2, 12), (2, 3, 1, 1), (3, 20, 5, 7)):
        assert model(**episodes(count, ways, shots, queries))["scores"].shape == (count, queries, ways)


def test_what_only_a_loss_reads_may_follow_the_episode(made: Make) -> None:
    extra = ("model.extra={use: way_bias, in: near}", "loss.more={use: cross_entropy, in: [extra, query.targets]}")
    prepared = made("{use: tempered, in: near}", *extra)
    assert prepared.shaped.facts["extra"].weights == {"bias": (5,)}
    assert set(prepared.scoring().shaped.facts) == {"backbone", "near", "scores"}


def test_a_loss_fits_every_number_of_pictures_too(made: Make) -> None:
    """The last batch of an epoch has fewer episodes, and weights adapt to one at a time."""
    follows = "model.follows={use: batch_norm, in: backbone.last, dims: a b c d, axis: a}"
    loss = "loss.spread={use: probability_mse, in: [follows, follows]}"
    with pytest.raises(SpecErrors) as caught:
        _ = made("{use: tempered, in: near}", follows, loss).shaped
    assert [error.message for error in caught.value.errors] == [
        "the weights of `follows` depend on the number of pictures in an episode, "
        "so they cannot serve another number of shots or queries"
    ]


def test_what_weights_adapt_by_fits_every_number_of_classes_too(tmp_path: Path) -> None:
    text = ADAPTED.replace("scores: {", "places: {use: linear, in: [features, scores]}\n  scores: {")
    (tmp_path / "adapted.yaml").write_text(text.replace("[scores, novel", "[places, novel"))
    with pytest.raises(SpecErrors) as caught:
        _ = load(str(tmp_path / "adapted.yaml")).shaped
    assert caught.value.errors[0].message == (
        "the weights of `places` depend on the number of classes in an episode, so they serve no other number"
    )
    (tmp_path / "adapted.yaml").write_text(ADAPTED)
    assert load(str(tmp_path / "adapted.yaml")).shaped


ADAPTED = """
name: adapted
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 6}}
model:
  scores: {use: feature_inference, in: features}
loss: {task: {use: bce, in: [scores, novel.targets]}}
train: {main: {stage: maml, ways: 3}}
evaluate: {tasks: [episodes], ways: [3, 4], metrics: [micro_auc]}
"""
