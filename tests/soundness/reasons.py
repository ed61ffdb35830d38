"""Whether an error is right: what it says is tried on real tensors, by other means than those that found it."""

from __future__ import annotations

import json
import keyword
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from compose.data.source import DataSource
from compose.errors import SpecError
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.task_labels import LABELS
from compose.registry.parameters import constructors
from compose.registry.registry import Registry
from compose.spec.wiring.reserved import RESERVED, ROOTS, TARGETS
from compose.tasks.episodes import EpisodeShape
from compose.tasks.task_pool import draw_tasks
from tests.soundness.interpreter import WIRING, Failure, Interpreter, packaged_composites, reached, shapes
from tests.soundness.world import World, world
from tests.soundness.written import Part, Written

Spec = Mapping[str, Any]
SELECTORS = {"train": "stage"}
OF_EXAMPLES = {name for name, given in RESERVED.items() if given.of_examples or given.of_tasks}
KINDS: Mapping[str, Any] = {"model": "block", "loss": "loss", "train": "stage", "data": "data"}


class Case:
    """A refused spec, and what can be tried with it.

    Args:
        spec: the spec.
        text: its text.
        registry: the blocks.
    """

    def __init__(self, spec: Spec, text: Written, registry: Registry) -> None:
        self.spec, self.text, self.registry = spec, text, registry

    def part(self, error: SpecError) -> Part:
        """The part of the spec that an error stands at."""
        place = error.place
        inside = place is not None and place.document.name.startswith("<") and place.line <= len(self.text.parts)
        return self.text.part(place.line) if place and inside else ("", "")

    @cached_property
    def world(self) -> World | str:
        """The world around the model, or why there is none."""
        try:
            return world(self.spec, self.registry)
        except Exception as error:  # whatever its classes raise
            return f"{type(error).__name__}: {error}"

    @cached_property
    def interpreter(self) -> Interpreter:
        """The model on the training inputs."""
        inputs = {} if isinstance(self.world, str) else self.world.training
        return Interpreter(self.spec, self.registry, inputs).run()

    def by_name(self, kind: Any, node: Mapping[str, Any]) -> list[str]:
        """The reserved inputs that feed a node by the names of its ports."""
        used = node.get("use") or self.spec["model"].get(node.get("share"), {}).get("use")
        declaration = self.registry.find(kind, str(used))
        by_port = {reserved.port: name for name, reserved in RESERVED.items()}
        body = self.spec.get("blocks", {}).get(used) or packaged_composites().get(str(used))
        inner = [name for part in body["model"].values() for name in self.by_name("block", part)] if body else []
        return [by_port[port.name] for port in declaration.inputs if port.name in by_port] if declaration else inner

    def reads(self, ends: Sequence[str]) -> set[str]:
        """The reserved inputs that some references depend on, as far as the texts tell."""
        return {text for text in self._reached(ends) if text in RESERVED}

    @property
    def nodes_of_scores(self) -> set[str]:
        """The nodes that the scores depend on."""
        return self._reached([str(self.spec.get("scores", "scores"))])

    @property
    def nodes_read(self) -> set[str]:
        """The nodes that the scores or a loss depend on."""
        losses = [text for term in self.spec.get("loss", {}).values() for text in _texts(term.get("in"))]
        return self.nodes_of_scores | self._reached(losses)

    def reads_of(self, name: str) -> set[str]:
        """The nodes that a node depends on."""
        node = self.spec["model"][name]
        return self._reached([*_texts(node.get("in")), *_texts(node.get("share"))])

    def _reached(self, ends: Sequence[str]) -> set[str]:
        seen: set[str] = set()
        waiting = [*ends]
        while waiting:
            text = waiting.pop()
            key = text if text in RESERVED else text.split(".")[0]
            if key in seen:
                continue
            seen.add(key)
            node = self.spec["model"].get(key)
            if isinstance(node, dict):
                waiting += [*_texts(node.get("in")), *self.by_name("block", node), *_texts(node.get("share"))]
        return seen

    @property
    def failures(self) -> list[Failure]:
        """What goes wrong in the model on the training inputs."""
        return self.interpreter.failures

    @cached_property
    def unchecked(self) -> str:
        """What training and evaluation raise where nothing is checked before; "" where they raise nothing."""
        from compose.api.reading import read
        from compose.training.prepare import prepare
        from compose.training.run_plan import RunPlan
        from compose.training.storage.run_folder import RunFolder
        from compose.training.trainer import train

        with tempfile.TemporaryDirectory() as folder:
            try:
                plan = RunPlan.of(prepare(read(self.text.text)))
            except Exception:  # refused before, which is what is to be confirmed
                return ""
            try:
                outcome = train(plan, RunFolder(Path(folder) / "run"), device="cpu")
            except Exception as error:  # that is what is asked for
                return f"{type(error).__name__}: {error}"
        return "" if outcome.result is None or outcome.result.tasks else "there is no result"


def unconfirmed(case: Case, errors: Sequence[SpecError]) -> Iterator[str]:
    """The errors that nothing confirms."""
    for error in errors:
        if not any(attempt(case, error) for attempt in (*OF_CODE.get(error.code, ()), *ALWAYS)):
            section, name = case.part(error)
            seen = "; ".join(f"{failure.kind} at {failure.node}" for failure in case.failures[:4]) or "nothing fails"
            yield f"unconfirmed {error.code}: {error.message} ({section}.{name}; {seen})"


# --- attempts ---------------------------------------------------------------------------------------------------------


def fails(*kinds: str) -> Callable[[Case, SpecError], bool]:
    """The model fails so at the node that the error names, or stands at."""

    def attempt(case: Case, error: SpecError) -> bool:
        return any(failure.kind in kinds and _meant(case, error, failure.node) for failure in case.failures)

    return attempt


def _meant(case: Case, error: SpecError, node: str) -> bool:
    section, name = case.part(error)
    if section == "blocks":
        used = {key for key, value in case.spec["model"].items() if isinstance(value, dict) and value.get("use") == name}
        return node.split(".")[0] in used
    path = f"loss.{name}" if section == "loss" else name
    if section in ("model", "loss"):
        return node == path or node.startswith(f"{path}.") or f"`{node}`" in error.message
    return node == section or f"`{node}`" in error.message


def bad_values(case: Case, error: SpecError) -> bool:
    """A part has a key that its class does not take, lacks one that it needs, or a value that the annotation refuses."""
    section, name = case.part(error)
    value = case.spec.get(section)
    part = value.get(name) if isinstance(value, dict) and name in value and section in ("model", "loss", "train") else value
    if section == "blocks":
        inner = case.spec["blocks"][name].get("model", {}).values()
        users = [node for node in case.spec["model"].values() if isinstance(node, dict) and node.get("use") == name]
        own = case.spec["blocks"][name].get("params") or {}
        return any(_bad(case.registry, "block", filled(node, own)) for node in inner) or any(
            set(user) - set(own) - set(WIRING) for user in users
        )
    kind = KINDS.get(section, "section")
    if kind == "section":
        return isinstance(part, dict) and _bad(case.registry, "section", {"use": section, **part})
    if not isinstance(part, dict):
        return True
    used = part.get(SELECTORS.get(section, "use"))
    if kind == "block" and (used in case.spec.get("blocks", {}) or used in packaged_composites()):
        body = case.spec.get("blocks", {}).get(used) or packaged_composites()[used]
        return bool(set(part) - set(body.get("params") or {}) - set(WIRING))
    return _bad(case.registry, kind, {**part, "use": used})


def filled(node: Any, params: Mapping[str, Any]) -> Any:
    """A node of a composite block with its parameters' defaults."""
    if isinstance(node, str) and node.startswith("$"):
        return params.get(node[1:])
    return {key: filled(value, params) for key, value in node.items()} if isinstance(node, dict) else node


def _bad(registry: Registry, kind: Any, part: Mapping[str, Any]) -> bool:
    declaration = registry.find(kind, str(part.get("use")))
    if declaration is None:
        return True
    keys = set(WIRING) if kind in ("block", "loss") else {"use", "stage"}
    given = {key: value for key, value in part.items() if key not in keys and value is not None}
    known = {parameter.name: parameter for parameter in declaration.parameters}
    if set(given) - set(known) or any(p.required and p.name not in given for p in known.values()):
        return True
    hints: dict[str, Any] = {}
    for init in reversed(constructors(registry.load(kind, declaration.name))):
        hints |= get_type_hints(init, include_extras=True)
    return any(_refuses(registry, known[key].uses, hints[key], value) for key, value in given.items())


def _refuses(registry: Registry, uses: Any, hint: Any, value: Any) -> bool:
    if uses:
        listed = value if isinstance(value, list) else [value]
        return any(_bad(registry, uses, inner) if isinstance(inner, dict) else uses != "metric" for inner in listed)
    try:
        TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except Exception:  # pydantic has many
        return True
    return False


def cannot_be_made(case: Case, error: SpecError) -> bool:
    """The class of a section or stage refuses its values."""
    section, name = case.part(error)
    part = case.spec.get(section)
    if section in ("data", "labels", "evaluate"):
        values = dict(part or {})
        kind, used = ("data", values.pop("use", "")) if section == "data" else ("section", section)
    elif section == "train" and isinstance(part, dict) and isinstance(part.get(name), dict):
        values = dict(part[name])
        kind, used = "stage", values.pop("stage", "")
    else:
        return False
    try:
        case.registry.construct(kind, used, values)
    except Exception:  # whatever the class does
        return True
    return False


def no_such_data(case: Case, error: SpecError) -> bool:
    """The data has no such examples, episodes or labels."""
    if isinstance(case.world, str) or case.world.refused:
        return True
    evaluate = case.spec.get("evaluate") or {}
    source = case.world.source
    split = evaluate.get("split", "test")
    try:
        if not len(source.split(split)):
            return True
        _draw_all(case.spec, source)
        case.registry.construct("section", "evaluate", evaluate)
    except Exception:  # whatever the source does
        return True
    return False


def no_labels(case: Case, error: SpecError) -> bool:
    """A task has no labels."""
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ("zsl", "gzsl"))
    if isinstance(case.world, str):
        return False
    space = case.world.space
    return any(not len(space.label_set(LABELS[task]).names) for task in tasks if task in LABELS)


def no_graph(case: Case, error: SpecError) -> bool:
    """Labels in use have no vectors, or a graph that joins no two of them."""
    if isinstance(case.world, str):
        return True
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ("zsl", "gzsl"))
    for labels in {"seen", *(LABELS[task] for task in tasks if task in LABELS)}:
        try:
            edges = case.world.space.inputs(labels).get("labels_graph")
        except Exception:  # whatever the space raises
            return True
        if edges is not None and bool((edges[0] == edges[1]).all()):
            return True
    return False


def external_misfit(case: Case, error: SpecError) -> bool:
    """The external examples have another shape than those of the data."""
    if isinstance(case.world, str) or case.world.space.external is None:
        return False
    ours, theirs = case.world.source.shapes, case.world.space.external.shapes
    return any(theirs[name] != ours[name] for name in theirs if name in ours)


def nothing_measured(case: Case, error: SpecError) -> bool:
    """No example of what is evaluated carries a label of any task, or none is known to lack one."""
    if isinstance(case.world, str):
        return False
    evaluate, source = case.spec.get("evaluate") or {}, case.world.source
    examples = source.split(evaluate.get("split", "test"))
    targets = examples[range(len(examples))]["targets"]
    for task in evaluate.get("tasks", ("zsl", "gzsl")):
        if task == "episodes":
            return False
        columns = targets[:, case.world.space.label_set(LABELS[task]).index]
        if bool((columns > 0).any()) and bool((columns < 0).any()):
            return False
    return True


def _draw_all(spec: Spec, source: DataSource) -> None:
    """Draw the episodes of the evaluation, and those of each stage in training and validation."""
    evaluate, stages = spec.get("evaluate") or {}, (spec.get("train") or {}).values()
    asked = [(part, split) for part in stages if part.get("ways") for split in ("train", "val")]
    asked += [(evaluate, evaluate.get("split", "test"))] if "episodes" in evaluate.get("tasks", ()) else []
    for part, split in asked:
        for ways, shots in product(_listed(part.get("ways", 5)), _listed(part.get("shots", 1))):
            shape = EpisodeShape(ways, shots, part.get("queries", 1))
            drawn = draw_tasks(source, split, [shape], sampling="uniform", seed=0, count=2)
            drawn[[0, 1]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def follows_the_labels(case: Case, error: SpecError) -> bool:
    """A weight follows the number of labels, or classes, or the model made for some of them fails on others."""
    if isinstance(case.world, str):
        return False
    first = case.interpreter
    for inputs in _other_inputs(case.world):
        again = Interpreter(case.spec, case.registry, inputs).run()
        if any(shapes(again.modules[path]) != shapes(first.modules[path]) for path in first.modules if path in again.modules):
            return True
        applied = Interpreter(case.spec, case.registry, inputs, first.modules).run()
        if set(applied.failures) - set(first.failures) or set(again.failures) - set(first.failures):
            return True
        if isinstance(applied.scores, Tensor) and tuple(applied.scores.shape) not in _wanted(case, inputs):
            return True
    return False


def _wanted(case: Case, inputs: Mapping[str, Tensor]) -> set[tuple[int, ...]]:
    """The shapes that scores may have: those of the targets that the tasks compare them with."""
    assert isinstance(case.world, World)
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ["zsl", "gzsl"])
    of_episodes = "novel.targets" if case.world.adapts else "query.targets"
    names = {of_episodes if task == "episodes" else "targets" for task in tasks}
    return {tuple(inputs[name].shape) for name in names if name in inputs}


def _other_inputs(around: World) -> Iterator[dict[str, Tensor]]:
    """The inputs while other labels are in use, and those of other episodes."""
    for labels in ("seen", "unseen", "all"):
        given = around.labels(labels)
        if given is not None:
            yield {**around.training, **given}
    if around.episodes is None:
        for size in (1, around.batch + 1):
            yield {name: _first(value, size) if RESERVED[name].of_examples else value for name, value in around.training.items()}
    if around.episodes is not None:
        larger = World(around.source, around.space, around.episodes.larger(), around.adapts)
        yield _grown(around, larger)


def _first(value: Tensor, size: int) -> Tensor:
    """The first so many examples, or one more than there are."""
    return torch.cat([value, value])[:size]


def _grown(around: World, larger: World) -> dict[str, Tensor]:
    """Episodes of more pictures and one more class, of noise."""
    assert around.episodes is not None
    assert larger.episodes is not None
    letters = dict(larger.episodes.letters)
    letters["n"] += 1
    found = dict(around.training)
    for name, value in around.training.items():
        sizes = [letters.get(dim, size) for dim, size in zip(RESERVED[name].dims, value.shape, strict=True)]
        if value.is_floating_point():
            found[name] = torch.randn(sizes)
        elif name in TARGETS or name == "support.targets":
            found[name] = torch.full(sizes, -1, dtype=value.dtype)
            found[name][..., 0] = 1
    return found


def goes_round(case: Case, error: SpecError) -> bool:
    """A node waits for itself."""
    if any(failure.kind == "cycle" and failure.node.split(".")[0] in error.message for failure in case.failures):
        return True
    return any(name in case.reads_of(name) for name in case.spec["model"])


def sees_targets(case: Case, error: SpecError) -> bool:
    """The scores, or the attention, depend on the targets, by way of the nodes that they read."""
    ends = [str(case.spec.get("scores", "scores")), str(case.spec.get("attention") or "scores")]
    return bool(case.reads(ends) & set(TARGETS))


def _texts(feed: Any) -> Iterator[str]:
    inner = feed.values() if isinstance(feed, dict) else feed
    if isinstance(feed, str):
        yield feed
    elif isinstance(feed, dict | list):
        for item in inner:
            yield from _texts(item)


def lacks_a_key(case: Case, error: SpecError) -> bool:
    """A section that is needed is not there."""
    return any(not case.spec.get(key) for key in ("data", "model", "loss", "train"))


def lacks_scores(case: Case, error: SpecError) -> bool:
    """No node is called ``scores``, and none is named as such, or an input of the model is."""
    named = str(case.spec.get("scores", ""))
    given = any(case.interpreter.scores is value for value in case.interpreter.inputs.values())
    return given or named in RESERVED or ("scores" not in case.spec["model"] and not named)


def taken_name(case: Case, error: SpecError) -> bool:
    """A name that Python, torch or the spec language has taken."""
    names = [case.part(error)[1], *(name for name in _quoted(error.message))]
    module = torch.fx.GraphModule(nn.Module(), torch.fx.Graph())
    return any(keyword.iskeyword(n) or keyword.issoftkeyword(n) or hasattr(module, n) or n in ROOTS for n in names) or any(
        name in ("self", "use", "in") or name.split(".")[0] in ROOTS for name in names
    )


def _quoted(text: str) -> list[str]:
    return text.split("`")[1::2]


def scores_misfit(case: Case, error: SpecError) -> bool:
    """The scores do not have the shape of what is scored."""
    scores = case.interpreter.scores
    if isinstance(case.world, str) or not isinstance(scores, Tensor):
        return False
    wanted = _wanted(case, case.world.training)
    return tuple(scores.shape) not in wanted or not scores.is_floating_point()


def learns_nothing(case: Case, error: SpecError) -> bool:
    """A stage, or a term of the loss, has no weight that a gradient reaches."""
    section, name = case.part(error)
    interpreter = case.interpreter
    if section == "loss":
        return name in interpreter.terms and not reached(interpreter, [name])
    stage = (case.spec.get("train") or {}).get(name)
    if section != "train" or not isinstance(stage, dict):
        return False
    weights = loss_weights(case.spec)
    found = reached(interpreter, [loss for loss in stage.get("losses") or weights if weights.get(loss)])
    return not any(_chosen(weight.split(".")[0], stage) for weight in found)


def loss_weights(spec: Spec) -> dict[str, float]:
    """What each term of the loss is multiplied by."""
    given = {name: term.get("weight", 1) for name, term in spec.get("loss", {}).items()}
    plain = {name: weight for name, weight in given.items() if isinstance(weight, int | float)}
    others = {name: 1 - plain.get(str(weight)[4:], 1) for name, weight in given.items() if name not in plain}
    return {name: {**plain, **others}[name] for name in given}


def _chosen(node: str, stage: Mapping[str, Any]) -> bool:
    from fnmatch import fnmatchcase

    wanted = any(fnmatchcase(node, pattern) for pattern in stage.get("train") or ["*"])
    return wanted and not any(fnmatchcase(node, pattern) for pattern in stage.get("freeze") or [])


def nothing_adapts(case: Case, error: SpecError) -> bool:
    """No weights adapt to episodes: no stage does that, or no loss on an episode's targets reaches one that should."""
    if isinstance(case.world, str):
        return False
    evaluate, stages = case.spec.get("evaluate") or {}, case.spec.get("train") or {}
    if not case.world.adapts:
        return any(evaluate.get(key) is not None for key in ("adapt", "inner_steps", "inner_lr"))
    on_tasks = [name for name, term in case.spec.get("loss", {}).items() if "novel.targets" in _texts(term.get("in"))]
    found = reached(case.interpreter, on_tasks)
    patterns = [stage.get("adapt") or stage.get("train") or ["*"] for stage in (*stages.values(), evaluate)]
    return any(not any(_chosen(weight.split(".")[0], {"train": named}) for weight in found) for named in patterns)


def _misses(case: Case, end: str, given: set[str]) -> bool:
    """Whether what a reference needs, transitively, is not all given; of what comes with examples and episodes."""
    return any(name not in given and name in OF_EXAMPLES for name in case.reads([end]))


def unfed(case: Case, error: SpecError) -> bool:
    """A stage's examples feed none of its losses, or not the one that it names."""
    section, name = case.part(error)
    stage = (case.spec.get("train") or {}).get(name)
    if section != "train" or not isinstance(stage, dict) or isinstance(case.world, str):
        return False
    declaration = case.registry.find("stage", str(stage.get("stage")))
    gives = set(declaration.gives) if declaration else set()
    external = stage.get("examples") == "external"
    source = case.world.space.external if external else case.world.source
    if source is None:
        return True
    targets = {"external.targets"} if external else {"targets", "parents.targets"}
    given = {*source.shapes, *gives, *(targets if "novel.targets" not in gives else ())}
    wanted = "external.targets" if external else "novel.targets" if "novel.targets" in gives else None
    losses = case.spec.get("loss", {})
    fed = []
    for loss, term in losses.items():
        reads = case.reads([*_texts(term.get("in")), *case.by_name("loss", term)])
        lacking = {read for read in reads if read in OF_EXAMPLES and read not in given}
        if not lacking and (wanted is None or wanted in reads):
            fed.append(loss)
    return not set(stage.get("losses") or losses) <= set(fed) if stage.get("losses") else not fed


def wrong_kind_of_scores(case: Case, error: SpecError) -> bool:
    """A task is of labels and the scores are of the classes of episodes, or the other way round."""
    scores = case.interpreter.scores
    tasks = (case.spec.get("evaluate") or {}).get("tasks", ["zsl", "gzsl"])
    reads = case.reads([str(case.spec.get("scores", "scores"))])
    of_episodes = any(RESERVED[name].of_episodes or RESERVED[name].of_tasks for name in reads)
    if isinstance(case.world, str):
        return False
    truth = case.world.training
    of_labels = isinstance(scores, Tensor) and "targets" in truth and scores.shape == truth["targets"].shape
    adapts = case.world.adapts
    return any(
        (task == "episodes" and not of_episodes and not adapts)
        or (task == "episodes" and of_labels)
        or (task != "episodes" and (of_episodes or adapts or not of_labels))
        for task in tasks
    ) or (adapts and any(RESERVED[name].of_episodes for name in reads))


def attention_misfit(case: Case, error: SpecError) -> bool:
    """What tells where the model looks is no map."""
    try:
        found = case.interpreter.value(str(case.spec.get("attention") or _quoted(error.message)[0]))
    except Exception:  # it cannot be computed at all
        return False
    return not isinstance(found, Tensor) or found.ndim != 4 or not scores_misfit(case, error)


def bad_metric(case: Case, error: SpecError) -> bool:
    """A metric that there is not, or one without the parameter that it needs."""
    stages = [stage for stage in (case.spec.get("train") or {}).values() if isinstance(stage, dict)]
    listed = [*((case.spec.get("evaluate") or {}).get("metrics") or ()), *(stage.get("monitor") for stage in stages)]
    for entry in listed:
        name, at, _ = str(entry.get("use") if isinstance(entry, dict) else entry).partition("@")
        declaration = case.registry.find("metric", name)
        if entry is None or name == "loss" or name.startswith("loss."):
            continue
        if declaration is None:
            return True
        given = {*(entry if isinstance(entry, dict) else ()), *(["k"] if at else [])}
        if any(parameter.required and parameter.name not in given for parameter in declaration.parameters):
            return True
    return any(
        case.registry.find("stage", stage["stage"]).parameter("ways")
        and stage.get("monitor")
        and not issubclass(case.registry.load("metric", stage["monitor"].partition("@")[0]), EpisodeMetric)
        for stage in stages
        if not str(stage.get("monitor", "loss")).startswith("loss")
    )


def no_such_node(case: Case, error: SpecError) -> bool:
    """What ``bypass`` or an option of a stage names is no node, or none that anything reads."""
    read = case.nodes_read
    return any(name not in case.spec["model"] or name not in read for name in _quoted(error.message)[:1])


def wrong_number(case: Case, error: SpecError) -> bool:
    """A port that takes so many tensors is wired to another number of them."""
    _, name = case.part(error)
    node = case.spec["model"].get(name, {})
    declaration = case.registry.find("block", str(node.get("use"))) or case.registry.find("composite", str(node.get("use")))
    feed = node.get("in")
    listed = feed if isinstance(feed, list) else [feed]
    return declaration is not None and declaration.inputs[0].length not in (None, len(listed))


def not_given(case: Case, error: SpecError) -> bool:
    """A port is named after a reserved input that there is not."""
    names = {reserved.port: name for name, reserved in RESERVED.items()}
    given = {} if isinstance(case.world, str) else case.world.training
    return any(names[port] not in given for port in _quoted(error.message)[:1] if port in names)


def no_such_port(case: Case, error: SpecError) -> bool:
    """A node's block has no such port."""
    for node, port in zip(_quoted(error.message), _quoted(error.message)[1:], strict=False):
        known = case.spec["model"].get(node, {})
        used = known.get("use")
        if "repeat" in known and port not in (*known.get("carry", ()), *known.get("collect", ())):
            return True
        declaration = case.registry.find("block", str(used))
        if declaration and declaration.output(port) is None:
            return True
    return False


def cannot_construct(case: Case, error: SpecError) -> bool:
    """A block refuses its parameters whatever the sizes are that it is bound to."""
    section, name = case.part(error)
    part = case.spec.get(section, {}).get(name) if section in ("model", "loss") else None
    if not isinstance(part, dict):
        return False
    body = case.spec.get("blocks", {}).get(part.get("use"))
    params = {**((body or {}).get("params") or {}), **{key: part[key] for key in part if key not in WIRING}}
    nodes = [filled(node, params) for node in body["model"].values()] if body else [part]
    return any(_always_refuses(case.registry, KINDS[section], node) for node in nodes)


def _always_refuses(registry: Registry, kind: Any, node: Mapping[str, Any]) -> bool:
    declaration = registry.find(kind, str(node.get("use")))
    if declaration is None:
        return True
    values = {key: value for key, value in node.items() if key not in WIRING}
    for size in (2, 3, 4, 6, 8, 12):
        bound = {size_of.name: (size,) * 3 if size_of.many else size for size_of in declaration.sizes}
        try:
            registry.construct(kind, declaration.name, {**bound, **values})
        except Exception:  # whatever the block does
            continue
        return False
    return True


def cannot_look(case: Case, error: SpecError) -> bool:
    """A metric compares places with boxes, and the model tells no places, or the data has no boxes."""
    if isinstance(case.world, str) or "boxes" not in case.world.source.shapes:
        return True
    if case.spec.get("attention"):
        return False
    uses = [node.get("use") for name, node in case.spec["model"].items() if name in case.nodes_of_scores]
    inner = [node.get("use") for body in case.spec.get("blocks", {}).values() for node in body["model"].values()]
    known = [case.registry.find("block", str(used)) for used in [*uses, *inner]]
    return not any(block and block.output("attention") for block in known)


def without_values(case: Case, error: SpecError) -> bool:
    """A block asks for values, which none of its inputs has on the device ``meta``."""
    return case.interpreter is not None and "values" in error.message and _fails_on_meta(case, error)


def _fails_on_meta(case: Case, error: SpecError) -> bool:
    section, name = case.part(error)
    nodes = [path for path in case.interpreter.modules if f"`{path}`" in error.message or path == name]
    for path in nodes:
        declaration = case.registry.find("block", str(case.spec["model"].get(path.split(".")[0], {}).get("use")))
        module = case.interpreter.modules[path].to("meta")
        fed = {port.name: torch.empty([3] * len(port.dims or "ab"), device="meta") for port in declaration.inputs} if declaration else {}
        try:
            module(**fed)
        except Exception:  # which is what is asked for
            return True
    return False


def training_refuses(case: Case, error: SpecError) -> bool:
    """Training or evaluation stops with an error where nothing is checked before."""
    return bool(case.unchecked)


Attempt = Callable[[Case, SpecError], bool]
UNKNOWN = ("reference", "block", "unwired", "unavailable", "share", "repeat")
SCHEMA: tuple[Attempt, ...] = (bad_values, fails("construct", "block", "reference"), cannot_construct)
OF_CODE: Mapping[str, tuple[Attempt, ...]] = {
    "shape-mismatch": (fails("shape", "scalar", "list", "forward", "construct"), external_misfit, follows_the_labels),
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
    "composite-cycle": (fails("cycle"),),
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
