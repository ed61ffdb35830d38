"""All checks of one block."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch

from compose.block_test import gradient_check, graph_check, indices_check, ports_check, precision_check, rows_check
from compose.block_test.block_finding import BlockFinding, NotApplicable
from compose.block_test.block_trial import NOWHERE, REFUSALS, BlockTrial, Failed
from compose.block_test.trial_sizes import APART, SPREAD, TrialSizes
from compose.errors import Note, SpecErrors, UsageError, nearest
from compose.registry.declaration import Declaration
from compose.registry.python_place import place_of_class
from compose.registry.registry import Registry
from compose.spec.schema.words import words
from compose.spec.yaml.tree import Mapping as Tree

Check = Callable[[BlockTrial], str]
FIRST: Mapping[str, Check] = {"dry run": ports_check.dry_run, "ports": ports_check.forward}
"""Checks without which no other says anything."""
CHECKS: Mapping[str, Check] = {
    "seed": ports_check.same_seed,
    "repeated": ports_check.repeated,
    "gradients": gradient_check.weights_reached,
    "gradcheck": gradient_check.difference_quotients,
    "batch": rows_check.examples_apart,
    "labels": rows_check.sizes_free,
    "optional": ports_check.without_optional,
    "indices": indices_check.index_ranges,
    "autocast": precision_check.autocast,
    "bfloat16": partial(precision_check.halved, dtype=torch.bfloat16),
    "float16": partial(precision_check.halved, dtype=torch.float16),
    "compile": graph_check.compiled,
    "export": graph_check.exported,
}
"""The other checks, in the order in which they are told."""


class FailedBlock(SpecErrors):
    """A block does not do what it should."""

    exit_code = 1


def subject(
    registry: Registry,
    declaration: Declaration,
    params: Mapping[str, Any],
    dims: Mapping[str, int],
    *,
    tree: Tree = NOWHERE,
) -> BlockTrial:
    """A block as it is tried, with the first sizes that it takes.

    Args:
        registry: where it is.
        declaration: the block.
        params: parameter -> its value, as in a spec.
        dims: letter -> its size, for letters whose usual one does not fit.
        tree: the parameters as they are written.

    Raises:
        UsageError: it has no such parameter or letter, or needs one that is not given.
        SpecErrors: it refuses a parameter.
    """
    _check_names(declaration, params)
    ports = (*declaration.inputs, *declaration.outputs)
    letters = TrialSizes(ports, dims).letters
    unknown = next((letter for letter in dims if letter not in letters), None)
    if unknown is not None:
        raise UsageError(f"--dim {unknown}: no port of `{declaration.name}` has it; its dims: {', '.join(letters)}")
    every = frozenset(port.name for port in declaration.inputs)
    needed = frozenset(port.name for port in declaration.inputs if not port.optional)
    tried = [
        BlockTrial(registry, declaration, params, TrialSizes(ports, dims, apart=apart, spread=spread), wired, tree)
        for wired in dict.fromkeys((every, needed))
        for spread in (SPREAD, SPREAD[:1], ())
        for apart in (APART, 0)
    ]
    found = next((one for one in tried if not _refuses(one)), tried[0])
    error = _outcome("", ports_check.dry_run, found).error
    if error and error.place in [value.place for value in tree.items.values()]:
        raise SpecErrors([error])
    return found


def _refuses(tried: BlockTrial) -> bool:
    """Whether a block has something against its sizes; any other mistake is told with the first that it takes."""
    error = _outcome("", ports_check.dry_run, tried).error
    return error is not None and error.code in REFUSALS


def _check_names(declaration: Declaration, params: Mapping[str, Any]) -> None:
    known = [parameter.name for parameter in declaration.parameters]
    for name in params:
        if any(size.name == name for size in declaration.sizes):
            raise UsageError(f"--set {name}: it is taken from the ports; --dim sets their sizes")
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean `{close}`?" if close else f"its parameters: {', '.join(known) or 'none'}"
            raise UsageError(f"--set {name}: the {declaration.kind} `{declaration.name}` has no such parameter; {hint}")
    for parameter in declaration.parameters:
        if parameter.required and parameter.name not in params:
            wanted = f"--set {parameter.name}=... ({words(parameter.schema)})"
            raise UsageError(f"the {declaration.kind} `{declaration.name}` needs `{parameter.name}`: {wanted}")


def outcomes(tried: BlockTrial) -> Iterator[BlockFinding]:
    """What each check finds, as soon as it is known. Where the block cannot be called, the others are left out."""
    for name, check in FIRST.items():
        found = _outcome(name, check, tried)
        yield found
        if found.state == "failed":
            return
    for name, check in CHECKS.items():
        yield _outcome(name, check, tried)


def _outcome(name: str, check: Check, tried: BlockTrial) -> BlockFinding:
    try:
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            return BlockFinding(name, "ok", check(tried))
    except NotApplicable as reason:
        return BlockFinding(name, "not applicable", str(reason))
    except Failed as failed:
        error = failed.at_block(tried.step.place)
        error.place = error.place or place_of_class(tried.cls)
        if error.code in REFUSALS and error.place not in [value.place for value in tried.tree.items.values()]:
            error.notes = (*error.notes, Note("sizes are set by --dim, such as --dim d=32, parameters by --set"))
        return BlockFinding(name, "failed", error.message, error)
