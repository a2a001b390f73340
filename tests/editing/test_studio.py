"""The studio from weights on disk to pictures: all edits, several threads, memory."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pipeline.editing.options import PERSON_MODELS, Cut, PersonModel, Place, Removal
from pipeline.editing.studio import Studio
from pipeline.errors import UsageError
from pipeline.photos import Photo, encode_photo, read_photo
from tests.editing.known import linear_profile, mixture, ring

PHOTO = Photo(mixture(ring(120, 160, 40)).picture, icc=linear_profile(), format="PNG")


@pytest.fixture(scope="module")
def studio(tiny_models: Path) -> Studio:
    return Studio(tiny_models, backend="torch", device="cpu", download=False)


@pytest.mark.parametrize("model", PERSON_MODELS)
def test_every_model_cuts_out(studio: Studio, model: PersonModel) -> None:
    cut = studio.cut_out(PHOTO, Cut(model))
    assert cut.shape == PHOTO.shape and cut.alpha is not None and cut.icc == PHOTO.icc
    inside = cut.alpha == 255
    assert np.array_equal(cut.rgb[inside], PHOTO.rgb[inside])
    mask = studio.cut_out(PHOTO, Cut(model, mask=True))
    assert np.array_equal(mask.rgb[..., 0], cut.alpha)


def test_what_is_cut_survives_a_file(studio: Studio) -> None:
    cut = studio.cut_out(PHOTO)
    again = read_photo(encode_photo(cut, "png"), "cut.png")
    assert np.array_equal(again.rgb, cut.rgb) and again.icc == PHOTO.icc


def test_cars_are_removed_and_a_shadow_is_cast(studio: Studio) -> None:
    removed = studio.remove_cars(PHOTO, Removal())
    assert removed.shape == PHOTO.shape and removed.icc == PHOTO.icc
    thing = Photo(
        np.full((30, 20, 3), 200, np.uint8), np.rint(ring(30, 20, 8) * 255).astype(np.uint8)
    )
    made = studio.cast_shadow(PHOTO, thing, Place(80, 100))
    assert made.composed.shape == made.layer.shape == PHOTO.shape
    assert made.layer.alpha is not None


def test_a_shadow_needs_something_with_transparency(studio: Studio) -> None:
    with pytest.raises(UsageError, match="transparen"):
        studio.cast_shadow(PHOTO, Photo(PHOTO.rgb), Place(80, 100))


def test_threads_get_what_one_gets(studio: Studio) -> None:
    photos = [Photo(np.roll(PHOTO.rgb, 9 * turn, axis=1)) for turn in range(8)]
    alone = [studio.cut_out(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(studio.cut_out, photos))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.rgb, other.rgb)
        assert one.alpha is not None and other.alpha is not None
        assert np.array_equal(one.alpha, other.alpha)


def test_networks_can_be_loaded_beforehand(tiny_models: Path) -> None:
    studio = Studio(tiny_models, backend="torch", device="cpu", download=False)
    studio.warm("person_se", "shadow")
    assert studio.networks.caster() is studio.networks.load("shadow")
    with pytest.raises(UsageError, match="dog"):
        studio.warm("dog")


LARGE = """
import resource, sys
import numpy as np
from pipeline.editing.cutout import PersonCutter
from pipeline.editing.options import Cut
from pipeline.photos import Photo, encode_photo, read_photo
from tests.editing.known import Known, ring

rows = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
content = encode_photo(Photo(np.repeat(np.repeat(rows, 100, 0), 100, 1)), "jpeg")
photo = read_photo(content, "large.jpg")
assert photo.shape == (6000, 8000)
masks = Known(ring(240, 320, 90, inner=30, soft=2), 128)
cut = PersonCutter(masks).cut(photo, Cut(background=sys.argv[1]))
assert cut.shape == photo.shape
written = encode_photo(cut, "jpeg")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(written))
"""


@pytest.mark.long
@pytest.mark.parametrize("background", ["none", "blur"])
def test_48_megapixels_need_less_than_two_gigabytes(background: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, background], capture_output=True, text=True, check=True
    )
    assert float(done.stdout.split()[0]) < 2000


STEADY = """
import psutil
import numpy as np
import sys
from pathlib import Path
from pipeline.editing.options import Cut
from pipeline.editing.studio import Studio
from pipeline.photos import Photo

studio = Studio(Path(sys.argv[1]), backend="torch", device="cpu", download=False)
rng = np.random.default_rng(1)
used = []
for turn in range(1200):
    shape = int(rng.integers(32, 200)), int(rng.integers(32, 200)), 3
    studio.cut_out(Photo(rng.integers(0, 255, shape, np.uint8)), Cut(background="blur"))
    used.append(psutil.Process().memory_info().rss / 2**20)
print(used[600], used[-1])
"""


@pytest.mark.long
def test_memory_is_flat_over_a_thousand_photos(tiny_models: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEADY, str(tiny_models)], capture_output=True, text=True, check=True
    )
    early, late = map(float, done.stdout.split())
    assert late < early + 15
