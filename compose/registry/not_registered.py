"""A file of blocks in which none is found: what may be meant."""

from __future__ import annotations

import ast
from types import ModuleType

from compose.errors import Place, SpecError
from compose.registry.contract import mistake
from compose.registry.python_place import document, place_of_class_node

DECORATOR = "@block, @loss or another decorator of compose.block"


def without_classes(module: ModuleType) -> SpecError:
    """The error of a module that registers nothing, at the class that may be meant."""
    if not module.__file__:
        return mistake(f"{module.__name__} has no class with {DECORATOR}", None)
    text = document(module.__file__)
    tree = ast.parse("\n".join(text.lines))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    inner = next((node for node in classes if node.decorator_list and node not in tree.body), None)
    if inner is not None:
        message = f"`{inner.name}` is inside a class or function, where no spec can name it"
        return mistake(message, place_of_class_node(text, inner), "a class of the file itself, not indented")
    message = f"{text.name} has no class with {DECORATOR}"
    place = place_of_class_node(text, classes[0]) if classes else Place(text, 1, 1)
    return mistake(message, place, "`@block` in the line before `class`, with `from compose.block import block`")
