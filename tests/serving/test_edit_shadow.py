"""`clearscene cast-shadow` and `remove-cars`: the studio's results, through files and pipes."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.editing.options import Place, Removal
from pipeline.editing.studio import Studio
from pipeline.photos import Photo, read_photo
from tests.serving.conftest import Clearscene, assert_one_line, scene, write_scene


@pytest.fixture
def options(models: Path) -> list[str]:
    return ["--models", str(models), "--backend", "torch"]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    file = tmp_path / "street.png"
    Image.fromarray(scene(0, 80, 120)).save(file)
    return file


@pytest.fixture
def cutout(tmp_path: Path) -> Path:
    """An opaque ellipse with soft edges."""
    rows, columns = np.mgrid[:40, :24]
    inside = 1.2 - ((columns - 11.5) / 10) ** 2 - ((rows - 19.5) / 18) ** 2
    alpha = np.clip(inside * 500, 0, 255).astype(np.uint8)
    file = tmp_path / "cutout.png"
    Image.fromarray(np.dstack([scene(5, 40, 24), alpha])).save(file)
    return file


def pixels(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return np.asarray(image)


def rgba(photo: Photo) -> NDArray[np.uint8]:
    assert photo.alpha is not None
    return np.dstack([photo.rgb, photo.alpha])


def test_picture_and_layer_are_what_the_studio_gives(
    street: Path, cutout: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    target, layer, alone = (street.with_name(f"{name}.png") for name in ("out", "layer", "alone"))
    outcome = clearscene(
        "cast-shadow", street, cutout, target,
        "--at", "60,70", "--scale", "0.4", "--layer", layer, "--shadow", alone,
        *options,
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.err
    assert outcome.out == f"{street} + {cutout} -> {target}\n"
    assert f"shadow: {models / 'shadow' / 'best.pt'}" in outcome.err
    assert f"shadow_attention: {models / 'shadow_attention' / 'best.pt'}" in outcome.err
    wanted = Studio(models, backend="torch").cast_shadow(
        read_photo(street), read_photo(cutout), Place(60, 70, 0.4)
    )
    np.testing.assert_array_equal(pixels(target), wanted.composed.rgb)
    np.testing.assert_array_equal(pixels(layer), rgba(wanted.layer))
    np.testing.assert_array_equal(pixels(alone), rgba(wanted.shadow))
    assert (pixels(target) != pixels(street)).any()


def test_a_cutout_may_come_from_a_pipe(
    street: Path,
    cutout: Path,
    models: Path,
    options: list[str],
    clearscene: Clearscene,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = street.with_name("out.png")
    given = io.TextIOWrapper(io.BytesIO(cutout.read_bytes()))
    monkeypatch.setattr(sys, "stdin", given)
    outcome = clearscene("cast-shadow", street, "-", target, "--at", "60,70", *options)
    assert outcome.exit_code == 0, outcome.err
    wanted = Studio(models, backend="torch").cast_shadow(
        read_photo(street), read_photo(cutout), Place(60, 70)
    )
    np.testing.assert_array_equal(pixels(target), wanted.composed.rgb)


def test_a_cutout_without_transparency_is_refused(
    street: Path, options: list[str], clearscene: Clearscene
) -> None:
    photo = write_scene(street.with_name("photo.png"))
    target = street.with_name("out.png")
    outcome = clearscene("cast-shadow", street, photo, target, "--at", "60,70", *options)
    assert outcome.exit_code == 2
    assert "transparency" in outcome.err.splitlines()[-1]
    assert not target.exists()


def test_a_broken_scene_is_one_line(
    street: Path, cutout: Path, options: list[str], clearscene: Clearscene
) -> None:
    street.write_bytes(street.read_bytes()[:200])
    target = street.with_name("out.png")
    outcome = clearscene("cast-shadow", street, cutout, target, "--at", "60,70", *options)
    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1].startswith(f"clearscene: {street}: ")
    assert not target.exists()


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ([], Removal()),
        (["--no-shadow"], Removal(shadow=False)),
        (["--fill", "network"], Removal(fill="network")),
    ],
)
def test_cars_are_removed_as_the_studio_does(
    flags: list[str],
    wanted: Removal,
    street: Path,
    models: Path,
    options: list[str],
    clearscene: Clearscene,
) -> None:
    target = street.with_name("out.png")
    outcome = clearscene("remove-cars", street, target, *flags, *options)
    assert outcome.exit_code == 0, outcome.err
    assert ("car_removal: " in outcome.err) == (wanted.fill == "network")
    made = Studio(models, backend="torch").remove_cars(read_photo(street), wanted)
    np.testing.assert_array_equal(pixels(target), made.rgb)
    assert (pixels(target) != pixels(street)).any()


def test_a_jpeg_stays_a_jpeg(tmp_path: Path, options: list[str], clearscene: Clearscene) -> None:
    write_scene(tmp_path / "in" / "a.jpg")
    clearscene("remove-cars", tmp_path / "in", tmp_path / "out", *options)
    with Image.open(tmp_path / "out" / "a.jpg") as image:
        assert image.format == "JPEG"


def test_weights_of_another_network_are_refused(
    street: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    weights = models / "shadow" / "best.pt"
    target = street.with_name("out.png")
    outcome = clearscene("remove-cars", street, target, "--weights", weights, *options)
    assert_one_line(outcome, 2, "holds shadow")
