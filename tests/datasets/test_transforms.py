"""The six variants of a picture and its mask."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.datasets.transforms import VARIANTS

GEOMETRY = ("flip", "rotate")
COLOUR = ("grey", "shuffle", "blur")
SEEDED = ("shuffle", "blur", "rotate")

PRINT_DIGESTS = """
import hashlib, socket, sys, numpy as np
socket.getaddrinfo = lambda host, *_, **__: print("looks up", host)
from pipeline.datasets.transforms import VARIANTS
picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
mask = picture[..., 0] > 127
for name in sorted(VARIANTS, reverse="backwards" in sys.argv):
    new, new_mask = VARIANTS[name](picture, mask, 5)
    print(name, hashlib.sha256(new.tobytes() + new_mask.tobytes()).hexdigest())
"""


@pytest.fixture
def mask() -> NDArray[np.bool_]:
    """An L in the upper left half: every turn and flip shows."""
    mask = np.zeros((64, 64), bool)
    mask[10:50, 12:24] = mask[40:50, 12:40] = True
    return mask


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)


def test_there_are_the_original_and_five_augmentations() -> None:
    assert list(VARIANTS) == ["original", "flip", "grey", "shuffle", "blur", "rotate"]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_keeps_size_and_type_and_leaves_what_it_was_given(
    name: str, picture: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    before = picture.copy(), mask.copy()
    new, new_mask = VARIANTS[name](picture, mask, 3)
    assert (new.shape, new.dtype) == ((64, 64, 3), np.uint8)
    assert (new_mask.shape, new_mask.dtype) == ((64, 64), np.bool_)
    np.testing.assert_array_equal(picture, before[0])
    np.testing.assert_array_equal(mask, before[1])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", GEOMETRY)
def test_geometry_moves_the_mask_with_the_picture(
    name: str, seed: int, mask: NDArray[np.bool_]
) -> None:
    drawn = (mask[..., None] * 255).repeat(3, 2).astype(np.uint8)
    new, new_mask = VARIANTS[name](drawn, mask, seed)
    assert (new_mask != mask).mean() > 0.01
    assert ((new[..., 0] > 127) != new_mask).mean() < 0.02


@pytest.mark.parametrize("name", COLOUR)
def test_colour_leaves_the_mask(
    name: str, picture: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    new, new_mask = VARIANTS[name](picture, mask, 3)
    np.testing.assert_array_equal(new_mask, mask)
    assert (new != picture).any()


def test_each_variant_does_what_its_name_says(
    picture: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    made = {name: variant(picture, mask, 3)[0] for name, variant in VARIANTS.items()}
    np.testing.assert_array_equal(made["original"], picture)
    np.testing.assert_array_equal(made["flip"], picture[:, ::-1])
    assert (made["grey"] == made["grey"][..., :1]).all()
    assert made["grey"][..., 0].std() > 30
    channels = {picture[..., i].tobytes() for i in range(3)}
    assert {made["shuffle"][..., i].tobytes() for i in range(3)} == channels
    assert made["blur"].std() < picture.std() / 2


def test_grey_weighs_the_channels_of_rgb_not_bgr(mask: NDArray[np.bool_]) -> None:
    red, blue = np.zeros((2, 64, 64, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 255
    brightness = [VARIANTS["grey"](one, mask, 0)[0].mean() for one in (red, blue)]
    assert brightness == pytest.approx([76, 29], abs=1)


def test_rotation_stays_within_forty_five_degrees_and_goes_both_ways() -> None:
    rows, columns = np.mgrid[:64, :64]
    spot = np.hypot(rows - 12, columns - 32) < 4
    turned = []
    for seed in range(40):
        _, moved = VARIANTS["rotate"](np.zeros((64, 64, 3), np.uint8), spot, seed)
        near = np.argwhere(moved & (np.hypot(rows - 31.5, columns - 31.5) < 24)).mean(axis=0)
        turned.append(np.degrees(np.arctan2(near[1] - 31.5, 31.5 - near[0])))
    assert max(np.abs(turned)) < 47
    assert min(turned) < -20 < 20 < max(turned)


@pytest.mark.parametrize("name", SEEDED)
def test_the_seed_alone_decides_the_bytes(
    name: str, picture: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    def made(seed: int) -> bytes:
        new, new_mask = VARIANTS[name](picture, mask, seed)
        return new.tobytes() + new_mask.tobytes()

    first = made(1)
    others = [made(seed) for seed in range(2, 12)]
    assert made(1) == first
    assert any(other != first for other in others)


@pytest.fixture(scope="module")
def printed() -> list[list[str]]:
    """What two other processes print: digests of the variants, and any look-up of a host."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS, order], capture_output=True, text=True, check=True
        )
        for order in ("forwards", "backwards")
    ]
    return [run.stdout.splitlines() for run in runs]


def test_another_process_makes_the_same_bytes(printed: list[list[str]]) -> None:
    forwards, backwards = printed
    assert len(forwards) == len(VARIANTS)
    assert forwards == backwards[::-1]


def test_nothing_asks_the_network_for_the_version_of_albumentations(
    printed: list[list[str]],
) -> None:
    assert not [line for lines in printed for line in lines if "looks up" in line]
