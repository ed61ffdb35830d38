"""What is wrong with a spec that adapts to episodes is told once, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from compose import load
from compose.checks.problems import problems
from compose.cli.app import app
from compose.errors import SpecErrors

LABELS = """
name: labels
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 20}, standardise: true, length: 4, constant: 3}
model:
  extractor: {use: semantic_features, in: features, hidden: [8]}
  base: {use: einsum, in: [extractor, labels.base], pattern: "b d, m d -> b m"}
  feature: {use: feature_inference, in: extractor}
  scores: {use: activation, in: feature, kind: sigmoid}
loss:
  base: {use: bce, in: base}
  task: {use: bce, in: [feature, novel.targets]}
train:
  first: {stage: supervised, losses: [base], train: [extractor], validate_every: 0}
  second: {stage: maml, losses: [task], freeze: [extractor], adapt: [feature], ways: 3, inner_rates: step}
evaluate: {tasks: [episodes], ways: 3, metrics: [micro_auc]}
"""
CLASSES = """
name: classes
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  scores: {use: linear, in: pooled, size: 5}
loss: {task: {use: cross_entropy, in: [scores, novel.targets]}}
train:
  main: {stage: maml, queries: 3}
evaluate: {tasks: [episodes], queries: 3, metrics: [accuracy]}
"""


CODES = """
name: codes
data: {use: glosses}
model:
  encoder: {use: mlp, in: features, sizes: [8]}
  codes: {use: support_relation, in: [encoder, novel.targets], hidden: [4]}
  weights: {use: linear, in: [codes, features]}
  other: {use: linear, in: codes, size: 2}
  scores: {use: einsum, in: [features, weights], pattern: "b d, n d -> b n"}
loss:
  task: {use: bce, in: [scores, novel.targets]}
  size: {use: normal_divergence, in: [other, other]}
train:
  main: {stage: maml, adapt_outputs: [codes], ways: 3}
evaluate: {tasks: [episodes], ways: 3, metrics: [micro_auc]}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(spec: str, *changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Code, the text from where each mistake stands, and message, of a spec with some text replaced."""
    for old, new in changes:
        assert old in spec
        spec = spec.replace(old, new)
    Path("spec.yaml").write_text(spec)
    try:
        found = problems(load("spec.yaml"))
    except SpecErrors as error:
        found = list(error.errors)
    lines = spec.splitlines()
    places = [error.place for error in found]
    return [
        (error.code, lines[place.line - 1][place.column - 1 :] if place else "", error.message)
        for error, place in zip(found, places, strict=True)
    ]


def test_good_specs_have_none() -> None:
    assert told(LABELS) == []
    assert told(CLASSES) == []


IDLE = "nothing adapts to an episode: "
FRESH = "{use: alphabets, size: 16, drawings: 6, fresh: false}"


@pytest.mark.parametrize(
    ("spec", "old", "new", "code", "place", "message"),
    [
        (LABELS, "adapt: [feature]", "adapt: [featur]", "bad-parameter", "[featur]", "did you mean `feature`?"),
        (
            LABELS,
            "adapt: [feature]",
            "adapt: [extractor, feature]",
            "bad-parameter",
            "[extractor, feature]",
            "expected nodes that the stage trains, got `extractor`",
        ),
        (LABELS, "adapt: [feature]", "adapt: []", "bad-parameter", "[]", f"{IDLE}no node is named"),
        (
            LABELS,
            "adapt: [feature]",
            "adapt: [base, scores]",
            "bad-parameter",
            "[base, scores]",
            f"{IDLE}the loss `task` depends on no weights of `base`, `scores`",
        ),
        (LABELS, "metrics:", "adapt: [featur], metrics:", "bad-parameter", "[featur]", "no node matches `featur`"),
        (LABELS, "metrics:", "adapt: [scores], metrics:", "bad-parameter", "[scores]", f"{IDLE}the loss `task`"),
        (LABELS, "tasks: [episodes]", "tasks: [zsl]", "wrong-task", "[zsl]", "and `zsl` scores labels"),
        (LABELS, "step}", "step, outer: reptile}", "bad-parameter", "step,", "expected `outer: maml`, as Reptile has"),
        (LABELS, "ways: 3, inner", "ways: 51, inner", "data", "51", "needs 51 labels, and the split `val` has 50"),
        (LABELS, "ways: 3, m", "ways: 60, m", "data", "60", "needs 60 labels, and the split `test` has 59"),
        (LABELS, "losses: [task]", "losses: [base]", "unavailable-input", "[base]", "the loss `base` reads `targets`"),
        (LABELS, "losses: [base]", "losses: [task]", "unavailable-input", "[task]", "`task` reads `novel.targets`"),
        (LABELS, "step}", "step, monitor: map}", "bad-parameter", "map", "such as accuracy, got map"),
        (LABELS, "{use: wordnet, dim: 20}", "{use: glove, path: few.20d.txt}", "labels", "{use: glove", "`thing`"),
        (CLASSES, "tasks: [episodes]", "tasks: [episodes], ways: 4", "label-space", "4", "`scores` are for 5 classes"),
        (CLASSES, FRESH, "{use: glyph_scenes, size: 32}", "data", "{use: glyph", "`val` has no labels of its own"),
    ],
)
def test_one_mistake_at_its_place(spec: str, old: str, new: str, code: str, place: str, message: str) -> None:
    Path("few.20d.txt").write_text(f"food {'0.1 ' * 19}0.1\nfruit {'0.2 ' * 19}0.2\n")
    ((found, at, text),) = told(spec, (old, new))
    assert found == code
    assert at.startswith(place)
    assert message in text


def test_codes_that_adapt_are_sound() -> None:
    assert told(CODES) == []


@pytest.mark.parametrize(
    ("spec", "old", "new", "code", "place", "message"),
    [
        (CODES, "[codes]", "[code]", "bad-parameter", "[code]", "no node matches `code`; did you mean `codes`?"),
        (CODES, "[codes]", "[scores]", "bad-parameter", "[scores]", "would be the same for all queries"),
        (CODES, "[codes]", "[codes], outer: reptile", "bad-parameter", "[codes]", "expected `outer: maml`, as Reptile"),
        (
            CODES,
            "[codes]",
            "[codes, other], losses: [task]",
            "bad-parameter",
            "[codes, other]",
            "`other` does not adapt",
        ),
        (CODES, "adapt_outputs: [codes]", "adapt: [weights]", "targets-in-scores", "novel", "the scores depend on the"),
        (LABELS, "adapt: [feature]", "pull: 0.1", "bad-parameter", "0.1", "expected `adapt_outputs`, whose nodes"),
    ],
)
def test_outputs_that_cannot_adapt(spec: str, old: str, new: str, code: str, place: str, message: str) -> None:
    found = told(spec, (old, new))
    assert [(found_code, at.startswith(place)) for found_code, at, _ in found] == [(code, True)]
    assert message in found[0][2]


def test_sources_of_tasks_where_nothing_adapts() -> None:
    start, end = LABELS.index("  second: {stage: maml"), LABELS.index("evaluate")
    novel, targets = told(LABELS, (LABELS[start:end], ""))
    why = "no weights adapt to episodes: there is neither a stage `maml` nor `evaluate: {adapt: [...]}`"
    assert novel[1].startswith("feature: {use")
    assert novel[2] == f"the input `labels_novel` of `feature` is not wired: {why}"
    assert targets[1].startswith("novel.targets]}")
    assert targets[2] == f"there is no `novel.targets` here: {why}"
    stage = (LABELS[start:end], "")
    assert told(LABELS, stage, ("metrics:", "adapt: [feature], metrics:")) == []


@pytest.mark.parametrize("key", ["inner_steps", "inner_lr"])
def test_steps_where_nothing_adapts(key: str) -> None:
    prototypes = ("{use: linear, in: pooled, size: 5}", "{use: prototypes, in: pooled}")
    found = told(CLASSES, prototypes, ("novel.", "query."), ("maml", "episodic"), ("metrics:", f"{key}: 2, metrics:"))
    ((code, place, message),) = found
    assert (code, place[0]) == ("bad-parameter", "2")
    assert message.startswith("no weights adapt to episodes")


def test_nothing_to_adapt_by() -> None:
    found = told(
        CLASSES,
        ("{stage: maml, queries: 3}", "{stage: supervised, validate_every: 0}"),
        ("[scores, novel.targets]", "seen"),
        ("loss:", "  seen: {use: semantic_branch, in: backbone.last}\nloss:"),
        ("metrics:", "adapt: [scores], metrics:"),
    )
    ((code, place, message),) = found
    assert (code, message) == ("bad-parameter", f"{IDLE}no loss is on `novel.targets`")
    assert place.startswith("[scores]")


def test_scores_of_many_episodes_do_not_adapt_to_one() -> None:
    prototypes = ("{use: linear, in: pooled, size: 5}", "{use: prototypes, in: pooled}")
    found = told(CLASSES, prototypes, ("novel.", "query."))
    ((place, message),) = [(place, text) for code, place, text in found if code == "wrong-task"]
    assert place.startswith("scores: {use: prototypes")
    assert message == "the weights adapt to one episode at a time, and the scores depend on `support.targets` of many"


def test_the_command_line_ends_with_2() -> None:
    told(LABELS, ("adapt: [feature]", "adapt: [featur]"))
    result = CliRunner().invoke(app, ["validate", "spec.yaml"])
    assert result.exit_code == 2
    assert "spec.yaml:15:" in result.stderr
    assert "did you mean `feature`?" in result.stderr


@pytest.mark.parametrize("last", ["inner_rates: fixed", "inner_rates: step, inner_steps: 2", "inner_rates: layer"])
def test_rates_are_learned_in_the_last_stage(last: str) -> None:
    stage = (
        "  second: {stage: maml, losses: [task], freeze: [extractor], adapt: [feature], ways: 3, inner_rates: step}\n"
    )
    third = stage.replace("second", "third")
    assert told(LABELS, (stage, stage + third)) == []
    ((code, place, message),) = told(LABELS, (stage, stage + third.replace("inner_rates: step", last)))
    assert (code, place) == ("bad-parameter", "step}")
    assert (
        message
        == "the model has the learned rates of the last stage that adapts weights, and this one would learn others"
    )


def test_a_stage_on_examples_has_no_loss_of_an_episodes_labels() -> None:
    """Of their targets, or of what reads their vectors alone."""
    reads_vectors = ("  task: {use: bce", "  spread: {use: variance, in: feature_map}\n  task: {use: bce")
    node = (
        "  scores:",
        '  feature_map: {use: einsum, in: [extractor, labels.novel], pattern: "b d, n d -> b n d"}\n  scores:',
    )
    asked = ("losses: [base], train", "losses: [base, spread], train")
    message = "the loss `spread` reads `labels.novel`, which the stage's examples (`data`) do not give"
    assert told(LABELS, reads_vectors, node, asked) == [
        ("unavailable-input", "[base, spread], train: [extractor], validate_every: 0}", message)
    ]
    assert told(LABELS, reads_vectors, node, ("losses: [base], train", "train")) == []
