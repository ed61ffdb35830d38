"""From a checked spec to what trains: data source, label space, stages, evaluation, shapes, model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from compose.block import BlockError, Kind
from compose.data.source import DataError, DataSource, LabelTable
from compose.errors import Place, SpecError, SpecErrors, reason_of
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.task_labels import LABELS
from compose.labels.label_options import LabelOptions
from compose.labels.label_set import Labels, training_labels
from compose.labels.label_space import LabelSpace
from compose.labels.parents import Parents
from compose.model.build import Built, Shaped, materialise, shape
from compose.model.episode_batch import EpisodeBatch
from compose.model.input_sizes import Sizes
from compose.model.label_space_check import fixing_ways
from compose.spec.read import Spec
from compose.spec.schema.node_keys import selector
from compose.spec.wiring.reserved import RESERVED
from compose.spec.yaml.tree import Mapping as MappingTree
from compose.spec.yaml.tree import Path, place_of, plain
from compose.training.adaptation.adaptation import Adaptation, evaluated_adaptation, inner_loop, task_losses
from compose.training.adaptation.inner_rates import add_rates
from compose.training.stages.stage import Stage

if TYPE_CHECKING:
    from compose.graphs.vectors.label_vectors import LabelVectors
    from compose.training.storage.kept_data import KeptData

_T = TypeVar("_T")


@dataclass(frozen=True)
class Prepared:
    """Everything that a spec names, made; no examples read, no weight allocated.

    Args:
        spec: the checked spec.
        source: where the examples come from.
        labels: the label space's options.
        stages: the stages of training by name, in order.
        evaluation: what is measured.
        inner: how weights adapt in the last stage that meta-learns; None where there is none.
        adaptation: how they adapt where episodes are evaluated; None where they don't.
        trained: of a run that is not trained any more, the labels that it has trained on: no other is seen.
        weight_parts: among how many processes the weights are shared.
    """

    spec: Spec
    source: DataSource
    labels: LabelOptions
    stages: Mapping[str, Stage]
    evaluation: Evaluation
    inner: Adaptation | None = None
    adaptation: Adaptation | None = None
    trained: Collection[str] | None = None
    weight_parts: int = 1

    def __repr__(self) -> str:
        """Short, for a notebook; what it holds is large."""
        return f"Prepared({self.spec.resolved.name!r}, {len(self.spec.plan.steps)} nodes)"

    @property
    def vectors(self) -> LabelVectors | None:
        """What gives the labels their vectors; None where the spec has none."""
        vectors: LabelVectors | None = self.labels.vectors
        return vectors

    @property
    def seed(self) -> int:
        """The seed of the weights and of the order of the examples."""
        return self.spec.seed

    @property
    def table(self) -> LabelTable:
        """The labels of the data, of which only what is trained on is seen, if any is."""
        table, known = self.source.labels, set(self.trained or ())
        if not known & set(table.names):
            return table
        seen = (is_seen and name in known for name, is_seen in zip(table.names, table.seen, strict=True))
        return replace(table, seen=tuple(seen))

    @cached_property
    def space(self) -> LabelSpace:
        """The label space, its vectors read.

        Raises:
            SpecErrors: labels without a vector, the first of them listed, or without a graph.
        """
        self._labels("vectors", lambda: (self._space.vectors, self._space.external_vectors))
        self._labels("clusters", lambda: self._space.clusters)
        used: list[Labels] = ["seen", *(LABELS[task] for task in self.evaluation.tasks)]
        for labels in used if self.labels.graph is not None else ():
            self._labels("graph", partial(self._space.edges, labels))
        return self._space

    @cached_property
    def _space(self) -> LabelSpace:
        read = {"external.vectors", "labels.graph"} & set(self.spec.plan.reserved)
        options = self.labels if read else replace(self.labels, external_nodes=False)
        return options.space(self.table)

    def _labels(self, key: str, attempt: Callable[[], _T]) -> _T:
        try:
            return attempt()
        except (ValueError, OSError) as error:
            place = place_of(self.spec.tree, ("labels", key))
            raise SpecErrors([SpecError("labels", str(error), place)]) from error

    @property
    def zero_shot(self) -> bool:
        """Whether the label set changes between training and testing."""
        return any(LABELS[task] != "seen" for task in self.evaluation.tasks)

    def source_of(self, stage: Stage) -> DataSource | None:
        """What a stage trains on; None where it wants external examples and there are none."""
        external: DataSource | None = self.labels.external
        return external if stage.examples == "external" else self.source

    def why_unvalidated(self, stage: Stage) -> str:
        """Why a stage does not validate; "" where it does."""
        return stage.unvalidated(self.source, self.spec.plan, adapts=self.adaptation is not None)

    @property
    def batch(self) -> int:
        """The images of the first stage's batch; with episodes, of as many as every stage's batch needs."""
        if self.episodes is not None:
            return self.episodes.images
        return next((stage.batch for stage in self.stages.values()), 2)

    @property
    def episodes(self) -> EpisodeBatch | None:
        """The episodes of a batch: those of the first stage on such, else of the evaluation, if any.

        There are as many as hold the images of the largest other batch.
        """
        trained = [stage.episodes for stage in self.stages.values() if stage.episodes is not None]
        tested = [EpisodeBatch(2, test.shape) for test in self.evaluation.episodes]
        first = next(iter([*trained, *tested]), None)
        if first is None:
            return None
        images = max((stage.batch for stage in self.stages.values() if stage.episodes is None), default=0)
        return replace(first, count=max(first.count, -(-images // first.shape.pictures)))

    @cached_property
    def sizes(self) -> Sizes:
        """The shape of every reserved input, at the batch and the labels of training.

        Raises:
            SpecErrors: there is no graph over the labels, or the file of their vectors cannot be read.
        """
        space = self._space
        dim = self._labels("vectors", lambda: space.dim)
        training = training_labels(self.table)
        labels = len(space.label_set(training).names)
        known: Sizes = {"targets": (self.batch, labels)}
        if self.episodes is not None:
            known |= self.episodes.sizes
        if parents := Parents(self.source).names:
            known["parents.targets"] = (self.batch, len(parents))
        known |= {name: (self.batch, *dims) for name, dims in self.source.shapes.items() if name in RESERVED}
        known["labels.base_mask"] = (labels,)
        if self.adaptation is not None and self.episodes is not None:
            known["novel.targets"] = (self.batch, self.episodes.shape.ways)
        if self.vectors is not None:
            known["labels.base"] = labels, dim
            known |= {"labels.novel": (self.episodes.shape.ways, dim)} if self.episodes is not None else {}
        if space.classes is not None:
            classes, nodes = len(space.classes.places), len(space.classes.kept.names)
            known |= {"external.classes": (classes,), "external.targets": (self.batch, classes)}
            known |= {"external.vectors": (nodes, dim)} if self.vectors is not None and nodes else {}
        return known | self._label_sizes(training, labels)

    @property
    def ranges(self) -> dict[str, range]:
        """Reserved input -> the integers that it holds: marks, or places of clusters and nodes."""
        found = {name: given.marks for name, given in RESERVED.items() if given.marks is not None}
        if self.labels.clusters is not None:
            found["labels.clusters"] = range(self.labels.clusters)
        if self.labels.graph is not None:
            found["labels.relations"] = range(1 + self.labels.graph.num_relations)
        if self._space.classes is not None:
            found["external.classes"] = range(-1, len(self._space.classes.kept.names))
        return found

    def task_sizes(self) -> dict[str, Sizes]:
        """Evaluated task -> the shapes of reserved inputs that are others there; tasks without labels are left out.

        The batch is the least that there may be, one example or episode, which is what is left over at the end.
        """
        found: dict[str, Sizes] = {}
        batch = 1 if self.episodes is None else self.batch
        examples: Sizes = {name: (batch, *dims) for name, dims in self.source.shapes.items() if name in RESERVED}
        for task in self.evaluation.tasks:
            which: Labels = "all" if self.evaluation.label_context == "all" else LABELS[task]
            if labels := len(self._space.label_set(which).names):
                found[task] = {**examples, "targets": (batch, labels), **self._label_sizes(which, labels)}
        fixed = fixing_ways(self.spec.plan, adapts=self.adaptation is not None)
        for test in self.evaluation.episodes:
            if not fixed or self.episodes is None or test.shape.ways == self.episodes.shape.ways:
                found[test.task] = self._episode_sizes(EpisodeBatch(1, test.shape))
        return found

    def _label_sizes(self, which: Labels, labels: int) -> Sizes:
        """The shapes of what the label space gives of the labels in use."""
        space, found = self._space, Sizes()
        if self.vectors is not None:
            found["labels.vectors"] = labels, self._labels("vectors", lambda: space.dim)
            found |= {"labels.clusters": (labels,)} if self.labels.clusters else {}
        if self.labels.graph is not None:
            edges = tuple(self._labels("graph", partial(space.edges, which)).shape)
            found |= {"labels.graph": edges, "labels.relations": edges[1:]}
        return found

    def _episode_sizes(self, batch: EpisodeBatch) -> Sizes:
        """The shapes of what a batch of episodes holds."""
        found = {name: (batch.images, *dims) for name, dims in self.source.shapes.items() if name in RESERVED}
        found |= {"targets": (batch.images, self.sizes["targets"][1]), **batch.sizes}
        if self.vectors is not None:
            found["labels.novel"] = batch.shape.ways, self._labels("vectors", lambda: self._space.dim)
        if self.adaptation is not None:
            found["novel.targets"] = batch.images, batch.shape.ways
        return found

    @property
    def shaped(self) -> Shaped:
        """The plan with every shape known.

        Raises:
            SpecErrors: shapes that cannot meet, weights that depend on the number of labels, a model too large.
        """
        if isinstance(self._shaped, SpecErrors):
            raise self._shaped
        return self._shaped

    @cached_property
    def _shaped(self) -> Shaped | SpecErrors:
        """The shapes, or what is wrong with them, which many checks ask for."""
        try:
            return shape(
                self.spec.plan,
                self.spec.registry,
                self.sizes,
                where=self._where,
                zero_shot=self.zero_shot,
                episodes=self.episodes,
                adapts=self.adaptation is not None,
                tasks=self.task_sizes(),
                ranges=self.ranges,
                weight_parts=self.weight_parts,
            )
        except SpecErrors as errors:
            return errors

    def with_model(self, spec: Spec) -> Prepared:
        """The same with another model: labels, vectors and graph that have been read are not read again."""
        found = replace(self, spec=spec)
        if set(spec.plan.reserved) == set(self.spec.plan.reserved):
            vars(found).update({name: value for name, value in vars(self).items() if name in ("_space", "space")})
        return found

    def scoring(self) -> Prepared:
        """Only what the scores need: no stages, and of the losses those by which weights adapt.

        So the data may be other than that of training.
        """
        plan = self.spec.plan
        losses = task_losses(plan, self.adaptation.losses) if self.adaptation else ()
        return replace(self, spec=replace(self.spec, plan=plan.scoring(losses=losses)), stages={})

    def without_weights(self) -> Prepared:
        """The same for weights that are loaded afterwards: :meth:`compose.spec.wiring.plan.Plan.without_weights`."""
        return replace(self, spec=replace(self.spec, plan=self.spec.plan.without_weights()))

    def build(self) -> Built:
        """The model with its weights, drawn from the spec's seed, and the inner rates where such are learned."""
        built = materialise(self.shaped, self.spec.registry, seed=self.seed, name=self.spec.resolved.name)
        if self.inner is not None:
            losses = [f"loss.{name}" for name in task_losses(self.spec.plan, self.inner.losses)]
            add_rates(built, self.inner, losses)
        return built

    def _where(self, reserved: str) -> Place | None:
        section, _, key = reserved.partition(".")
        stage = next((name for name, stage in self.stages.items() if stage.episodes is not None), None)
        episodes: Path = ("evaluate",) if stage is None else ("train", stage)
        paths: dict[str, Path] = {
            "labels": ("labels", key),
            "external": ("labels", "external"),
            "support": episodes,
            "query": episodes,
            "novel": episodes,
        }
        return place_of(self.spec.tree, paths.get(section, ("data",)), key=True)


def prepare(spec: Spec, kept: KeptData | None = None) -> Prepared:
    """Make what a spec names.

    Args:
        spec: the checked spec.
        kept: what stands for the data, the labels' vectors and their graph, none of which is then touched.

    Raises:
        SpecErrors: values that their classes refuse, all of them.
    """
    maker = _Maker(spec)
    source: Any = maker.make("data", ("data",)) if kept is None else kept.source
    given = {} if kept is None else {"vectors": kept.vectors, "graph": kept.graph, "external": kept.external}
    labels = maker.make("section", ("labels",), name="labels", default={}, instead=given)
    evaluation = maker.make("section", ("evaluate",), name="evaluate", default={})
    listed = spec.tree.get("train")
    names = list(listed.items) if isinstance(listed, MappingTree) else []
    stages = {name: maker.make("stage", ("train", name)) for name in names}
    if maker.errors:
        raise SpecErrors(maker.errors)
    inner = inner_loop(list(stages.values()), spec.plan.nodes)
    return Prepared(spec, source, labels, stages, evaluation, inner, evaluated_adaptation(evaluation, inner))


class _Maker:
    """Constructs what stands at places of a spec, and turns refusals into errors there."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.errors: list[SpecError] = []

    def make(
        self,
        kind: Kind,
        path: Path,
        *,
        name: str | None = None,
        default: Any = None,
        instead: Mapping[str, Any] | None = None,
    ) -> Any:
        """What stands at a place; of a dataclass some values may be given ``instead`` of those of the spec."""
        from compose.spec.yaml.tree import descend

        tree = descend(self.spec.tree, path)
        values = dict(plain(tree) if tree is not None else default)
        chosen = name or values.pop(selector(kind))
        given = instead or {}
        try:
            made = self.spec.registry.construct(kind, chosen, {k: v for k, v in values.items() if k not in given})
            return replace(made, **given) if given else made
        except BlockError as error:
            inner = (*path, *(error.parameter or "").split("."))
            message = f"`{chosen}`: {error}"
            self.errors.append(SpecError("bad-parameter", message, place_of(self.spec.tree, inner)))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            self._refused(kind, path, f"`{chosen}`: {where}{reason_of(error)}")
        except (DataError, ValueError) as error:
            self._refused(kind, path, f"`{chosen}`: {error}")
        return None

    def _refused(self, kind: Kind, path: Path, message: str) -> None:
        self.errors.append(SpecError(f"bad-{kind}", message, place_of(self.spec.tree, path)))
