from dataclasses import replace

import pytest
import torch
from torch import nn
from toy import NODES, PLAN, ToyStage, make_model, run

from compose.block import BlockError
from compose.training.stages.nodes import Selection, matches, trained
from compose.training.training_errors import TrainingError


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
    built = make_model()
    model = built.training
    model.backbone.conv.weight.requires_grad_(False)
    with Selection(built, None, None):
        assert not model.backbone.conv.weight.requires_grad
        assert model.backbone.norm.weight.requires_grad


def test_parameters_of_losses_are_trained():
    built = make_model()
    built.training.rank.scale = nn.Parameter(torch.ones(()))
    with Selection(built, ["head"], None) as selection:
        groups = selection.groups({"head": 0.5})
    assert {group.lr_scale: len(group.parameters) for group in groups} == {0.5: 2, 1.0: 1}


def test_the_last_pattern_sets_the_rate():
    with Selection(make_model(), None, None) as selection:
        groups = selection.groups({"*": 0.1, "head": 2.0})
    assert {group.lr_scale: len(group.parameters) for group in groups} == {0.1: 4, 2.0: 2}


def test_a_node_that_uses_the_weights_of_another_trains_them():
    built = make_model()
    built.nodes = (*NODES, "again")
    again = replace(PLAN.steps[1], name="again", share="head")
    built.plan = replace(PLAN, steps=(*PLAN.steps, again))
    with Selection(built, ["again"], ["head"]):
        assert [name for name, p in built.training.named_parameters() if p.requires_grad] == [
            "head.project.weight",
            "head.project.bias",
        ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freeze": ["*"]}, "freeze: the stage has nothing to train: `freeze` leaves no node of the model"),
        ({"train": ["encoder"]}, "train: the stage has nothing to train: `encoder` has no weights"),
        ({"freeze": ["head"]}, "freeze: the stage has nothing to train: the blocks of `backbone`, `encoder` keep all"),
        ({"train": ["backbone"]}, "train: the stage has nothing to train: the block of `backbone` keeps all weights"),
        ({"train": ["h*", "back*"], "freeze": ["*k*b*"]}, r"train: `back\*` is to be trained, and `freeze` names it"),
    ],
)
def test_nothing_to_train_is_found_before_the_first_stage(tmp_path, options, message):
    model = make_model()
    model.training.backbone.requires_grad_(False)
    model.facts["backbone"].trainable = 0
    with pytest.raises(TrainingError, match=rf"train\.stage2\.{message}"):
        run([ToyStage(epochs=1, batch=8), ToyStage(**options)], tmp_path / "run", model=model)
    assert not (tmp_path / "run").exists()


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
