"""From a checked spec to what trains: data source, label space, stages, evaluation, shapes, model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from compose.block import BlockError, Kind
from compose.data.source import DataError, DataSource, LabelTable
from compose.errors import Place, SpecError, SpecErrors, reason_of
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.task_labels import LABELS
from compose.labels.label_options import LabelOptions
from compose.labels.label_set import Labels
from compose.labels.label_space import LabelSpace
from compose.model.build import Built, Shaped, materialise, shape
from compose.model.episode_batch import EpisodeBatch
from compose.model.input_sizes import Sizes
from compose.spec.read import Spec
from compose.spec.schema.node_keys import selector
from compose.spec.yaml.tree import Mapping as MappingTree
from compose.spec.yaml.tree import Path, place_of, plain
from compose.training.adaptation.adaptation import Adaptation, evaluated_adaptation, inner_loop, task_losses
from compose.training.adaptation.inner_rates import add_rates
from compose.training.reserved_sizes import ReservedSizes
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
        self.of_labels("vectors", lambda: (self.read_space.vectors, self.read_space.external_vectors))
        self.of_labels("clusters", lambda: self.read_space.clusters)
        used: list[Labels] = ["seen", *(LABELS[task] for task in self.evaluation.tasks)]
        for labels in used if self.labels.graph is not None else ():
            self.of_labels("graph", partial(self.read_space.edges, labels))
        return self.read_space

    @cached_property
    def read_space(self) -> LabelSpace:
        """The label space as far as the model reads it; its vectors are read when they are asked for."""
        return self.space_over(self.table)

    def space_over(self, table: LabelTable) -> LabelSpace:
        """The same over other labels.

        Args:
            table: all labels.
        """
        read = {"external.vectors", "labels.graph"} & set(self.spec.plan.reserved)
        options = self.labels if read else replace(self.labels, external_nodes=False)
        return options.space(table)

    def of_labels(self, key: str, attempt: Callable[[], _T]) -> _T:
        """What the label space gives.

        Args:
            key: the key of ``labels`` that it follows from.
            attempt: asks for it.

        Raises:
            SpecErrors: it does not have it, or cannot read it.
        """
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
        return self._reserved_sizes.training

    @cached_property
    def _reserved_sizes(self) -> ReservedSizes:
        return ReservedSizes(self)

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
                tasks=self._reserved_sizes.of_tasks(),
                ranges=self._reserved_sizes.ranges,
                weight_parts=self.weight_parts,
            )
        except SpecErrors as errors:
            return errors

    def with_model(self, spec: Spec) -> Prepared:
        """The same with another model: labels, vectors and graph that have been read are not read again."""
        found = replace(self, spec=spec)
        if set(spec.plan.reserved) == set(self.spec.plan.reserved):
            vars(found).update({name: value for name, value in vars(self).items() if name in ("read_space", "space")})
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


def label_part(spec: Spec, kind: Literal["vectors", "graph"]) -> Any:
    """What gives labels their vectors, or their graph, as a spec names it, although a run keeps what it has given.

    Args:
        spec: the checked spec, which names one.
        kind: which of the two.

    Raises:
        SpecErrors: its class refuses its values.
    """
    maker = _Maker(spec)
    found = maker.make(kind, ("labels", kind))
    if maker.errors:
        raise SpecErrors(maker.errors)
    return found


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
