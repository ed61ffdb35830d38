"""Wire a resolved spec into a plan: names, ports, order, cycles. No shapes yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from compose.errors import Note, SpecError, SpecErrors, nearest
from compose.registry.declaration import Port
from compose.registry.registry import Registry
from compose.spec.layers.merge import is_null
from compose.spec.schema.composite_parameters import CompositeParameters
from compose.spec.wiring.expand import expand
from compose.spec.wiring.inputs import as_taken, wire_ports
from compose.spec.wiring.leftovers import SCORES
from compose.spec.wiring.loss_weights import loss_weights
from compose.spec.wiring.mentions import heads
from compose.spec.wiring.plan import Plan, Ref, Step, Term, needed, refs
from compose.spec.wiring.reserved import RESERVED, TARGETS
from compose.spec.wiring.scope import Removals, Scope, WiredComposite, World
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, plain

WANTS = {
    "labels.vectors": ("vectors",),
    "labels.base": ("vectors",),
    "labels.novel": ("vectors",),
    "labels.clusters": ("clusters", "vectors"),
    "labels.graph": ("graph",),
    "labels.relations": ("graph",),
    "external.vectors": ("external", "vectors", "external_nodes"),
    "external.classes": ("external",),
    "external.targets": ("external",),
}
"""Reserved input -> the keys of ``labels`` that it comes from."""
NO_EPISODES = "the spec has no episodes: neither a stage that trains on them nor `evaluate: {tasks: [episodes]}`"


def nothing_adapts(registry: Registry) -> str:
    """Why there are no episodes to which weights adapt."""
    adapting = " or ".join(f"`{name}`" for name in stages_giving(registry, "of_tasks"))
    return f"no weights adapt to episodes: there is neither a stage {adapting} nor `evaluate: {{adapt: [...]}}`"


def stages_giving(registry: Registry, quality: str) -> list[str]:
    """The kinds of stages that feed reserved inputs of a kind.

    Args:
        registry: the known stages.
        quality: ``of_tasks`` or ``of_episodes``, as a reserved input has them.
    """
    stages = [declaration for declaration in registry.all() if declaration.kind == "stage"]
    return [stage.name for stage in stages if any(getattr(RESERVED[name], quality) for name in stage.gives)]


def wire(
    tree: Mapping,
    registry: Registry,
    *,
    removed: Removals | None = None,
    unread: Collection[str] = (),
    notes: list[str] | None = None,
    whole: bool = False,
    composites: dict[str, WiredComposite] | None = None,
) -> Plan:
    """The plan of a resolved spec.

    Args:
        tree: the spec.
        registry: what its names mean.
        removed: section -> name -> what removed it, to be told where something still reads it.
        unread: nodes that nothing reads: what the data or the labels lack for them is no mistake.
        notes: where what is left out of composite blocks is told.
        whole: whether steps that nothing reads are kept.
        composites: where the nodes that use composites are told, by their paths.

    Raises:
        SpecErrors: every mistake of the wiring.
    """
    errors: list[SpecError] = []
    model = tree.get("model")
    assert isinstance(model, Mapping), "the schema check comes first"
    parameters = CompositeParameters(registry, dict(_mappings(tree.get("blocks"))))
    bypass = _bypass(tree, model, errors)
    told: list[str] = []
    given = available(tree, registry)
    nulls = {name: _null_notes(tree, WANTS[name]) for name, missing in given.items() if missing and name in WANTS}
    world = World(registry, parameters, given, errors, bypass, removed or {}, told, unread, nulls=nulls)
    scope = Scope(world, model)
    steps = expand(scope)
    weights = loss_weights(tree, errors, (removed or {}).get("loss", ()))
    terms = [term for name, node in _mappings(tree.get("loss")) if (term := _term(name, node, scope, weights))]
    scores = _scores(tree, scope)
    attention = _attention(tree, scope, needed(steps, [scores])) if scores else None
    if errors or scores is None:
        raise SpecErrors({(e.code, e.message, str(e.place)): e for e in errors}.values())
    ends = [scores, *([attention] if attention else []), *(ref for term in terms for ref in term.reads)]
    kept = tuple(steps) if whole else needed(steps, ends, owners=True)
    asked, there = _starts(tree), {step.name for step in kept}
    plan = Plan(kept, tuple(terms), scores, attention, tuple(name for name in asked if name in there))
    if notes is not None:
        notes += dict.fromkeys(told)
    if composites is not None:
        composites.update(world.wired)
    leaks = _leaks(plan) if there.issuperset(asked) else []  # a name that is wrong is told by its stage
    if leaks:
        raise SpecErrors(leaks)
    return plan


def available(tree: Mapping, registry: Registry) -> dict[str, str]:
    """The reserved inputs of a spec -> why one is missing ("" where it is there)."""
    data, labels = tree.get("data"), tree.get("labels")
    used = data.get("use") if isinstance(data, Mapping) else None
    declaration = registry.find("data", str(used.value)) if isinstance(used, Scalar) else None
    given = plain(labels) if isinstance(labels, Mapping) else {}
    found = dict.fromkeys(RESERVED, "")
    for name in RESERVED:
        if RESERVED[name].of_tasks and not _adapts(tree, registry):
            found[name] = nothing_adapts(registry)
        elif name in WANTS:
            found[name] = _lacking(given, WANTS[name])
        elif RESERVED[name].of_episodes:
            found[name] = "" if _has_episodes(tree, registry) else NO_EPISODES
        elif RESERVED[name].of_tasks or not RESERVED[name].of_examples:
            continue
        elif declaration is not None and name not in ("targets", *declaration.gives):
            found[name] = f"the data `{declaration.name}` gives {', '.join(declaration.gives) or 'no examples'}"
    return found


def _has_episodes(tree: Mapping, registry: Registry) -> bool:
    """Whether a stage trains on episodes, or episodes are evaluated."""
    trained = any(RESERVED[name].of_episodes for name in _given_by_stages(tree, registry))
    tasks = _evaluated(tree).get("tasks")
    return trained or (isinstance(tasks, list) and "episodes" in tasks)


def _adapts(tree: Mapping, registry: Registry) -> bool:
    """Whether weights adapt to episodes, in a stage or where they are evaluated."""
    trained = any(RESERVED[name].of_tasks for name in _given_by_stages(tree, registry))
    return trained or bool(_evaluated(tree).get("adapt"))


def _evaluated(tree: Mapping) -> dict[str, Any]:
    found = plain(tree).get("evaluate")
    return found if isinstance(found, dict) else {}


def _given_by_stages(tree: Mapping, registry: Registry) -> list[str]:
    """The reserved inputs that the stages feed besides what all do."""
    stages = [plain(stage).get("stage") for _, stage in _mappings(tree.get("train"))]
    return [name for stage in stages if (found := registry.find("stage", str(stage))) for name in found.gives]


def _lacking(labels: dict[str, Any], keys: Iterable[str]) -> str:
    """What the section ``labels`` lacks of these keys; "" where it has them all."""
    found = {"external_nodes": True, **labels}
    for key in keys:
        if found.get(key) is None:
            return f"the spec has no `labels: {{{key}: ...}}`"
        if found[key] is False:
            return f"the spec has `labels: {{{key}: false}}`"
    return ""


def _null_notes(tree: Mapping, keys: Iterable[str]) -> tuple[Note, ...]:
    """What to tell of nulls that take away the section ``labels``, or these keys of it."""
    labels = tree.get("labels")
    if not isinstance(labels, Mapping):
        return tuple(Note("`labels` is null", tree.gone[key]) for key in ("labels",) if key in tree.gone)
    there = {key: value.place for key in keys if (value := labels.get(key)) is not None and is_null(value)}
    return tuple(
        Note(f"`labels.{key}` is null", place) for key, place in {**labels.gone, **there}.items() if key in keys
    )


def _mappings(tree: Tree | None) -> Iterable[tuple[str, Mapping]]:
    items = tree.items.items() if isinstance(tree, Mapping) else ()
    return [(name, node) for name, node in items if isinstance(node, Mapping)]


def _bypass(tree: Mapping, model: Mapping, errors: list[SpecError]) -> frozenset[str]:
    listed = tree.get("bypass")
    items = [item for item in listed.items if isinstance(item, Scalar)] if isinstance(listed, Sequence) else []
    for item in items:
        if item.value not in model.items:
            close = nearest(str(item.value), model.items)
            message = f"the model has no node `{item.value}` to bypass"
            errors.append(SpecError("unknown-node", message, item.place, None, close))
    return frozenset(str(item.value) for item in items)


def _term(name: str, node: Mapping, scope: Scope, weights: dict[str, float]) -> Term | None:
    weight, used, feed = weights.get(name, 1.0), node.get("use"), node.get("in")
    if used is None:
        value = scope.one(feed) if feed is not None else None
        return Term(name, weight, None, value) if value else None
    declaration = scope.world.registry.find("loss", str(plain(used)))
    if declaration is None:
        return None
    path = f"loss.{name}"
    wired = wire_ports(scope, path, declaration.name, declaration.inputs, node, node.place)
    inputs = as_taken(declaration.inputs, wired)
    params = {key: value for key, value in plain(node).items() if key not in ("use", "in", "weight")}
    step = Step(path, "block", declaration, params, inputs, None, node.place, node)
    return Term(name, weight, step, Ref(path, declaration.outputs[0].name, place=node.place))


def _scores(tree: Mapping, scope: Scope) -> Ref | None:
    named = tree.get("scores")
    if named is None and SCORES in scope.nodes.items:
        named = Scalar(scope.nodes.keys[SCORES], SCORES)
    if named is None:
        expected = f"a node called `{SCORES}`, or `scores: NODE` at the top of the spec"
        place = scope.nodes.gone.get(SCORES, scope.nodes.place)
        scope.world.error("no-scores", "no node scores the labels", place, expected)
        return None
    value = scope.one(named)
    if value is not None and not value.step:
        expected = "a node that scores the labels, or the classes of episodes"
        gone = set(heads(named, scope.nodes)) & scope.world.bypass
        notes = tuple(Note(f"`{name}` is bypassed and only passes its first input on") for name in gone)
        message = f"`{value}` is an input of the model, no scores"
        scope.world.error("no-scores", message, named.place, expected, None, notes)
        return None
    return value


def _attention(tree: Mapping, scope: Scope, scoring: tuple[Step, ...]) -> Ref | None:
    """The port that the spec names; else that of the last step which the scores need and which has maps there."""
    named = tree.get("attention")
    if named is not None:
        return scope.one(named)
    telling = [step.name for step in scoring if step.declaration and _are_maps(step.declaration.output("attention"))]
    return Ref(telling[-1], "attention") if telling else None


def _starts(tree: Mapping) -> tuple[str, ...]:
    """The nodes whose output a stage adapts."""
    asked = [plain(stage).get("adapt_outputs") for _, stage in _mappings(tree.get("train"))]
    named = [str(name) for names in asked if isinstance(names, list) for name in names]
    return tuple(dict.fromkeys(named))


def _leaks(plan: Plan) -> list[SpecError]:
    """The scores must not see the targets."""
    note = Note("targets may feed losses, and nodes that only losses read")
    of_support = Note("those of a support may also feed what leads to a node whose output a stage adapts")
    errors = []
    for step in plan.after_starts([plan.scores, *([plan.attention] if plan.attention else [])]):
        for port, value in step.inputs.items():
            for ref in refs(value):
                if not ref.step and ref.port in TARGETS:
                    message = f"the scores depend on the targets, by `{step.name}.{port}`"
                    place = ref.place or step.place
                    notes = (note, of_support) if RESERVED[ref.port].of_tasks else (note,)
                    errors.append(SpecError("targets-in-scores", message, place, notes=notes))
    return errors


def _are_maps(port: Port | None) -> bool:
    """Whether a port holds maps: of modules ``b m h w``, or of labels ``b l h w``."""
    return port is not None and not port.many and len(port.dims or ()) == len("bmhw")
