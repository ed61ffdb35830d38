"""Other values that the spec could name where one does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from compose.model.proposals.spot import Feed, Spot
from compose.model.proposals.wanted import Wanted
from compose.model.walk import Walk
from compose.registry.declaration import Port
from compose.registry.dim_name import dim_name
from compose.spec.wiring.plan import Ref, Step, refs
from compose.spec.wiring.reserved import RESERVED
from compose.spec.wiring.scope import WiredComposite

MOST_BEFORE = 6
"""How many values are looked at that the producer itself was made of."""

EXAMPLES = ("b", "e", "l")
"""Letters of images, episodes and labels, for which no others stand."""

MOST_ANY = 8
"""How many values are tried where nothing tells which fit."""


@dataclass(frozen=True)
class Source:
    """A value by the text that names it, and what it is in words."""

    text: str
    ref: Ref
    value: Tensor
    what: str


class Sources:
    """The values that can be named where something is wired.

    Args:
        spot: where.
        walk: what is known of the shapes.
        steps: the steps by name.
        composites: the nodes that use composites, by their paths.
    """

    def __init__(
        self, spot: Spot, walk: Walk, steps: dict[str, Step], composites: Mapping[str, WiredComposite]
    ) -> None:
        self._spot, self._walk, self._steps, self._composites = spot, walk, steps, composites

    def beside(self, feed: Feed) -> list[Source]:
        """The other ports of the node that gives a value, and the tensors of its list ports."""
        node = feed.text.split(".")[0]
        wired = self._composites.get(f"{self._spot.prefix}{node}")
        sources = self._outputs_of(node, wired) if wired else self._ports_of(feed.ref.step)
        return [source for source in sources if source.ref != feed.ref]

    def _outputs_of(self, node: str, wired: WiredComposite) -> list[Source]:
        """The tensors that a composite gives."""
        found = []
        for port, output in wired.outputs.items():
            value = self._walk.held(output) if isinstance(output, Ref) else None
            if isinstance(output, Ref) and isinstance(value, Tensor):
                found.append(Source(f"{node}.{port}", output, value, f"another output of `{node}`"))
        return found

    def reserved(self, feed: Feed, wanted: Wanted) -> Iterator[Source]:
        """Reserved inputs: of the dims that are wanted, or of any that fit where a reserved one is wired already."""
        letters = [] if wanted.spread else [axis.letter for axis in wanted.axes]
        for name, given in RESERVED.items():
            value = self._walk.values.get(("", name))
            alike = list(given.dims) == letters and not (given.of_examples and feed.ref.step)
            instead = bool(feed.text) and not feed.ref.step and not (given.of_examples and given.dtype == "float32")
            if value is not None and name != feed.ref.port and (alike or instead):
                yield Source(name, Ref("", name), value, given.doc.partition(";")[0])

    def alike(self, feed: Feed, wanted: Wanted) -> Iterator[Source]:
        """Ports of other nodes whose dims have the names that are wanted, all but one, the latest first."""
        for name, step in reversed(list(self._steps.items())):
            ports = step.declaration.outputs if step.declaration and name != feed.ref.step else ()
            same = {port.name for port in ports if _is_alike(port, wanted)}
            for source in self._ports_of(name) if same else ():
                if source.ref.port in same:
                    dims = " ".join(next(port.dims or () for port in ports if port.name == source.ref.port))
                    yield replace(source, text=self._short(source), what=f"which is {dims.replace('?', '')}")

    def any(self, feed: Feed) -> Iterator[Source]:
        """What else there is, the latest first: to be tried where a block does not say what it takes."""
        found = 0
        for name in reversed(list(self._steps)):
            for source in self._ports_of(name):
                if source.ref != feed.ref and found < MOST_ANY:
                    found += 1
                    yield replace(source, text=self._short(source), what="another value")

    def before(self, feed: Feed) -> Iterator[Source]:
        """What the producer of a value was made of, the nearest first."""
        waiting, seen = [feed.ref], {feed.ref.step}
        found = 0
        while waiting and found < MOST_BEFORE:
            step = self._steps.get(waiting.pop(0).step)
            for ref in (ref for value in (step.inputs.values() if step else ()) for ref in refs(value)):
                if ref.step and ref.step not in seen:
                    seen.add(ref.step)
                    waiting.append(ref)
                    for source in self._ports_of(ref.step):
                        found += 1
                        yield replace(source, text=self._short(source), what=f"which `{feed.text}` is made of")

    def _short(self, source: Source) -> str:
        """The node's name alone where that means the same."""
        step = self._steps[source.ref.step]
        first = step.declaration.outputs[0].name if step.declaration else "out"
        is_first = source.ref.index is None and source.ref.port == first
        return source.text.removesuffix(f".{first}") if is_first else source.text

    def _ports_of(self, step: str) -> list[Source]:
        """The tensors that a node of this level gives; the port that its bare name means goes by that."""
        name = step.removeprefix(self._spot.prefix)
        if not step.startswith(self._spot.prefix) or "." in name or not name:
            return []
        found: list[Source] = []
        for (owner, port), value in self._walk.values.items():
            if owner != step:
                continue
            text = name if port == "out" else f"{name}.{port}"
            what = f"another output of `{name}`"
            if isinstance(value, Tensor):
                found.append(Source(text, Ref(step, port), value, what))
            else:
                found += [Source(f"{text}.{i}", Ref(step, port, i), item, what) for i, item in enumerate(value)]
        single = {source.value.shape for source in found if source.ref.index is None}
        items = [source for source in found if source.ref.index is not None and source.value.shape not in single]
        return [source for source in found if source.ref.index is None] + items


def _is_alike(port: Port, wanted: Wanted) -> bool:
    """Whether a port names the dims that are wanted; of three or more, one that is no label's may have another name."""
    names = [dim_name(dim) for dim in port.dims or ()]
    spread = next((place for place, name in enumerate(names) if name.spread), 0)
    if spread:
        return spread > 1 and [name.letter for name in names[:spread]] == list(wanted.letters[:spread])
    other = [here for name, here in zip(names, wanted.letters, strict=False) if name.letter != here]
    allowed = len(names) > 2 and len(other) == 1 and other[0] not in EXAMPLES
    return len(names) == len(wanted.letters) > 0 and (not other or allowed)
