import pytest
import torch
from torch import nn
from toy import ToyStage, make_model, run

from compose.block import BlockError
from compose.training.stages.nodes import Selection, matches, trained
from compose.training.training_errors import TrainingError

NODES = ("backbone", "head", "encoder")


def test_patterns():
    assert matches("*e*r", NODES) == ["encoder"]
    assert matches("head", NODES) == ["head"]
    assert matches("stack", ["stack.0", "stack.1", "stacked"]) == ["stack.0", "stack.1"]
    assert trained(NODES, None, None) == list(NODES)
    assert trained(NODES, ["h*", "e*"], ["en*"]) == ["head"]


def test_frozen_nodes_do_not_change_and_keep_their_batch_statistics(tmp_path):
    before = make_model().training.state_dict()
    after = run([ToyStage(epochs=1, batch=4, freeze=["back*"])], tmp_path / "run")
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed == {"head.project.weight", "head.project.bias"}


def test_the_next_stage_trains_what_the_last_one_froze(tmp_path):
    stages = [ToyStage(epochs=1, batch=8, freeze=["back*"]), ToyStage(epochs=1, batch=8, train=["back*"])]
    before = make_model().training.state_dict()
    after = run(stages, tmp_path / "run")
    assert all(not torch.equal(before[name], after[name]) for name in after)


def test_what_a_block_froze_stays_frozen():
    model = make_model().training
    model.backbone.conv.weight.requires_grad_(False)
    with Selection(model, NODES, None, None):
        assert not model.backbone.conv.weight.requires_grad
        assert model.backbone.norm.weight.requires_grad


def test_parameters_of_losses_are_trained():
    model = make_model().training
    model.rank.scale = nn.Parameter(torch.ones(()))
    with Selection(model, NODES, ["head"], None) as selection:
        groups = selection.groups({"head": 0.5})
    assert {group.lr_scale: len(group.parameters) for group in groups} == {0.5: 2, 1.0: 1}


def test_the_last_pattern_sets_the_rate():
    with Selection(make_model().training, NODES, None, None) as selection:
        groups = selection.groups({"*": 0.1, "head": 2.0})
    assert {group.lr_scale: len(group.parameters) for group in groups} == {0.1: 4, 2.0: 2}


def test_nothing_to_train():
    with pytest.raises(TrainingError, match="but the stage trains none of the nodes, and every weight is frozen"):
        Selection(make_model().training, NODES, None, ["*"])


@pytest.mark.parametrize(
    ("options", "parameter", "message"),
    [
        ({"freeze": ["bakbone"]}, "freeze", "no node matches `bakbone`; did you mean `backbone`?"),
        ({"train": ["x*"]}, "train", r"no node matches `x\*` \(there are: backbone, head, encoder\)"),
        ({"lr_scale": {"heads": 0.1}}, "lr_scale", "no node matches `heads`; did you mean `head`?"),
        ({"monitor": "loss.ranks"}, "monitor", "no loss is called `ranks`; did you mean `rank`?"),
        ({"losses": ["ranks"]}, "losses", "no loss is called `ranks`; did you mean `rank`?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(options, parameter, message):
    with pytest.raises(BlockError, match=message) as caught:
        ToyStage(**options).check(NODES, ["rank", "spread"])
    assert caught.value.parameter == parameter


def test_training_refuses_it_too(tmp_path):
    with pytest.raises(TrainingError, match=r"train\.stage1\.freeze: no node matches `bakbone`"):
        run([ToyStage(freeze=["bakbone"])], tmp_path / "run")
