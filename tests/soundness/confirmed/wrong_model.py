"""Attempts to confirm that a model cannot be computed as it is wired."""

from __future__ import annotations

import keyword
from collections.abc import Callable

import torch
from torch import nn

from compose.errors import SpecError
from compose.spec.wiring.reserved import RESERVED, ROOTS, TARGETS
from tests.soundness.confirmed.case import Case, quoted


def fails(*kinds: str) -> Callable[[Case, SpecError], bool]:
    """The model fails so at the node that the error names, or stands at."""

    def attempt(case: Case, error: SpecError) -> bool:
        return any(failure.kind in kinds and _meant(case, error, failure.node) for failure in case.failures)

    return attempt


def _meant(case: Case, error: SpecError, node: str) -> bool:
    section, name = case.part(error)
    if section == "blocks":
        used = {
            key for key, value in case.spec["model"].items() if isinstance(value, dict) and value.get("use") == name
        }
        return node.split(".")[0] in used
    path = f"loss.{name}" if section == "loss" else name
    if section in ("model", "loss"):
        return node == path or node.startswith(f"{path}.") or f"`{node}`" in error.message
    return node == section or f"`{node}`" in error.message


def goes_round(case: Case, error: SpecError) -> bool:
    """A node waits for itself."""
    if any(failure.kind == "cycle" and failure.node.split(".")[0] in error.message for failure in case.failures):
        return True
    return any(name in case.reads_of(name) for name in case.spec["model"])


def contains_itself(case: Case, error: SpecError) -> bool:
    """A composite stands in what it is made of, whether a node uses it or not."""
    blocks = case.spec.get("blocks", {})
    used = {name: {node.get("use") for node in body["model"].values()} & set(blocks) for name, body in blocks.items()}
    for _ in blocks:
        used = {name: inner.union(*(used[other] for other in inner)) for name, inner in used.items()}
    return any(name in inner for name, inner in used.items())


def sees_targets(case: Case, error: SpecError) -> bool:
    """The scores, or the attention, depend on the targets, by way of the nodes that they read."""
    ends = [str(case.spec.get("scores", "scores")), str(case.spec.get("attention") or "scores")]
    return bool(case.reads(ends) & set(TARGETS))


def lacks_scores(case: Case, error: SpecError) -> bool:
    """No node is called ``scores``, and none is named as such, or an input of the model is."""
    named = str(case.spec.get("scores", ""))
    given = any(case.interpreter.scores is value for value in case.interpreter.inputs.values())
    return given or named in RESERVED or ("scores" not in case.spec["model"] and not named)


def taken_name(case: Case, error: SpecError) -> bool:
    """A name that Python, torch or the spec language has taken."""
    names = [case.part(error)[1], *(name for name in quoted(error.message))]
    module = torch.fx.GraphModule(nn.Module(), torch.fx.Graph())
    return any(
        keyword.iskeyword(n) or keyword.issoftkeyword(n) or hasattr(module, n) or n in ROOTS for n in names
    ) or any(name in ("self", "use", "in") or name.split(".")[0] in ROOTS for name in names)


def no_such_node(case: Case, error: SpecError) -> bool:
    """What ``bypass`` or an option of a stage names is no node, or none that anything reads."""
    read = case.nodes_read
    return any(name not in case.spec["model"] or name not in read for name in quoted(error.message)[:1])


def wrong_number(case: Case, error: SpecError) -> bool:
    """A port that takes so many tensors is wired to another number of them."""
    _, name = case.part(error)
    node = case.spec["model"].get(name, {})
    declaration = case.registry.find("block", str(node.get("use"))) or case.registry.find(
        "composite", str(node.get("use"))
    )
    feed = node.get("in")
    listed = feed if isinstance(feed, list) else [feed]
    return declaration is not None and declaration.inputs[0].length not in (None, len(listed))


def not_given(case: Case, error: SpecError) -> bool:
    """A port is named after a reserved input that there is not."""
    names = {reserved.port: name for name, reserved in RESERVED.items()}
    given = {} if isinstance(case.world, str) else case.world.training
    return any(names[port] not in given for port in quoted(error.message)[:1] if port in names)


def no_such_port(case: Case, error: SpecError) -> bool:
    """A node's block has no such port."""
    for node, port in zip(quoted(error.message), quoted(error.message)[1:], strict=False):
        known = case.spec["model"].get(node, {})
        used = known.get("use")
        if "repeat" in known and port not in (*known.get("carry", ()), *known.get("collect", ())):
            return True
        declaration = case.registry.find("block", str(used))
        if declaration and declaration.output(port) is None:
            return True
    return False


def without_values(case: Case, error: SpecError) -> bool:
    """A block asks for values, which none of its inputs has on the device ``meta``."""
    return "values" in error.message and any(_fails_on_meta(case, path) for path in _named(case, error))


def _named(case: Case, error: SpecError) -> list[str]:
    """The paths of the nodes that an error names, or stands at."""
    _, name = case.part(error)
    return [path for path in case.interpreter.modules if f"`{path}`" in error.message or path == name]


def _fails_on_meta(case: Case, path: str) -> bool:
    used = case.spec["model"].get(path.split(".")[0], {}).get("use")
    declaration = case.registry.find("block", str(used))
    ports = declaration.inputs if declaration else ()
    fed = {port.name: torch.empty([3] * len(port.dims or "ab"), device="meta") for port in ports}
    try:
        case.interpreter.modules[path].to("meta")(**fed)
    except Exception:  # which is what is asked for
        return True
    return False
