"""Whether an error is right: what it says is tried on real tensors, by other means than those that found it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compose.errors import SpecError
from tests.soundness.confirmed.case import Attempt, Case
from tests.soundness.confirmed.wrong_data import (
    cannot_look,
    external_misfit,
    no_graph,
    no_labels,
    no_such_data,
    nothing_measured,
    unfed,
    wrong_kind_of_scores,
)
from tests.soundness.confirmed.wrong_gradients import learns_nothing, nothing_adapts
from tests.soundness.confirmed.wrong_indices import beyond
from tests.soundness.confirmed.wrong_model import (
    contains_itself,
    fails,
    goes_round,
    lacks_scores,
    no_such_node,
    no_such_port,
    not_given,
    sees_targets,
    taken_name,
    without_values,
    wrong_number,
)
from tests.soundness.confirmed.wrong_sizes import attention_misfit, follows_the_labels, scores_misfit
from tests.soundness.confirmed.wrong_values import bad_metric, bad_values, cannot_be_made, cannot_construct, lacks_a_key


def unconfirmed(case: Case, errors: Sequence[SpecError]) -> Iterator[str]:
    """The errors that nothing confirms."""
    for error in errors:
        if not any(attempt(case, error) for attempt in (*OF_CODE.get(error.code, ()), *ALWAYS)):
            section, name = case.part(error)
            seen = "; ".join(f"{failure.kind} at {failure.node}" for failure in case.failures[:4]) or "nothing fails"
            yield f"unconfirmed {error.code}: {error.message} ({section}.{name}; {seen})"


def training_refuses(case: Case, error: SpecError) -> bool:
    """Training or evaluation stops with an error where nothing is checked before."""
    return bool(case.unchecked)


UNKNOWN = ("reference", "block", "unwired", "unavailable", "share", "repeat")
SCHEMA: tuple[Attempt, ...] = (bad_values, fails("construct", "block", "reference"), cannot_construct)
OF_CODE: Mapping[str, tuple[Attempt, ...]] = {
    "index-range": (beyond,),
    "shape-mismatch": (fails("shape", "scalar", "list", "forward", "construct"), external_misfit, follows_the_labels),
    "list-for-one": (fails("list", "shape", "reference", "scalar"),),
    "list-length": (fails("shape", "list", "reference"), wrong_number),
    "output-shape": (fails("output"),),
    "unbound-dim": (fails("unbound"),),
    "block-failed": (fails("forward", "construct"), without_values),
    "bad-parameter": (
        fails("construct"),
        cannot_construct,
        cannot_be_made,
        bad_values,
        nothing_adapts,
        learns_nothing,
        no_such_node,
        bad_metric,
    ),
    "label-space": (follows_the_labels, scores_misfit),
    "scores-shape": (scores_misfit, attention_misfit),
    "in-place": (fails("in-place"),),
    "no-gradient": (learns_nothing,),
    "wrong-task": (wrong_kind_of_scores, scores_misfit),
    "unknown-metric": (bad_metric,),
    "metric-form": (bad_metric,),
    "targets-in-scores": (sees_targets,),
    "unavailable-input": (fails("unavailable", "unwired"), no_such_data, unfed, cannot_look),
    "missing-input": (fails("unwired", "unavailable"), not_given),
    "unknown-node": (fails(*UNKNOWN), no_such_node),
    "unknown-input": (fails(*UNKNOWN),),
    "unknown-port": (fails("reference"), no_such_port),
    "unknown-block": SCHEMA,
    "unknown-parameter": SCHEMA,
    "unknown-key": SCHEMA,
    "wrong-type": SCHEMA,
    "wrong-value": SCHEMA,
    "out-of-range": SCHEMA,
    "missing-parameter": SCHEMA,
    "missing-use": SCHEMA,
    "missing-key": (lacks_a_key, bad_values),
    "bad-name": (taken_name, bad_values),
    "reserved-name": (taken_name,),
    "cycle": (goes_round,),
    "composite-cycle": (fails("cycle"), contains_itself),
    "too-many-inputs": (fails("reference"),),
    "list-in-list": (fails("list"),),
    "share": (fails("share", "shape"),),
    "repeat": (fails("repeat"),),
    "no-scores": (lacks_scores,),
    "labels": (no_labels, no_graph, no_such_data, cannot_be_made),
    "data": (no_such_data, nothing_measured),
}
"""What confirms an error by its code."""
ALWAYS: tuple[Attempt, ...] = (training_refuses,)
"""What confirms an error of any code."""
