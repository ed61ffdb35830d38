"""A trained few-shot model that classifies the queries of episodes, and tells where it looks for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float, Int8
    from torch import Tensor

    from compose.cli.runs import FoundRun
    from compose.model.build import Built
    from compose.prepare import Prepared


@dataclass(frozen=True)
class Episode:
    """A few classes with support pictures, and pictures to classify.

    Args:
        name: what it is called.
        classes: the classes, in the order of their positions.
        images: the support pictures, class by class, then the queries: ``b c h w``.
        support_targets: 1 for the class of a support picture, -1 for the others.
        queries: the queries' names.
        truth: the class position of each query, where it is known.
    """

    name: str
    classes: tuple[str, ...]
    images: Float[Tensor, "b c h w"]
    support_targets: Int8[Tensor, "s n"]
    queries: tuple[str, ...]
    truth: tuple[int | None, ...]


@dataclass(frozen=True)
class Answer:
    """What a model says to an episode.

    Args:
        probabilities: the softmax of the scores of each query.
        attention: where it looks, a layer each, by port: see :data:`~compose.spec.plan.EPISODE_ATTENTION`.
    """

    probabilities: Float[Tensor, "q n"]
    attention: dict[str, Float[Tensor, "m q *place"]]


@dataclass(frozen=True)
class EpisodePredictor:
    """A trained model.

    Args:
        made: the run's spec with all that it names.
        built: its model, on ``device``.
        device: where it runs.
    """

    made: Prepared
    built: Built
    device: Any

    def drawn(self, count: int, shots: int | None) -> Iterator[Episode]:
        """The first episodes of the run's test, with one query of each class.

        Args:
            count: how many.
            shots: support pictures of each class; those of the spec where None.

        Raises:
            DataError: the data has no such episodes.
        """
        from compose.evaluation.episodes import EpisodeTest

        evaluation = self.made.evaluation
        tests = [test for test in evaluation.episodes if shots in (None, test.shape.shots)] or evaluation.episodes
        batch = self.made.episodes
        assert batch is not None, "the model reads episodes"
        shape = replace(tests[0].shape if tests else batch.shape, queries=1, query_classes=None)
        test = EpisodeTest(replace(shape, shots=shots or shape.shots), count, evaluation.seed, evaluation.split)
        episodes = test.draw(self.made.source)
        for number in range(count):
            given = episodes[[number]]
            classes = tuple(episodes.pool.names[place] for place in episodes.draw([number]).classes[0])
            truth = given["query_targets"][0].argmax(-1).tolist()
            names = tuple(f"{evaluation.split} episode {number + 1}, query {i + 1}" for i in range(len(truth)))
            title = f"{evaluation.split} episode {number + 1}"
            yield Episode(title, classes, given["image"], given["support_targets"][0], names, tuple(truth))

    def given(self, support: Path, queries: Sequence[Path]) -> Episode:
        """An episode of the user's pictures.

        Args:
            support: a folder with a folder of pictures for each class.
            queries: the pictures to classify.

        Raises:
            UsageError: the folder has no classes, or not as many as the model serves.
            DataError: a picture cannot be read.
        """
        import torch

        from compose.cli.pictures import pictures_in
        from compose.errors import UsageError

        files = {folder.name: pictures_in(folder) for folder in sorted(support.iterdir()) if folder.is_dir()}
        files = {name: inside for name, inside in files.items() if inside}
        if len(files) < 2:
            raise UsageError(f"--support {support}: expected a folder of pictures for each class, found {len(files)}")
        self._check_ways(support, len(files))
        read = self.made.source.read_image
        images = [read(file) for inside in files.values() for file in inside]
        images += [read(file) for file in queries]
        position = [place for place, inside in enumerate(files.values()) for _ in inside]
        targets = torch.full((len(position), len(files)), -1, dtype=torch.int8)
        targets[torch.arange(len(position)), torch.tensor(position)] = 1
        names = tuple(str(file) for file in queries)
        return Episode(str(support), tuple(files), torch.stack(images), targets, names, (None,) * len(names))

    def _check_ways(self, support: Path, ways: int) -> None:
        from compose.errors import UsageError
        from compose.model.label_space import fixing
        from compose.spec.sources import WAYS

        fixed, batch = fixing(self.made.spec.plan.steps, WAYS), self.made.episodes
        if fixed and batch and batch.shape.ways != ways:
            serves = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode"
            raise UsageError(f"--support {support}: {serves}, and there are {ways} folders of pictures")

    def answer(self, episode: Episode, *, look: bool) -> Answer:
        """The classes of an episode's queries.

        Args:
            episode: the episode.
            look: whether to tell where the model looks.
        """
        import torch

        from compose.training.inference import call

        given = {"image": episode.images, "support_targets": episode.support_targets[None]}
        given |= dict(self.made.space.sources("seen"))
        with torch.no_grad():
            graph = self.built.looking if look else self.built.inference
            outputs = call(graph, {name: value.to(self.device) for name, value in given.items()})
        layers = self.made.spec.plan.episode_attention if look else {}
        attention = {
            port: torch.stack([outputs[f"{port}.{i}"][0] for i in range(len(refs))]).float().cpu()
            for port, refs in layers.items()
        }
        return Answer(outputs["scores"][0].float().softmax(-1).cpu(), attention)


def load_episode_predictor(made: Prepared, run: FoundRun, *, weights: str | None, device: str) -> EpisodePredictor:
    """A run's model of episodes.

    Args:
        made: the run's spec with all that it names.
        run: the run.
        weights: which of its weights.
        device: where it runs.
    """
    from compose.cli.console import status

    with status("loading the model"):
        from compose.training.device import choose_device

        target = choose_device(device)
        scoring = made.scoring()
        built = scoring.build()
        run.load(built, weights)
        built.inference.to(target).eval()
        built.looking.to(target).eval()
    return EpisodePredictor(scoring, built, target)
