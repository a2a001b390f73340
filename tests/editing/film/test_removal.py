"""Cars out of films, measured against the ground as it is without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.editing.film.removal import remove_with
from pipeline.editing.options import Fill, Removal
from pipeline.errors import UsageError
from pipeline.images import RGB, Mask
from pipeline.sources.demo.scenery.drive_by import drive_by, write_drive_by
from tests.editing.film.clips import Knowing, flicker, inside_psnr, read
from tests.editing.film.conftest import FRAMES, HEIGHT, WIDTH, Clip
from tests.video.sounding_films import sound, times

WANTED = Removal("inpaint")


@pytest.mark.parametrize("camera", ["still_clip", "panned_clip"])
def test_ground_of_other_frames_beats_each_frame_by_itself(
    camera: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clip: Clip = request.getfixturevalue(camera)
    eraser, target = clip.knowing, tmp_path / "out.mp4"
    report = remove_with(eraser, clip.file, target, WANTED, "key")
    ours, source = read(target), read(clip.file)
    single = [eraser.fill(*pair, "inpaint") for pair in zip(source, eraser.masks, strict=True)]
    truth = [moment.ground for moment in clip.moments]
    assert inside_psnr(ours, truth, eraser.masks) > 3 + inside_psnr(single, truth, eraser.masks)
    assert flicker(ours, truth, eraser.masks) < flicker(single, truth, eraser.masks) / 2
    assert report.frames == FRAMES == len(eraser.asked)
    assert report.from_frames > 20 * report.painted
    assert times(target) == times(clip.file)
    assert sound(target) == sound(clip.file)


def test_what_is_not_masked_stays_but_for_the_encoder(still_clip: Clip, tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    remove_with(still_clip.knowing, still_clip.file, target, WANTED, "key")
    free = ~np.logical_or.reduce(still_clip.knowing.masks)
    for ours, theirs in zip(read(target), read(still_clip.file), strict=True):
        off = np.abs(ours.astype(int) - theirs)[free]
        assert off.mean() < 2.5


class Forgetting(Knowing):
    """Misses the cars in some frames."""

    missed = frozenset({9, 15, 16})

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        found = super().find(rgb, shadow)
        return np.zeros_like(found) if self.asked[-1] in self.missed else found


def test_a_car_that_is_missed_in_a_frame_or_two_is_removed_all_the_same(
    still_clip: Clip, tmp_path: Path
) -> None:
    eraser, target = Forgetting(still_clip.moments), tmp_path / "out.mp4"
    assert all(eraser.masks[number].any() for number in eraser.missed)
    remove_with(eraser, still_clip.file, target, WANTED, "key")
    ours, source = read(target), read(still_clip.file)
    for number in eraser.missed:
        mask, truth = eraser.masks[number], still_clip.moments[number].ground
        cleaned = inside_psnr([ours[number]], [truth], [mask])
        assert cleaned > 6 + inside_psnr([source[number]], [truth], [mask])


class Partial(Knowing):
    """Finds the left half of each car in one frame, and the right half in the next."""

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        found = super().find(rgb, shadow)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
        half = np.zeros_like(found)
        for label, (left, _, width, _, _) in enumerate(stats[1:], 1):
            part = labels == label
            part[:, : left + width // 2] &= self.asked[-1] % 2 == 0
            part[:, left + width // 2 :] &= self.asked[-1] % 2 == 1
            half |= part
        return half


@pytest.mark.parametrize("camera", ["still_clip", "panned_clip"])
def test_a_car_of_which_each_frame_finds_another_half_is_removed_whole(
    camera: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clip: Clip = request.getfixturevalue(camera)
    eraser, target = Partial(clip.moments), tmp_path / "out.mp4"
    remove_with(eraser, clip.file, target, WANTED, "key")
    ours, source = read(target), read(clip.file)
    single = [eraser.fill(rgb, eraser.find(rgb), "inpaint") for rgb in source]
    truth = [moment.ground for moment in clip.moments]
    psnr = [inside_psnr(frames, truth, eraser.masks) for frames in (single, ours)]
    steady = [flicker(frames, truth, eraser.masks) for frames in (single, ours)]
    assert psnr[1] > 8 + psnr[0]
    assert steady[1] < steady[0] / 4
    near = [cv2.dilate(mask.astype(np.uint8), np.ones((15, 15))) > 0 for mask in eraser.masks]
    for result, before, mask in zip(ours, source, near, strict=True):
        off = np.abs(result.astype(int) - before)[~mask].max(axis=-1)
        assert np.mean(off > 25) < 1e-3  # the encoder's share is less than that


def test_a_film_in_two_scenes_is_filled_from_its_own_scene(
    still_clip: Clip, tmp_path: Path
) -> None:
    other = list(drive_by(8, "still", 8, 1, HEIGHT, WIDTH))
    moments = [*still_clip.moments[:16], *other]
    film, target = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_drive_by(film, moments)
    eraser = Knowing(moments)
    report = remove_with(eraser, film, target, WANTED, "key")
    assert report.cuts == 1
    first = slice(0, 16)
    truth = [moment.ground for moment in moments]
    assert inside_psnr(read(target)[first], truth[first], eraser.masks[first]) > 25


class Standing:
    """Hides one place in all frames: nothing is ever seen there."""

    def __init__(self) -> None:
        self.filled: list[Mask] = []

    def find(self, rgb: RGB, shadow: bool = False) -> Mask:
        mask = np.zeros(rgb.shape[:2], bool)
        mask[60:80, 40:90] = True
        return mask

    def fill(self, rgb: RGB, mask: Mask, fill: Fill) -> RGB:
        self.filled.append(mask)
        return np.where(mask[..., None], np.uint8(200), rgb).astype(np.uint8)


def test_what_no_frame_shows_is_painted_once(still_clip: Clip, tmp_path: Path) -> None:
    empty, target = tmp_path / "empty.mp4", tmp_path / "out.mp4"
    write_drive_by(empty, [moment._replace(frame=moment.ground) for moment in still_clip.moments])
    eraser = Standing()
    report = remove_with(eraser, empty, target, WANTED, "key")
    assert len(eraser.filled) == 1
    assert np.array_equal(eraser.filled[0], eraser.find(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    assert report.painted == FRAMES * 20 * 50
    assert report.from_frames < report.painted / 50  # flow may carry an edge by a pixel
    painted = np.stack(read(target))[:, 66:74, 48:82].astype(int)
    assert np.abs(painted - 200).mean() < 12


def run_stopped(after: int, eraser: Knowing, clip: Clip, target: Path, key: str = "key") -> None:
    class Stop(BaseException):
        pass

    def progress(done: int, of: int) -> None:
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        remove_with(eraser, clip.file, target, WANTED, key, progress)


@pytest.mark.parametrize("after", [8, 16, 20, 28])
def test_a_stopped_run_goes_on_to_the_same_film(
    after: int, still_clip: Clip, tmp_path: Path, small_stretches: None
) -> None:
    whole, target = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    remove_with(still_clip.knowing, still_clip.file, whole, WANTED, "key")
    run_stopped(after, still_clip.knowing, still_clip, target)
    assert not target.exists()
    eraser = still_clip.knowing
    report = remove_with(eraser, still_clip.file, target, WANTED, "key")
    assert len(eraser.asked) < FRAMES
    assert (report.resumed > 0) == (after > 26)
    assert all(map(np.array_equal, read(target), read(whole)))
    assert not target.with_name("out.mp4.part").exists()


def test_other_options_start_anew(still_clip: Clip, tmp_path: Path, small_stretches: None) -> None:
    target = tmp_path / "out.mp4"
    run_stopped(28, still_clip.knowing, still_clip, target, "one key")
    eraser = still_clip.knowing
    report = remove_with(eraser, still_clip.file, target, WANTED, "another key")
    assert (len(eraser.asked), report.resumed) == (FRAMES, 0)


@pytest.fixture
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("work", "survey", "removal"):
        monkeypatch.setattr(f"pipeline.editing.film.{module}.STRETCH", 8)


def test_progress_rises_to_the_number_of_frames(still_clip: Clip, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    tell: Callable[[int, int], None] = lambda done, of: told.append((done, of))  # noqa: E731
    remove_with(still_clip.knowing, still_clip.file, tmp_path / "a.mkv", WANTED, "key", tell)
    assert told == sorted(told)
    assert told[-1] == (FRAMES, FRAMES)


def test_a_film_is_not_written_over_itself(still_clip: Clip) -> None:
    with pytest.raises(UsageError, match="is the film that is read"):
        remove_with(still_clip.knowing, still_clip.file, still_clip.file, WANTED, "key")
