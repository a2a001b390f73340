"""What other tools hand over: levels, transparency, sizes, times, memory, and what is missing."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.comparison.answers import read_answer, read_cost, read_seconds
from pipeline.errors import PipelineError

TRUTH = np.zeros((30, 40), bool)
TRUTH[8:22, 10:30] = True


def levels(inside: int, outside: int = 0) -> Image.Image:
    return Image.fromarray(np.where(TRUTH, inside, outside).astype(np.uint8))


@pytest.mark.parametrize(
    "image",
    [
        levels(255),
        levels(128, 127),
        levels(255).convert("RGB"),
        levels(255).convert("P"),
        levels(255).convert("1"),
        Image.fromarray(np.where(TRUTH, 40000, 20000).astype(np.uint16)),
        Image.merge("RGBA", [levels(0, 255)] * 3 + [levels(200)]),
        Image.merge("LA", [levels(0, 255), levels(200)]),
        levels(255).convert("RGBA"),
    ],
    ids=[
        "black and white",
        "half",
        "rgb",
        "palette",
        "bilevel",
        "16 bits",
        "cutout",
        "grey cutout",
        "opaque",
    ],
)
def test_levels_are_probabilities_and_of_a_cutout_the_alpha_counts(
    tmp_path: Path, image: Image.Image
) -> None:
    image.save(tmp_path / "one.png")
    answer = read_answer(tmp_path, "one", TRUTH, 0.5)
    np.testing.assert_array_equal(answer.mask, TRUTH)
    assert (answer.failed, answer.resized) == ("", False)


def test_a_mask_of_another_size_is_resized_and_counted(tmp_path: Path) -> None:
    levels(255).resize((80, 60), Image.Resampling.NEAREST).save(tmp_path / "one.png")
    answer = read_answer(tmp_path, "one", TRUTH, 0.5)
    np.testing.assert_array_equal(answer.mask, TRUTH)
    assert answer.resized


@pytest.mark.parametrize("found", [TRUTH, np.zeros_like(TRUTH)], ids=["something", "nothing"])
@pytest.mark.parametrize("kind", ["missing", "lies on its side", "text", "half a file"])
def test_a_failure_never_earns_anything(tmp_path: Path, kind: str, found: np.ndarray) -> None:
    file = tmp_path / "one.png"
    if kind == "lies on its side":
        levels(255).transpose(Image.Transpose.ROTATE_90).save(file)
    elif kind == "text":
        file.write_text("no picture")
    elif kind == "half a file":
        levels(255).save(file)
        file.write_bytes(file.read_bytes()[:60])
    answer = read_answer(tmp_path, "one", found, 0.5)
    assert answer.failed
    assert not (answer.mask & found).any()
    assert answer.mask.any() != found.any()


def test_the_first_time_is_apart_and_the_median_is_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("picture,seconds\na.b,30\nc.jpg,1\nd,2\ne,9\n")
    (tmp_path / "peak_mb.txt").write_text("512.5\n")
    assert tuple(read_cost(tmp_path)) == (2.0, 30.0, 512.5)
    assert read_seconds(tmp_path)["a.b"] == 30


def test_times_and_memory_may_be_unknown(tmp_path: Path) -> None:
    assert all(map(isnan, read_cost(tmp_path)))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("times.csv", "name,seconds\na,1\n"),
        ("times.csv", "picture,seconds\na,fast\n"),
        ("times.csv", "picture,seconds\na\n"),
        ("peak_mb.txt", "much"),
    ],
)
def test_times_and_memory_that_cannot_be_read_are_named(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(PipelineError, match=file):
        read_cost(tmp_path)
