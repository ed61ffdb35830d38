import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.summary.writer import event_file_writer
from toy import ToyStage, make_model, make_plan, run

from compose.terminal import Terminal
from compose.training.logging.graph_def import graph_def
from compose.training.logging.tensorboard_log import TensorBoardLog
from compose.training.stages.supervised import Supervised
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train


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


def scalars(folder):
    events = EventAccumulator(str(folder / "events")).Reload()
    return [event.step for event in events.Scalars("train/loss")]


@pytest.mark.parametrize("damage", ["zeros", "cut", "gone"])
def test_events_that_a_crash_damaged_are_left_out_and_told(tmp_path, monkeypatch, capsys, damage):
    monkeypatch.setattr(Checkpoints, "prune", lambda self, kept: None)
    stages, folder = [ToyStage(epochs=1, batch=4, log_every=1, checkpoint_every=0)], tmp_path / "run"
    run(stages, folder)
    (folder / "checkpoints" / "step-000000006.safetensors").unlink()
    (path,) = (folder / "events").iterdir()
    whole = path.read_bytes()
    at = whole.rindex(b"train/loss", 0, len(whole) // 2) + 20
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:at] + (bytes(len(whole) - at) if damage == "zeros" else b""))
    train(make_plan(stages), RunFolder(folder), device="cpu", resume=True, console=Terminal(width=200))
    told = capsys.readouterr().out
    assert (f"note: {path.name} is gone" if damage == "gone" else f"note: {path.name} is damaged: of ") in told
    kept = scalars(folder)
    assert kept[-1] == 6
    assert kept == sorted(set(kept))


def test_events_after_the_checkpoint_are_deleted(tmp_path, monkeypatch):
    # files of one second are read in the order of their numbers as text, where 10 comes before 9
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
    (tmp_path / "events.b").write_bytes(b"later")
    log = TensorBoardLog(tmp_path, step=0, kept={})
    log.scalars(1, {"a": 1.0})
    kept = log.sync()
    log.scalars(2, {"a": 2.0})
    log.close()
    again = TensorBoardLog(tmp_path, step=1, kept=kept)
    again.scalars(2, {"a": 3.0})
    again.close()
    assert again.losses == []
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("a")
    assert [(event.step, event.value) for event in events] == [(1, 1.0), (2, 3.0)]
    assert not (tmp_path / "events.b").exists()
