"""`clearscene cutout` on files and folders: the studio's results, whole, under the right names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.editing.options import Cut
from pipeline.editing.studio import Studio
from pipeline.photos import read_photo
from tests.photos.kinds import BAD, GOOD
from tests.serving.conftest import Clearscene, assert_one_line, scene, write_scene
from tests.serving.web.house import ShuttingStudio


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "photo.png")


@pytest.fixture
def options(models: Path) -> list[str]:
    return ["--models", str(models), "--backend", "torch", "--no-download"]


def pixels(file: Path) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return np.asarray(image)


def formats(folder: Path) -> dict[str, str | None]:
    """What lies in a folder, and what it is by its content."""
    found = {}
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        with Image.open(file) as image:
            found[file.relative_to(folder).as_posix()] = image.format
    return found


def test_a_cutout_is_what_the_studio_gives(
    photo: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = photo.with_name("cutout.png")
    outcome = clearscene("cutout", photo, target, *options)
    assert (outcome.exit_code, outcome.out) == (0, f"{photo} -> {target}\n")
    wanted = Studio(models, backend="torch").cut_out(read_photo(photo))
    assert wanted.alpha is not None
    assert set(wanted.alpha.flat) >= {0, 255}  # else nothing would be tested
    np.testing.assert_array_equal(pixels(target), np.dstack([wanted.rgb, wanted.alpha]))


def test_the_weights_are_named_once_on_standard_error(
    tmp_path: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    for seed in range(3):
        write_scene(tmp_path / "photos" / f"{seed}.png", seed)
    outcome = clearscene("cutout", tmp_path / "photos", tmp_path / "out", *options)
    assert outcome.err.count(str(models / "person_se" / "best.pt")) == 1
    assert outcome.exit_code == 0


def test_options_reach_the_studio(
    photo: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = photo.with_name("portrait.png")
    behind = photo.with_name("behind.png")
    Image.new("RGB", (60, 40), (10, 200, 30)).save(behind)
    clearscene(
        "cutout", photo, target, "--crop", "--margin", "0.2", "--background", behind,
        "--model", "person_bce_dice", *options,
    )  # fmt: skip
    cut = Cut("person_bce_dice", read_photo(behind), crop=True, margin=0.2)
    wanted = Studio(models, backend="torch").cut_out(read_photo(photo), cut)
    assert wanted.alpha is None
    np.testing.assert_array_equal(pixels(target), wanted.rgb)


def test_a_mask_is_black_and_white_png_of_the_same_size(
    photo: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = photo.with_name("mask.png")
    assert clearscene("cutout", photo, target, "--mask", *options).exit_code == 0
    mask = pixels(target)
    assert mask.shape[:2] == scene().shape[:2]
    assert {0, 255} <= set(mask.flat)


def test_files_without_people_or_cars_are_named(
    tmp_path: Path, options: list[str], clearscene: Clearscene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Studio, "cut_out", ShuttingStudio.cut_out)
    monkeypatch.setattr(Studio, "remove_cars", ShuttingStudio.remove_cars)
    folder = tmp_path / "in"
    folder.mkdir()
    for name, level in {"day.png": 200, "night.png": 10}.items():
        Image.new("RGB", (50, 40), (level,) * 3).save(folder / name)
    for command, words in {
        "cutout": "nobody is found in it",
        "remove-cars": "no car is found in it",
    }.items():
        outcome = clearscene(command, folder, tmp_path / command, *options)
        assert outcome.exit_code == 0
        assert "2 done" in outcome.out
        told = [line for line in outcome.err.splitlines() if "found" in line]
        assert told == [f"{folder / 'night.png'}: {words}"]


def test_a_white_background_leaves_no_transparency(
    photo: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = photo.with_name("white.png")
    clearscene("cutout", photo, target, "--background", "white", *options)
    assert pixels(target).shape == scene().shape


def test_weights_say_themselves_which_network_they_are(
    photo: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    weights = models / "person_bce_dice" / "best.pt"
    outcome = clearscene("cutout", photo, photo.with_name("a.png"), "--weights", weights, *options)
    assert outcome.exit_code == 0
    assert f"person_bce_dice: {weights}" in outcome.err
    other = models / "car_removal" / "best.pt"
    outcome = clearscene("cutout", photo, photo.with_name("b.png"), "--weights", other, *options)
    assert_one_line(outcome, 2, "holds car_removal")


def test_a_folder_is_mirrored_and_what_fails_is_listed(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    inside = tmp_path / "in"
    write_scene(inside / "a.jpg", 0)
    write_scene(inside / "deep" / "er" / "b.PNG", 1)
    write_scene(inside / ".hidden" / "c.png", 2)
    write_scene(inside / ".d.png", 3)
    (inside / "notes.txt").write_text("no picture")
    (inside / "broken.jpg").write_bytes((inside / "a.jpg").read_bytes()[:300])
    outcome = clearscene("cutout", inside, tmp_path / "out", *options)
    assert outcome.exit_code == 1
    assert formats(tmp_path / "out") == {"a.png": "PNG", "deep/er/b.PNG": "PNG"}
    assert "2 done, 1 failed (1 other files left out)" in outcome.out
    (line,) = [line for line in outcome.err.splitlines() if line.startswith("clearscene: ")]
    assert line.startswith(f"clearscene: {inside / 'broken.jpg'}: ")


def test_results_without_transparency_keep_the_format_of_their_input(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    for name in ("a.jpeg", "b.webp", "c.tiff", "d.png", "e.bmp"):
        write_scene(tmp_path / "in" / name)
    outcome = clearscene(
        "cutout", tmp_path / "in", tmp_path / "out", "--background", "#102030", *options
    )
    assert outcome.exit_code == 0
    assert formats(tmp_path / "out") == {
        "a.jpeg": "JPEG", "b.webp": "WEBP", "c.png": "PNG", "d.png": "PNG", "e.png": "PNG",
    }  # fmt: skip


def test_the_format_that_is_asked_for_is_written(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    for name in ("a.jpg", "b.png"):
        write_scene(tmp_path / "in" / name)
    clearscene("cutout", tmp_path / "in", tmp_path / "out", "--format", "webp", *options)
    assert formats(tmp_path / "out") == {"a.webp": "WEBP", "b.webp": "WEBP"}
    assert pixels(tmp_path / "out" / "a.webp").shape[2] == 4


def test_jpeg_of_a_cutout_is_laid_on_white_and_says_so_once(
    tmp_path: Path, models: Path, options: list[str], clearscene: Clearscene
) -> None:
    for seed in range(2):
        write_scene(tmp_path / "in" / f"{seed}.png", seed)
    outcome = clearscene(
        "cutout",
        tmp_path / "in",
        tmp_path / "out",
        "--format",
        "jpeg",
        "--quality",
        "100",
        *options,
    )
    assert outcome.err.count("laid over white") == 1
    alpha = Studio(models, backend="torch").cut_out(read_photo(tmp_path / "in" / "0.png")).alpha
    assert alpha is not None
    written = pixels(tmp_path / "out" / "0.jpg")
    assert np.median(written[alpha == 0]) >= 250


def test_quality_makes_smaller_files(
    photo: Path, options: list[str], clearscene: Clearscene
) -> None:
    sizes = []
    for quality in ("100", "20"):
        target = photo.with_name(f"{quality}.jpg")
        arguments = ["--background", "white", "--quality", quality, *options]
        clearscene("cutout", photo, target, *arguments)
        sizes.append(target.stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_exif_is_kept_unless_it_is_stripped(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    source = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    Image.fromarray(scene()).save(source, exif=exif)
    for flag, maker in (([], "A camera"), (["--strip"], None)):
        clearscene("cutout", source, tmp_path / "out.png", *flag, *options)
        with Image.open(tmp_path / "out.png") as image:
            assert image.getexif().get(0x010F) == maker


def test_what_is_there_already_can_be_skipped(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    sources = [write_scene(tmp_path / "in" / f"{seed}.png", seed) for seed in range(3)]
    clearscene("cutout", tmp_path / "in", tmp_path / "out", *options)
    Image.new("RGBA", (1, 1)).save(tmp_path / "out" / "0.png")
    (tmp_path / "out" / "1.png").unlink()
    later = (tmp_path / "out" / "2.png").stat().st_mtime + 10
    os.utime(sources[2], (later, later))
    outcome = clearscene("cutout", tmp_path / "in", tmp_path / "out", "--skip-existing", *options)
    assert "2 done, 1 there already" in outcome.out
    shapes = [pixels(tmp_path / "out" / f"{seed}.png").shape[:2] for seed in range(3)]
    assert shapes == [(1, 1), (40, 60), (40, 60)]


def test_a_folder_can_be_named_for_a_single_file(
    photo: Path, options: list[str], clearscene: Clearscene
) -> None:
    target = photo.parent / "new"
    assert clearscene("cutout", photo, f"{target}/", *options).exit_code == 0
    assert formats(target) == {"photo.png": "PNG"}


def test_every_kind_of_picture_is_cut_out(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    for name, make in GOOD.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / name).write_bytes(make())
    outcome = clearscene("cutout", tmp_path / "in", tmp_path / "out", *options)
    assert outcome.exit_code == 0, outcome.err
    assert {Path(file).parent.name for file in formats(tmp_path / "out")} == set(GOOD)
    assert set(formats(tmp_path / "out").values()) == {"PNG"}


def test_every_bad_picture_is_one_line_and_leaves_nothing(
    tmp_path: Path, options: list[str], clearscene: Clearscene
) -> None:
    write_scene(tmp_path / "in" / "good.png")
    for name, make in BAD.items():
        (tmp_path / "in" / name).with_suffix(f".{name}.png").write_bytes(make())
    outcome = clearscene("cutout", tmp_path / "in", tmp_path / "out", *options)
    assert outcome.exit_code == 1
    lines = [line for line in outcome.err.splitlines() if line.startswith("clearscene: ")]
    assert len(lines) == len(BAD)
    assert formats(tmp_path / "out") == {"good.png": "PNG"}
