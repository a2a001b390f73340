"""Five scores of a 512×512 mask: five scikit-learn calls and one count, in memory and from files.

What is read: masks as the pipeline writes them, with smooth outlines.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import sklearn.metrics
from PIL import Image

from pipeline.images import Mask, read_mask, write_png
from pipeline.metrics.masks import confusion_counts, mask_scores
from tests.benchmarks.measure import Timing, compare

SIZE, PICTURES = 512, 8
SCORES = ("jaccard", "f1", "accuracy", "precision", "recall")
Scores = dict[str, float]


def scikit_learn(predicted: Mask, truth: Mask) -> Scores:
    pixels = truth.ravel(), predicted.ravel()
    return {name: getattr(sklearn.metrics, f"{name}_score")(*pixels) for name in SCORES}


def ours(predicted: Mask, truth: Mask) -> Scores:
    return mask_scores(confusion_counts(predicted, truth))


def refuse_unequal(theirs: Scores, own: Scores) -> None:
    """A faster way to another value is none."""
    if not np.allclose(
        [theirs[name] for name in SCORES], [own[name] for name in SCORES], atol=1e-9
    ):
        raise RuntimeError(f"the ways differ: {theirs} and {own}")


def in_memory() -> list[Timing]:
    rng = np.random.default_rng(0)
    predicted, truth = rng.random((2, SIZE, SIZE)) > 0.5
    refuse_unequal(scikit_learn(predicted, truth), ours(predicted, truth))
    return compare(
        f"five scores of a {SIZE}x{SIZE} mask, processor time",
        {
            "five scikit-learn calls": lambda: scikit_learn(predicted, truth),
            "counts once": lambda: ours(predicted, truth),
        },
        rounds=15,
        clock=time.process_time,
    )


def write_masks(folder: Path) -> list[tuple[Path, Path]]:
    """What a network drew and the truth; a few smooth blobs each."""
    rng, pairs = np.random.default_rng(0), []
    for number in range(PICTURES):
        coarse = rng.normal(size=(9, 9))
        pair = []
        for part, noise in (("truth", 0.0), ("predicted", 0.3)):
            field = (coarse + noise * rng.normal(size=coarse.shape)).astype(np.float32)
            smooth = cv2.resize(field, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
            pair.append(folder / f"{number}_{part}.png")
            write_png(pair[-1], np.where(smooth > 0.2, 255, 0).astype(np.uint8))
        pairs.append((pair[1], pair[0]))
    return pairs


def with_pillow(file: Path) -> Mask:
    return np.asarray(np.asarray(Image.open(file).convert("L")) > 127)


def from_files() -> list[Timing]:
    with tempfile.TemporaryDirectory() as folder:
        pairs = write_masks(Path(folder))

        def plainly() -> list[Scores]:
            return [scikit_learn(*map(with_pillow, pair)) for pair in pairs]

        def at_once() -> list[Scores]:
            return [ours(*map(read_mask, pair)) for pair in pairs]

        for theirs, own in zip(plainly(), at_once(), strict=True):
            refuse_unequal(theirs, own)
        return compare(
            f"five scores of {PICTURES} masks of {SIZE}x{SIZE}, files read, processor time",
            {"Pillow and five scikit-learn calls": plainly, "read_mask, counts once": at_once},
            rounds=9,
            clock=time.process_time,
        )


def scores() -> list[Timing]:
    """Without and with reading the files."""
    return in_memory() + from_files()
