"""A shaped model as Python: a plain ``nn.Module`` with every size filled in, and the forward that fx generated.

No weight is allocated: the graph needs only the modules' names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from compose.model.assemble import assemble, inference_outputs, module_tree, training_outputs
from compose.model.build import Shaped, class_name
from compose.registry.block_file import USER_MODULE
from compose.registry.construct import arguments
from compose.registry.registry import Registry
from compose.shown import printable
from compose.spec.wiring.plan import Step
from compose.spec.yaml.writer import scalar

INDENT = "    "


def python_code(shaped: Shaped, registry: Registry, name: str, *, inference: bool = False) -> str:
    """The model as a Python file.

    Args:
        shaped: the model.
        registry: where its blocks are.
        name: the name of the spec, from which the class gets its name.
        inference: only what the scores need, without the losses.
    """
    body, used = _forward(shaped, name, inference=inference)
    steps = [step for step in shaped.steps if step.op == "block" and step.share is None and step.name in used]
    calls = [_call(step, shaped, registry) for step in steps]
    lines = [
        f'"""The model of `{name}`, {"for inference" if inference else "with the terms of its loss"}."""',
        "",
        *_imports(steps, "\n".join([*calls, *body])),
        "",
        "",
        f"class {class_name(name)}(nn.Module):",
        f"{INDENT}def __init__(self) -> None:",
        f"{INDENT * 2}super().__init__()",
        *(f"{INDENT * 2}{line}" for line in _assignments(steps, calls)),
        "",
        *(f"{INDENT}{line}".rstrip() for line in body),
    ]
    return "\n".join(lines) + "\n"


def _forward(shaped: Shaped, name: str, *, inference: bool) -> tuple[list[str], set[str]]:
    """The lines of the forward, and the modules that it calls."""
    modules: dict[str, nn.Module] = {s.name: nn.Module() for s in shaped.steps if s.op == "block" and s.share is None}
    outputs = inference_outputs(shaped.plan) if inference else training_outputs(shaped.plan)
    model = assemble(module_tree(modules), shaped.steps, outputs, class_name(name))
    code = re.sub(r";  (?:\w+ = )+None$", "", model.code.strip(), flags=re.MULTILINE)  # fx frees what it needs no more
    code = re.sub(r" : torch\.Tensor", ": Tensor", code)
    code = re.sub(
        r"^def forward\((.*)\):$", r"def forward(\1) -> dict[str, Tensor]:", code, count=1, flags=re.MULTILINE
    )
    return code.splitlines(), {str(node.target) for node in model.graph.nodes if node.op == "call_module"}


def _imports(steps: list[Step], code: str) -> Iterator[str]:
    if "torch." in code:
        yield "import torch"
    yield "from torch import Tensor, nn"
    yield ""
    classes: dict[str, set[str]] = {}
    for step in steps:
        if step.declaration:
            classes.setdefault(_importable(step.declaration.module), set()).add(step.declaration.qualname)
    for module, names in sorted(classes.items()):
        yield f"from {module} import {', '.join(sorted(names))}"


def _importable(name: str) -> str:
    """The module's name; that of a user's file is the file's."""
    module = sys.modules.get(name)
    return Path(module.__file__).stem if module and module.__file__ and name.startswith(USER_MODULE) else name


def _assignments(steps: list[Step], calls: list[str]) -> Iterator[str]:
    """One line for each module; those of composites and repeats stand in modules of their own."""
    made: set[str] = set()
    for step, call in zip(steps, calls, strict=True):
        *parents, leaf = step.name.split(".")
        for depth in range(len(parents)):
            holder = ".".join(parents[: depth + 1])
            if holder not in made:
                made.add(holder)
                yield _assignment(parents[:depth], parents[depth], "nn.Module()")
        yield _assignment(parents, leaf, call)


def _assignment(parents: list[str], leaf: str, call: str) -> str:
    where = "self"
    for parent in parents:
        where = f"{where}.{parent}" if parent.isidentifier() else f'getattr({where}, "{parent}")'
    if leaf.isidentifier():
        return f"{where}.{leaf} = {call}"
    return f'{where}.add_module("{leaf}", {call})'


def _call(step: Step, shaped: Shaped, registry: Registry) -> str:
    declaration = step.declaration
    assert declaration is not None
    cls = registry.load(declaration.kind, declaration.name)
    values = arguments(registry, cls, declaration, {**shaped.facts[step.name].sizes, **step.params})
    return f"{declaration.qualname}({', '.join(f'{key}={literal(value)}' for key, value in values.items())})"


def literal(value: Any) -> str:
    """A value as Python writes it."""
    match value:
        case float():
            return scalar(value) if value == value and abs(value) != float("inf") else f'float("{value}")'
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case dict():
            return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
        case Path():
            return literal(str(value))
        case str():
            return '"' + printable(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    return repr(value)
