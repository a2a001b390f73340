"""Which backend runs a network quickest here, and whether it gives what PyTorch gives."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.card import Card
from pipeline.inference.agreement import Agreement, agreement, shown
from pipeline.inference.engines import Batch, open_engine
from pipeline.inference.engines.choice import Choice, can_run, choose, record
from pipeline.inference.engines.exported import can_export
from pipeline.inference.examples import COUNT, example_object, example_picture
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.inference.predictor import to_batch
from pipeline.inference.weights import card_of

ORDER = ("torch", "openvino-f32", "onnxruntime", "openvino-bf16", "torch-bf16")
"""In which they are tried; the first that is here is what the others are compared with."""

Run = Callable[[int], Batch]
"""What a network shows of an example, by its number."""


class Timing(NamedTuple):
    """One backend with one network on this machine's processor.

    Attributes:
        network: Name of the trained network, or as the caller calls it.
        backend: Such as `openvino-bf16`.
        milliseconds: Median of one picture at the network's own frame.
        ratio: How many times as fast as PyTorch in float32; None where that is not here.
        agreement: What differs from the first backend, in words and numbers.
        agrees: Whether that is little enough for `auto`.
        chosen: Whether `auto` takes this one from now on.
    """

    network: str
    backend: str
    milliseconds: float
    ratio: float | None
    agreement: str
    agrees: bool
    chosen: bool


def measure(weights: Path, rounds: int = 7) -> list[Timing]:
    """Time every backend that can run these weights here, in turn, and keep the choice.

    The quickest that agrees is chosen. What has no export yet is exported first.

    Args:
        weights: `.pt` or `.onnx` file with its card beside it.
        rounds: Pictures that each one gets, after one that warms up.

    Raises:
        PipelineError: The weights are missing or damaged.
    """
    card = card_of(weights)
    runs = _runs(weights, card)
    taken, found = _take_turns(runs, max(rounds, COUNT))
    reference = next(iter(runs))
    agreed = {name: agreement(card, found[reference], found[name]) for name in runs}
    best = min((name for name in runs if agreed[name].enough), key=taken.__getitem__)
    rows = _rows(card, taken, agreed, best)
    record(card, Choice(best, _why(rows)))
    return rows


def survey(files: Iterable[tuple[str, Path]], rounds: int = 7) -> Iterator[Timing]:
    """Measure networks one after the other.

    Args:
        files: What to call each, and its weights.
        rounds: See `measure`.

    Yields:
        A row per network and backend, as soon as the network is done.

    Raises:
        PipelineError: Weights are missing or damaged.
    """
    for network, weights in files:
        for row in measure(weights, rounds):
            yield row._replace(network=network)


def choice_for(weights: Path, device: str | None = None) -> Choice:
    """What `auto` takes for these weights, and why; opens nothing.

    Raises:
        PipelineError: The weights or their card are missing or damaged.
    """
    return choose(weights, card_of(weights), device)


def _rows(
    card: Card, taken: Mapping[str, float], agreed: Mapping[str, Agreement], best: str
) -> list[Timing]:
    naive = taken.get("torch")
    return [
        Timing(
            card.network, name, round(1000 * seconds, 2),
            None if naive is None else round(naive / seconds, 2),
            agreed[name].text, agreed[name].enough, name == best,
        )
        for name, seconds in taken.items()
    ]  # fmt: skip


def _why(rows: list[Timing]) -> str:
    (best,) = (row for row in rows if row.chosen)
    if best.backend == "torch":
        return "measured here, the quickest"
    if best.ratio is None:
        return f"measured here, {best.milliseconds:.0f} ms a picture"
    return f"measured here {best.ratio:.1f}x as quick as PyTorch"


def _take_turns(
    runs: Mapping[str, Run], rounds: int
) -> tuple[dict[str, float], dict[str, list[Batch]]]:
    """Medians in seconds, and what each gave for every example."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    found: dict[str, list[Batch]] = {name: [] for name in runs}
    for run in runs.values():
        run(0)
    for number in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            given = run(number)
            taken[name].append(time.perf_counter() - began)
            if number < COUNT:
                found[name].append(given)
    return {name: statistics.median(times) for name, times in taken.items()}, found


def _runs(weights: Path, card: Card) -> dict[str, Run]:
    names = [name for name in ORDER if can_run(name, weights, card)]
    if can_export(card):
        batches = [example_batch(card, number) for number in range(COUNT)]
        return {name: _engine_run(weights, name, batches) for name in names or ["openvino-f32"]}
    return {name: _instance_run(weights, name, card) for name in names or ["torch"]}


def _engine_run(weights: Path, backend: str, batches: list[Batch]) -> Run:
    engine = open_engine(weights, backend, "cpu")
    return lambda number: shown(engine.card, engine.run(batches[number % COUNT]))


def _instance_run(weights: Path, backend: str, card: Card) -> Run:
    predictor = CentralPersonPredictor(weights, "cpu", backend)
    pictures = [example_picture(number, *card.frame) for number in range(COUNT)]
    return lambda number: predictor.probability(pictures[number % COUNT])[None, None]


def example_batch(card: Card, number: int) -> Batch:
    """An example as the network wants it, 1×C×H×W at its frame."""
    picture = to_batch(example_picture(number, *card.frame), *card.frame)
    inserted = example_object(number, *card.frame)[None, None].astype(np.float32)
    around = np.roll(inserted, card.frame[1] // 4, axis=3)
    wanted = card.architecture["name"]
    if wanted == "removal_generator":
        return picture * 2 - 1
    if wanted == "shadow_attention":
        return np.concatenate([picture, inserted], axis=1)
    if wanted == "shadow_generator":
        fallen = np.roll(around, card.frame[0] // 8, axis=2)
        return 2 * np.concatenate([picture, inserted, around, fallen], axis=1) - 1
    return picture
