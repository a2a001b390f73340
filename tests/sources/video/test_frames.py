"""Pictures out of videos: which frames are taken, and what becomes of broken films."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from filelock import FileLock
from pydantic import ValidationError

from pipeline.errors import AlreadyRunning, PipelineError
from pipeline.images import read_picture
from pipeline.sources.manifest import Refusal, refuse_if_too_many_failed
from pipeline.sources.video.films import Film
from pipeline.sources.video.frames import Tally, write_frames
from pipeline.video.reader import BadVideo, VideoReader
from tests.sources.video.small_films import (
    HEIGHT,
    RATE,
    WIDTH,
    blurred,
    limits,
    rows,
    shot,
    three_shots_film,
    write_film,
    write_sound,
)


@pytest.fixture(scope="module")
def three_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_shots_film(tmp_path_factory.mktemp("films") / "three.mp4")


Write = Callable[..., Tally]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Call it with films or files; the collection is `tmp_path / "out"`."""

    def write_(*films: Path | Film | Refusal, out: str = "out", **options: Any) -> Tally:
        on_progress = options.pop("on_progress", None)
        known = [Film(f, f.name, f.stem) if isinstance(f, Path) else f for f in films]
        return write_frames(
            tmp_path / out, known, limits(**options), tmp_path / "work", on_progress
        )

    return write_


def seconds_of(table: Sequence[dict[str, str]]) -> list[float]:
    return [float(row["url"].partition("#t=")[2]) for row in table]


def content(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_every_scene_is_sampled_at_its_start_and_then_by_time(
    three_shots: Path, write: Write, tmp_path: Path
) -> None:
    tally = write(three_shots)
    found = rows(tmp_path / "out")
    assert tally == Tally(videos=1, failed=0, frames=7, blurred=0, alike=0)
    scenes = [(row["group"], second) for row, second in zip(found, seconds_of(found), strict=True)]
    due = [("scene 1", 0.0), ("scene 1", 1.0), ("scene 1", 2.0), ("scene 2", 2.5),
           ("scene 2", 3.5), ("scene 3", 4.0), ("scene 3", 5.0)]  # fmt: skip
    assert [scene for scene, _ in scenes] == [scene for scene, _ in due]
    for (_, second), (_, expected) in zip(scenes, due, strict=True):
        assert expected - 0.01 <= second <= expected + 0.5


def test_the_manifest_says_where_a_frame_is_from(
    three_shots: Path, write: Write, tmp_path: Path
) -> None:
    write(three_shots)
    row = rows(tmp_path / "out")[0]
    assert re.fullmatch(r"three\.mp4#t=0\.\d{3}", row["url"])
    assert (row["page"], row["site"], row["licence"]) == ("three.mp4", "three", "made here")
    picture = read_picture(tmp_path / "out" / row["file"])
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(picture.mean(axis=(0, 1)) - np.mean(shot(0, 1), axis=(0, 1, 2))).max() < 12


def test_without_scene_changes_only_time_counts(
    three_shots: Path, write: Write, tmp_path: Path
) -> None:
    assert write(three_shots, scene_change=1.0, every=4).frames == 2
    assert {row["group"] for row in rows(tmp_path / "out")} == {"scene 1"}


def test_a_flash_is_no_scene(write: Write, tmp_path: Path) -> None:
    frames = shot(0, 2)
    frames[12] = np.full_like(frames[12], 250)
    write(write_film(tmp_path / "flash.mp4", frames))
    assert {row["group"] for row in rows(tmp_path / "out")} == {"scene 1"}
    assert len(rows(tmp_path / "out")) == 2


def test_a_sample_that_falls_on_a_blurred_frame_takes_a_sharp_neighbour(
    write: Write, tmp_path: Path
) -> None:
    frames = shot(0, 2)
    frames[10:12] = blurred(frames[10:12])
    tally = write(write_film(tmp_path / "shaken.mp4", frames), min_sharpness=300)
    assert (tally.frames, tally.blurred) == (2, 0)
    assert 1.19 <= seconds_of(rows(tmp_path / "out"))[1] <= 1.5


def test_what_is_blurred_all_along_is_left_out_with_the_reason(
    write: Write, tmp_path: Path
) -> None:
    frames = shot(0, 3)
    frames[10:20] = blurred(frames[10:20])
    tally = write(write_film(tmp_path / "blurred.mp4", frames), min_sharpness=300)
    assert tally == Tally(videos=1, failed=0, frames=2, blurred=1, alike=0)
    (row,) = rows(tmp_path / "out", "rejects.csv")
    assert row["kind"] == "unwanted"
    assert re.fullmatch(r"blurred: sharpness [\d.]+, min_sharpness is 300", row["reason"])
    assert 1.0 <= seconds_of([row])[0] < 2.0


def test_sharpness_does_not_depend_on_the_resolution(write: Write, tmp_path: Path) -> None:
    large = [
        cv2.resize(frame, (960, 640), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
        for frame in shot(0, 1)
    ]
    small = [
        cv2.resize(frame, (320, 214), interpolation=cv2.INTER_AREA).astype(np.uint8)
        for frame in large
    ]
    reasons = []
    for name, frames in (("small", small), ("large", large)):
        write(write_film(tmp_path / f"{name}.mp4", frames), min_sharpness=1e6)
        reasons.append(rows(tmp_path / "out", "rejects.csv")[0]["reason"])
    values = [float(reason.split()[2].rstrip(",")) for reason in reasons]
    assert values[0] == pytest.approx(values[1], rel=0.2)


def test_a_still_camera_gives_one_frame(write: Write, tmp_path: Path) -> None:
    tally = write(write_film(tmp_path / "still.mp4", shot(0, 0.1) * 40))
    assert tally == Tally(videos=1, failed=0, frames=1, blurred=0, alike=3)
    reasons = [row["reason"] for row in rows(tmp_path / "out", "rejects.csv")]
    assert all(re.fullmatch(r"looks like the frame at 0\.\d{3} s", one) for one in reasons)


def test_the_same_film_under_two_names_counts_once(
    three_shots: Path, write: Write, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(three_shots.read_bytes())
    tally = write(three_shots, copy)
    assert (tally.frames, tally.alike) == (7, 7)


def test_max_frames_counts_what_is_kept_of_each_video(
    three_shots: Path, write: Write, tmp_path: Path
) -> None:
    still_then_moving = write_film(tmp_path / "still.mp4", shot(0, 0.1) * 30 + shot(1, 3))
    tally = write(three_shots, still_then_moving, max_frames=2)
    assert (tally.frames, tally.alike) == (4, 2)
    assert not rows(tmp_path / "out", "rejects.csv")[-1]["reason"].startswith("damaged")


def test_small_frames_are_refused(three_shots: Path, write: Write, tmp_path: Path) -> None:
    assert write(three_shots, min_side=65).frames == 0
    assert "too small: 96×64" in rows(tmp_path / "out", "rejects.csv")[0]["reason"]


def test_the_same_films_give_the_same_bytes(
    three_shots: Path, tmp_path: Path, write: Write
) -> None:
    blurred_film = write_film(tmp_path / "blurred.mp4", blurred(shot(1, 1)))
    for run in ("one", "two"):
        write_frames(
            tmp_path / run,
            [Film(f, f.name, f.stem) for f in (three_shots, blurred_film)],
            limits(min_sharpness=300),
            tmp_path / f"work {run}",
        )
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert len(content(tmp_path / "one")) == 9


@pytest.mark.parametrize(
    ("turned", "mirrored", "corners"),
    [
        (None, False, "rgbw"), (90, False, "gwrb"), (-90, False, "brwg"), (180, False, "wbgr"),
        (0, True, "grwb"),
    ],
)  # fmt: skip
def test_phone_films_come_out_upright(
    turned: int | None, mirrored: bool, corners: str, tmp_path: Path, write: Write
) -> None:
    """The four quarters, clockwise from the upper left, as red, green, blue and white."""
    colours = {"r": (220, 30, 30), "g": (30, 200, 30), "b": (30, 30, 220), "w": (230, 230, 230)}
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for colour, (rows_, columns) in zip("rgbw", QUARTERS, strict=True):
        picture[rows_, columns] = colours[colour]
    film = write_film(tmp_path / "phone.mp4", [picture] * 5, turned=turned, mirrored=mirrored)
    write(film)
    shown = read_picture(next((tmp_path / "out" / "images").iterdir()))
    portrait = turned in (90, -90)
    assert shown.shape[:2] == ((WIDTH, HEIGHT) if portrait else (HEIGHT, WIDTH))
    height, width = shown.shape[:2]
    seen = [shown[y, x] for y, x in ((8, 8), (8, width - 8), (height - 8, 8),
                                     (height - 8, width - 8))]  # fmt: skip
    for pixel, colour in zip(seen, corners, strict=True):
        assert np.abs(pixel.astype(int) - colours[colour]).max() < 25


def test_narrow_pixels_are_widened(tmp_path: Path, write: Write) -> None:
    write(write_film(tmp_path / "dv.mp4", shot(0, 0.5), aspect=Fraction(4, 3), turned=90))
    shown = read_picture(next((tmp_path / "out" / "images").iterdir()))
    assert shown.shape[:2] == (WIDTH * 4 // 3, HEIGHT)


TOP, BOTTOM = slice(0, HEIGHT // 2), slice(HEIGHT // 2, None)
LEFT, RIGHT = slice(0, WIDTH // 2), slice(WIDTH // 2, None)
QUARTERS = ((TOP, LEFT), (TOP, RIGHT), (BOTTOM, LEFT), (BOTTOM, RIGHT))


def test_time_is_what_the_stamps_say(tmp_path: Path, write: Write) -> None:
    """Dense at first, then a frame now and then, as phones and screen recorders write."""
    times = [0.0, 0.04, 0.08, 0.12, 3.0, 3.04, 7.5, 7.54]
    film = write_film(tmp_path / "vfr.mp4", shot(0, 4)[::5], times=times)
    write(film, scene_change=1.0)
    found = seconds_of(rows(tmp_path / "out"))
    assert [int(second) for second in found] == [0, 3, 7]
    assert all(min(abs(second - time) for time in times) < 0.002 for second in found)


def test_ten_bits_and_odd_sizes_are_decoded(tmp_path: Path, write: Write) -> None:
    frames = [np.ascontiguousarray(frame[:47, :61]) for frame in shot(2, 1)]
    film = write_film(tmp_path / "deep.mkv", frames, codec="ffv1", pixels="yuv422p10le")
    write(film)
    (row,) = rows(tmp_path / "out")
    picture = read_picture(tmp_path / "out" / row["file"])
    assert picture.shape == (47, 61, 3)
    assert np.abs(picture.mean(axis=(0, 1)) - np.mean(frames, axis=(0, 1, 2))).max() < 12


def test_what_is_no_video_is_listed_and_the_rest_kept(
    three_shots: Path, tmp_path: Path, write: Write
) -> None:
    whole = three_shots.read_bytes()
    page, empty, cut, gone = (tmp_path / f"{n}.mp4" for n in ("page", "empty", "cut", "gone"))
    page.write_text("<!DOCTYPE html><html><body>Not found</body></html>" * 20, encoding="utf-8")
    empty.touch()
    cut.write_bytes(whole[: len(whole) // 2])  # the index stands at the end
    index = write_film(tmp_path / "index.mp4", shot(0, 1), options={"movflags": "faststart"})
    index.write_bytes(index.read_bytes()[: index.read_bytes().index(b"mdat") + 4])
    sound = write_sound(tmp_path / "sound.mp4")
    record = write_sound(tmp_path / "record.mp4", cover=shot(0, 0.1)[0])
    tally = write(page, three_shots, empty, cut, index, gone, sound, record)
    assert (tally.videos, tally.failed, tally.frames) == (8, 7, 7)
    rejects = rows(tmp_path / "out", "rejects.csv")
    assert {row["kind"] for row in rejects} == {"failed"}
    reasons = {row["url"]: row["reason"] for row in rejects}
    assert "web page" in reasons["page.mp4"]
    assert reasons["empty.mp4"] == "is empty"
    assert "cut off" in reasons["cut.mp4"]
    assert reasons["index.mp4"] == "none of its pictures can be decoded"
    assert reasons["gone.mp4"] == "cannot be read (No such file or directory)"
    assert reasons["sound.mp4"] == reasons["record.mp4"] == "holds sound and no video"
    with pytest.raises(PipelineError, match=r"7 of 8.*rejects\.csv.*frames\.max_bad_share"):
        refuse_if_too_many_failed(tally.of_videos, tmp_path / "out", 0.5, "frames.max_bad_share")


def test_a_script_that_names_another_file_is_no_video(three_shots: Path, tmp_path: Path) -> None:
    """FFmpeg would open what the script names."""
    (tmp_path / "secret.mp4").write_bytes(three_shots.read_bytes())
    script = tmp_path / "list.mp4"
    script.write_text("ffconcat version 1.0\nfile secret.mp4\n", encoding="utf-8")
    with pytest.raises(BadVideo, match="text"):
        VideoReader(script)


def test_a_truncated_film_gives_what_it_has_and_says_so(tmp_path: Path, write: Write) -> None:
    options = {"movflags": "faststart"}
    film = write_film(tmp_path / "half.mp4", shot(0, 6), options=options)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    tally = write(film)
    assert (tally.failed, tally.alike) == (0, 0)
    assert 2 <= tally.frames <= 4
    (note,) = rows(tmp_path / "out", "rejects.csv")
    assert note["kind"] == "unwanted"
    assert re.search(r"damaged: .*ends at [23]\.\d of 6\.0 s", note["reason"])


def test_broken_packets_cost_their_frames_only(tmp_path: Path, write: Write) -> None:
    film = write_film(tmp_path / "scratched.mp4", shot(0, 6))
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    film.write_bytes(data)
    tally = write(film, every=0.1, scene_change=1.0)
    assert tally.failed == 0
    assert 40 <= tally.frames <= 55
    (note,) = rows(tmp_path / "out", "rejects.csv")
    assert re.fullmatch(r"damaged: \d+ packets or frames are broken", note["reason"])
    whole = shot(0, 6)
    for row, second in zip(rows(tmp_path / "out"), seconds_of(rows(tmp_path / "out")), strict=True):
        picture = read_picture(tmp_path / "out" / row["file"]).astype(int)
        assert np.abs(picture - whole[round(second * RATE)]).mean() < 10


def test_an_interrupted_run_goes_on_where_it_was(
    three_shots: Path, tmp_path: Path, write: Write
) -> None:
    other = write_film(tmp_path / "other.mp4", shot(4, 3))

    def interrupt(done: float, _: float) -> None:
        if done > 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(three_shots, other, on_progress=interrupt)
    assert not (tmp_path / "out").exists()
    told: list[tuple[float, float]] = []
    tally = write(three_shots, other, on_progress=lambda *state: told.append(state))
    assert tally.frames == 10
    assert min(done for done, _ in told) == pytest.approx(6)  # nothing of the first is decoded
    assert told[-1] == pytest.approx((9, 9))
    before = content(tmp_path / "out")
    told.clear()
    write(three_shots, other, on_progress=lambda *state: told.append(state))
    assert told == [pytest.approx((6, 9)), pytest.approx((9, 9))]
    assert content(tmp_path / "out") == before


def test_other_parameters_or_another_film_of_that_name_are_decoded_anew(
    three_shots: Path, tmp_path: Path, write: Write
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(three_shots.read_bytes())
    assert write(film).frames == 7
    assert write(film, every=10).frames == 3
    write_film(film, shot(5, 1))
    assert write(film).frames == 1


def test_progress_only_grows(three_shots: Path, write: Write) -> None:
    told: list[tuple[float, float]] = []
    write(three_shots, three_shots, on_progress=lambda *state: told.append(state))
    assert all(one <= other for (one, _), (other, _) in pairwise(told))
    assert len(told) > 50
    assert told[-1] == pytest.approx((12, 12))


def test_two_processes_do_not_share_a_work_folder(
    three_shots: Path, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.workspace.PATIENCE", 0.1)
    write(three_shots)
    with FileLock(tmp_path / "work" / "lock"), pytest.raises(AlreadyRunning):
        write(three_shots)


def test_nothing_in_gives_an_empty_collection(tmp_path: Path, write: Write) -> None:
    assert write() == Tally(0, 0, 0, 0, 0)
    assert rows(tmp_path / "out") == []


@pytest.mark.parametrize(
    "changes", [{"every": 0}, {"scene_change": 1.5}, {"videos": ["drive.mp4"]}, {"speed": 1}]
)
def test_the_section_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        limits(**changes)
