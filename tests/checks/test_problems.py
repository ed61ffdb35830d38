"""Everything that would stop a run is found before it starts, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import load, validate
from compose.checks.problems import LISTED, notes, problems

SPEC = """
name: small
data: {use: images, folder: ., labels: labels.csv, size: 32, unseen: [b]}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  pyramid: {use: forward_pyramid, in: backbone, groups: 2}
  groups: {use: channel_groups, in: pyramid}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, batch: 2, freeze: [bakbone]}}
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def _labels(folder: Path, names: list[str], count: int) -> None:
    lines = ["image,labels,split", *(f"{i}.png,{names[i % len(names)]},train" for i in range(count))]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def test_every_level_at_once(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    made = load("small.yaml", overrides=["model.scores.in=[pyramid, labels.vectors]"])
    found = problems(made)
    codes = [error.code for error in found]
    assert codes[0] == "shape-mismatch"
    assert "bad-parameter" in codes
    assert "data" in codes
    stage = next(error for error in found if error.code == "bad-parameter")
    assert "no node matches `bakbone`; did you mean `backbone`?" in stage.message
    assert stage.place is not None
    assert stage.place.line == 12
    assert [error.code for error in problems(made, data=False)] == [code for code in codes if code != "data"]


def test_a_missing_file_of_vectors_is_an_error_at_the_labels(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    found = problems(
        load("small.yaml", overrides=["labels.vectors={use: glove, path: no.txt}", "train.main.freeze=null"])
    )
    assert [(error.code, error.message) for error in found] == [
        ("labels", f"{Path('no.txt').resolve()}: there is no such file of word vectors"),
        ("data", found[-1].message),
    ]


def test_many_problems_of_the_data_are_one_error(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 60)
    (error,) = [error for error in problems(load("small.yaml")) if error.code == "data"]
    assert error.place is not None
    assert error.place.line == 3
    assert len(error.notes) <= LISTED + 1


def test_tasks_without_labels(folder: Path) -> None:
    _labels(folder, ["cat", "dog"], 4)
    found = problems(load("small.yaml", overrides=["data.unseen=[]"]), data=False)
    assert "zsl: expected unseen labels" in " ".join(error.message for error in found)


def test_images_with_one_of_no_labels() -> None:
    found = validate("zoo/ml2p.yaml", variants=["multi-label"], overrides={"evaluate.images": "with_unseen"})
    (error,) = found.errors
    assert error.message == "images: with_unseen counts no image, as all 161 are seen"
    assert str(error.place).startswith("command line:1:")


def test_a_good_spec_has_none(folder: Path) -> None:
    made = load("zoo/starter.yaml", overrides=["data.size=32"])
    assert problems(made) == []
    assert notes(made) == []


EXTERNAL = """
name: external
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 8}, external: {use: glyph_symbols, size: 32}, graph: {use: wup}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  classifier: {use: linear, in: [pooled, external.classes]}
  posterior: {use: class_posterior, in: classifier}
  states: {use: node_init, in: pooled, hidden: 8, size: 8}
  external_states: {use: posvae, in: posterior, hidden: 8, size: 8}
  propagation: {use: rgcn, in: {nodes: states, external_nodes: external_states.nodes}, hidden: 8, size: 8}
  scores: {use: label_head, in: propagation.labels, hidden: null}
loss:
  classes: {use: cross_entropy, in: [classifier, external.targets]}
  labels: {use: bce, in: scores}
train:
  first: {stage: supervised, examples: external, losses: [classes], train: [backbone, classifier]}
  second: {stage: supervised, losses: [labels], freeze: [backbone, classifier]}
evaluate: {tasks: [zsl, gzsl], metrics: [map]}
"""


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.first.examples=data", "`classes` reads `external.targets`, which the stage's examples (`data`) do not"),
        (
            "train.first.losses=[classes, labels]",
            "`labels` reads `targets`, which the stage's examples (`external`) do",
        ),
        ("train.second.examples=external", "`labels` reads `targets`, which the stage's examples (`external`) do not"),
        ("labels.external.size=48", "`image` is 3 × 48 × 48 there and 3 × 32 × 32 in `data`"),
        ("labels.graph.threshold=1.0", "no two of the 283 nodes are joined"),
    ],
)
def test_stages_on_external_examples(tmp_path: Path, override: str, message: str) -> None:
    (tmp_path / "external.yaml").write_text(EXTERNAL)
    assert problems(load(str(tmp_path / "external.yaml"))) == []
    (error, *_) = problems(load(str(tmp_path / "external.yaml"), overrides=[override]))
    assert message in error.message
    assert error.place is not None


def test_a_stage_on_external_examples_that_are_not_there(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    made = load("small.yaml", overrides=["train={main: {stage: supervised, examples: external}}"])
    told = [error.message for error in problems(made, data=False)]
    assert any("but the spec has no `labels: {external: ...}`" in message for message in told)


def test_a_label_that_is_no_noun_is_told_once(folder: Path) -> None:
    _labels(folder, ["cat", "dgo", "b"], 3)
    made = load("small.yaml", overrides=["labels.graph={use: wup}"])
    (error,) = [e for e in problems(made, data=False) if "dgo" in e.message]
    assert "nearest" in error.message


def test_external_classes_that_are_no_nodes_need_no_vectors(tmp_path: Path) -> None:
    (tmp_path / "external.yaml").write_text(EXTERNAL)
    plain = ["loss.labels.in=plain", "model.plain={use: max_similarity, in: [vectors, labels.vectors]}", "scores=plain"]
    plain += [
        'model.places={use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}',
        "model.vectors={use: linear, in: [places, labels.vectors]}",
        "train.second.freeze=[backbone]",
        "labels.vectors.dim=9",
    ]
    gone = [f"model.{name}=null" for name in ("posterior", "states", "external_states", "propagation", "scores")]
    made = load(str(tmp_path / "external.yaml"), overrides=[*plain, *gone])
    given = {"labels_vectors", "labels_base", "labels_base_mask", "external_classes"}
    given |= {"labels_graph", "labels_relations"}
    assert set(made.space.inputs("seen")) == given
    assert problems(made) == []


EPISODES = """
name: fewshot
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  scores: {use: prototypes, in: backbone.last}
  semantic: {use: semantic_branch, in: backbone.last}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  semantic: {use: cross_entropy, in: semantic, weight: 0.5}
train:
  first: {stage: supervised, batch: 4, losses: [semantic]}
  second: {stage: episodic, shots: [1, 2], queries: 3, batch: 2}
evaluate: {tasks: [episodes], shots: [1, 2], queries: 3, episodes: 4}
"""


@pytest.fixture
def fewshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fewshot.yaml").write_text(EPISODES)
    return tmp_path


def _told(*overrides: str) -> list[tuple[str, int, str]]:
    """Code, line and message of each mistake that stands in the spec itself."""
    found = problems(load("fewshot.yaml", overrides=list(overrides)))
    return [(e.code, e.place.line if e.place else 0, e.message) for e in found]


def test_each_stage_trains_on_the_losses_that_it_feeds(fewshot: Path) -> None:
    assert _told() == []
    assert _told("train.first.losses=null") == []
    assert _told("train.second.losses=[task, semantic]") == []


def _edited(old: str, new: str) -> list[tuple[str, int, str]]:
    """The same of a spec in which some text is another."""
    assert old in EPISODES
    Path("fewshot.yaml").write_text(EPISODES.replace(old, new))
    return _told()


STAGE = "the stage's examples (`data`)"
LAST = "  semantic: {use: cross_entropy, in: semantic, weight: 0.5}\n"
BRANCH = "  semantic: {use: semantic_branch, in: backbone.last}\n"


@pytest.mark.parametrize("losses", ["[semantic, task]", "[task]"])
def test_a_loss_that_only_episodes_feed(fewshot: Path, losses: str) -> None:
    message = f"the loss `task` reads `support.targets`, which {STAGE} do not give"
    assert _edited("[semantic]}", f"{losses}}}") == [("unavailable-input", 12, message)]


def test_no_loss_is_left_for_a_stage(fewshot: Path) -> None:
    Path("fewshot.yaml").write_text(EPISODES.replace(LAST, "").replace(BRANCH, "").replace(", losses: [semantic]", ""))
    assert _told() == [("unavailable-input", 10, f"no loss is on the targets of {STAGE}")]


# --- the episodes that the data has -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("queries: 3, batch", "queries: 5, batch", 13, "an episode needs 7 pictures of each class for its support and"),
        ("[1, 2], queries: 3, e", "[1, 4], queries: 3, e", 14, "an episode needs 7 pictures of each class for its"),
        (
            "stage: episodic,",
            "stage: episodic, ways: 1300,",
            13,
            "an episode needs 1300 classes, and the split `train`",
        ),
        ("queries: 3, e", "queries: 3, ways: 216, e", 14, "an episode needs 216 classes, and the split `test` has 215"),
    ],
)
def test_episodes_that_the_data_does_not_have(fewshot: Path, old: str, new: str, line: int, message: str) -> None:
    found = _edited(old, new)
    assert {(code, at) for code, at, _ in found} == {("data", line)}
    assert any(text.startswith(message) for _, _, text in found)


def test_validation_classes_count_only_where_they_are_validated(fewshot: Path) -> None:
    validated = _edited("queries: 3, batch", "queries: 3, ways: 141, batch")
    assert [text for _, _, text in validated] == ["an episode needs 141 classes, and the split `val` has 140"]
    assert _edited("queries: 3, batch", "queries: 3, ways: 141, validate_every: 0, batch") == []


def _labelled(rows: list[str]) -> None:
    """Pictures by their labels; all splits have the same."""
    splits = ("train", "val", "test")
    lines = [f"{split}{i}.png,{label},{split}" for split in splits for i, label in enumerate(rows)]
    Path("labels.csv").write_text("\n".join(["image,labels,split", *lines]) + "\n")


IMAGES = "{use: images, folder: ., labels: labels.csv, size: 16}"
CLASSES = [name for name in ("cat", "dog", "cow", "pig", "ape") for _ in range(5)]


def _on_images(rows: list[str]) -> list[tuple[str, int, str]]:
    _labelled(rows)
    Path("fewshot.yaml").write_text(EPISODES.replace("{use: alphabets, size: 16, drawings: 6, fresh: false}", IMAGES))
    found = problems(load("fewshot.yaml"), data=False)
    return [(e.code, e.place.line if e.place else 0, e.message) for e in found]


def test_a_class_with_too_few_pictures_is_named(fewshot: Path) -> None:
    assert _on_images(CLASSES) == []
    found = _on_images([*CLASSES[1:], "ant"])
    needs = "an episode needs 5 pictures of each class for its support and queries; in the split"
    lines = {"train": 13, "val": 13, "test": 14}
    expected = [("data", line, f"{needs} `{split}` `ant` has 1, `cat` has 4") for split, line in lines.items()]
    assert sorted(found) == sorted(expected)


def test_pictures_of_several_labels_make_tasks_of_labels(fewshot: Path) -> None:
    assert _on_images(["cat;dog", *CLASSES]) == []


def test_scenes_have_no_validation_labels_unless_some_are_kept(fewshot: Path) -> None:
    drawn = "{use: alphabets, size: 16, drawings: 6, fresh: false}"
    ((code, line, message),) = _edited(drawn, "{use: glyph_scenes, size: 32}")
    assert (code, line) == ("data", 3)
    assert message.startswith("the split `val` has no labels of its own to draw tasks by: `split: {val: ")
    assert _edited(drawn, "{use: glyph_scenes, size: 32, split: {val: 20}}") == []


def test_scores_of_labels_in_episodes_and_the_other_way_round(fewshot: Path) -> None:
    of_labels = _edited("tasks: [episodes]", "tasks: [gzsl, episodes]")
    assert of_labels == [("wrong-task", 14, "the scores are of the classes of episodes, and `gzsl` scores labels")]
    pooled = 'pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}'
    pooled += "\n  scores: {use: mlp, in: pooled, sizes: [5]}"
    text = EPISODES.replace("scores: {use: prototypes, in: backbone.last}", pooled)
    fewshot.joinpath("fewshot.yaml").write_text(
        text.replace("  task: {use: cross_entropy, in: [scores, query.targets]}\n", "")
    )
    found = [(e.code, e.place.line if e.place else 0, e.message) for e in problems(load("fewshot.yaml"))]
    message = "the scores are of labels, and episodes need scores of the classes that the support shows"
    assert ("wrong-task", 14, message) in found
    assert ("wrong-task", 13, message) in found


# --- the number of classes that the weights are for ---------------------------------------------------------------

LAYERS = """
name: fewshot
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
blocks:
  layer:
    inputs: [state, support, query, targets]
    model:
      spatial: {use: spatial_attention, in: [state, support, query]}
      task: {use: task_attention, in: [spatial.query_features, spatial.support_features, targets]}
    outputs: {context: task.context}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  episodes: {use: split_episodes, in: backbone.last}
  state: {use: reduce, in: episodes.query, pattern: "e q c h w -> e q c"}
  layers: {use: layer, in: [state, episodes.support, episodes.query, support.targets], repeat: 1, collect: [context]}
  scores: {use: context_classifier, in: layers.context}
loss: {task: {use: cross_entropy, in: [scores, query.targets]}}
train:
  first: {stage: episodic, ways: 4, queries: 2, batch: 2}
  second: {stage: episodic, ways: 4, queries: 2, batch: 2}
evaluate: {tasks: [episodes], ways: 4, queries: 3, episodes: 4}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "sizes"),
    [
        ("batch: 2}\nevaluate", "batch: 2, ways: 3}\nevaluate", 20, (4, 3)),
        ("ways: 4, queries: 3", "ways: 5, queries: 3", 21, (4, 5)),
        ("ways: 4, queries: 3", "queries: 3", 21, (4, 5)),
    ],
)
def test_weights_are_for_one_number_of_classes(
    fewshot: Path, old: str, new: str, line: int, sizes: tuple[int, int]
) -> None:
    Path("fewshot.yaml").write_text(LAYERS)
    assert _told() == []
    text = LAYERS.replace(old, new).replace("ways: 4, queries: 2, batch: 2, ways: 3", "ways: 3, queries: 2, batch: 2")
    assert text != LAYERS
    Path("fewshot.yaml").write_text(text)
    message = f"the weights of `layers.0.task` are for {sizes[0]} classes in an episode, got {sizes[1]}"
    assert _told() == [("label-space", line, message)]


def test_other_weights_serve_any_number_of_classes(fewshot: Path) -> None:
    assert _edited("shots: [1, 2], queries: 3, e", "ways: 9, shots: [1, 2], queries: 3, e") == []
