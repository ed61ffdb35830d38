import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.graph_pb2 import GraphDef
from toy import ToyStage, make_model, run

from compose.training.logging.graph_def import graph_def
from compose.training.logging.prediction_sheet import (
    MISSED,
    RIGHT,
    UNKNOWN,
    WRONG,
    Predictions,
    attention_rows,
    caption,
    displayable,
    draw,
)
from compose.training.stages.supervised import Supervised
from compose.training.storage.checkpoint import Checkpoints


def predictions(*, attention: bool = True, count: int = 3) -> Predictions:
    torch.manual_seed(0)
    maps = torch.rand(count, 5, 16).softmax(-1).reshape(count, 5, 4, 4)
    return Predictions(
        images=torch.rand(count, 3, 16, 16),
        scores=torch.tensor([[3.0, 2.0, 1.0, 0.0, -1.0, -2.0]]).expand(count, 6),
        targets=torch.tensor([[1, -1, 0, -1, -1, 1]], dtype=torch.int8).expand(count, 6),
        labels=["king", "queen", "rook", "bishop", "knight", "a pawn that is called something long"],
        attention=maps if attention else None,
    )


def test_the_graph_has_a_box_for_each_node():
    graph = graph_def(make_model().training, {"head": [(4, 6)]})
    nodes = {node.name: node for node in graph.node}
    assert {name: list(node.input) for name, node in nodes.items()} == {
        "inputs/image": [],
        "inputs/labels_vectors": [],
        "inputs/targets": [],
        "backbone": ["inputs/image"],
        "head": ["backbone", "inputs/labels_vectors"],
        "rank": ["head", "inputs/targets"],
        "spread": ["head"],
    }
    assert nodes["backbone"].op == "Backbone"
    assert nodes["backbone"].attr["parameters"].s == b"240"
    assert [dim.size for dim in nodes["head"].attr["_output_shapes"].list.shape[0].dim] == [4, 6]


def test_a_run_writes_scalars_graph_spec_and_predictions(tmp_path):
    run([Supervised(epochs=1, batch=4, log_every=2)], tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "events"), size_guidance={"images": 0, "tensors": 0}).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [2, 4]
    assert events.Scalars("val/map")[0].step == 5
    assert GraphDef.FromString(events.Tags()["graph"] and events._graph).node
    assert len(events.Images("predictions")) == 1
    assert "spec/text_summary" in events.Tags()["tensors"]


def test_a_resumed_run_hides_what_it_repeats(tmp_path, monkeypatch):
    monkeypatch.setattr(Checkpoints, "prune", lambda self, kept: None)
    stages = [ToyStage(epochs=1, batch=4, log_every=1, checkpoint_every=0)]
    run(stages, tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "step-000000006.safetensors").unlink()
    run(stages, tmp_path / "run", resume=True)
    events = EventAccumulator(str(tmp_path / "run" / "events")).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]


def test_captions_mark_right_wrong_unknown_and_missed_labels():
    assert caption(predictions(), 0) == [
        ("✓ king  3.00", RIGHT),
        ("✗ queen  2.00", WRONG),
        ("? rook  1.00", UNKNOWN),
        ("✗ bishop  0.00", WRONG),
        ("✗ knight  -1.00", WRONG),
        ("missed: a pawn that is ca…", MISSED),
    ]


@pytest.mark.parametrize("attention", [True, False])
def test_a_picture_is_drawn(attention):
    picture = draw(predictions(attention=attention))
    assert picture.ndim == 3
    assert picture.std() > 10


def test_normalised_pictures_are_stretched_and_others_left():
    image = torch.rand(3, 4, 4)
    assert torch.equal(torch.from_numpy(displayable(image)), image.permute(1, 2, 0))
    shown = displayable(image * 4 - 2)
    assert (shown.min(), shown.max()) == (0, 1)


def test_each_picture_has_its_top_labels_where_the_model_looks_for_them():
    rows = attention_rows(predictions())
    assert [label.name for label in rows[0].labels] == ["king", "queen", "rook", "bishop", "knight"]
    assert [label.correct for label in rows[0].labels] == [True, False, None, False, False]
    assert rows[0].note.startswith("missed: a pawn")
    assert torch.equal(rows[1].labels[2].attention, predictions().attention[1, 2])
