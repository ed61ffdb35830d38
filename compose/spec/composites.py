"""The packaged composite blocks as declarations, and a composite checked by itself."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from compose.errors import Place, SpecError, SpecErrors
from compose.registry.declaration import Declaration
from compose.registry.docstring import class_text
from compose.registry.registry import Registry
from compose.spec.layers.null import settle
from compose.spec.layers.packaged import packaged, packaged_names, with_packaged
from compose.spec.layers.spec_files import find_spec
from compose.spec.schema.check import Checker
from compose.spec.schema.composite_parameters import CompositeParameters, described
from compose.spec.wiring.bounds import unbounded
from compose.spec.wiring.expand import alone, composite_ports
from compose.spec.wiring.reserved import RESERVED
from compose.spec.wiring.scope import World
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import Mapping, Tree

MODULE = "compose.zoo.composites"
"""Stands where a class has the module that defines it; its name there is that of the file."""


def with_composites(registry: Registry) -> Registry:
    """The registry with the packaged composites, read off their files.

    Raises:
        SpecErrors: a file has a mistake, or the name of a block.
    """
    bodies = {name: packaged(name) for name in packaged_names()}
    taken = [_taken(name, body.place) for name, body in bodies.items() if registry.find("block", name)]
    if taken:
        raise SpecErrors(taken)
    world = _world(registry, bodies, [])
    return Registry([*registry.all(), *(_declared(name, body, world) for name, body in bodies.items())])


def _taken(name: str, place: Place) -> SpecError:
    return SpecError("name-taken", f"there is a block `{name}` already", place, "another name for the file")


def _declared(name: str, body: Tree, world: World) -> Declaration:
    assert isinstance(body, Mapping), "a test checks every packaged composite by itself"
    told, ports = class_text(described(body)), composite_ports(world, name, body, (name,))
    parameters = world.parameters.of(name)
    return Declaration(
        "composite", name, MODULE, f"{name}.yaml", told.summary, told.doc, told.reference, parameters,
        (), ports.inputs, ports.outputs, deviates=told.deviates, example=told.example,
    )  # fmt: skip


def _world(registry: Registry, composites: MappingType[str, Tree], errors: list[SpecError]) -> World:
    """One in which every reserved input is there."""
    return World(registry, CompositeParameters(registry, composites), dict.fromkeys(RESERVED, ""), errors)


@dataclass(frozen=True)
class CheckedComposite:
    """A composite without mistakes.

    Args:
        declaration: what it takes and gives.
        steps: how many blocks it computes.
        notes: what of it is left out.
    """

    declaration: Declaration
    steps: int
    notes: tuple[str, ...]


def check_composite(name: str, registry: Registry) -> CheckedComposite:
    """Check a composite by itself: text, names, types, wiring.

    Args:
        name: its file.
        registry: the known blocks.

    Raises:
        SpecErrors: every mistake in it.
    """
    path = find_spec(name)
    return _checked(path.stem, load_file(path, name=name), registry)


def _checked(name: str, body: Tree, registry: Registry) -> CheckedComposite:
    place = body.place
    whole = Mapping(place, {"blocks": Mapping(place, {name: body}, {name: place})}, {"blocks": place})
    settled = settle(with_packaged(whole, registry), registry)
    vast = unbounded(settled.tree)
    if vast:
        raise SpecErrors(vast)
    checker = Checker(registry)
    sound = checker.check_blocks(settled.tree)
    errors = [*settled.errors, *checker.errors]
    blocks = settled.tree.items["blocks"]
    assert isinstance(blocks, Mapping)
    found = blocks.items[name]
    if not sound or not isinstance(found, Mapping):
        raise SpecErrors(errors)
    world = _world(registry, blocks.items, errors)
    steps, _ = alone(world, name, found, (name,))
    if errors:
        raise SpecErrors({(e.code, e.message, str(e.place)): e for e in errors}.values())
    return CheckedComposite(_declared(name, found, world), len(steps), tuple(world.notes))
