"""Films written in stretches: their pictures, times, sound and looks are those of the source."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGB
from pipeline.video.joining import join, sides_of
from pipeline.video.kinds import is_film
from pipeline.video.planes import pasted, planes_of
from pipeline.video.probing import check_film, has_alpha
from pipeline.video.source import read_film
from pipeline.video.writer import encoding_for, write_stretch
from tests.video.sounding_films import moving_texture, shown, sound, times, write_film


def rewrite(
    source: Path,
    target: Path,
    change: Callable[[Any], Any] | None = None,
    stretch: int = 7,
    transparent: bool = False,
) -> Path:
    """Through the writer as an edit would: in stretches, then joined and checked."""
    film = read_film(source)
    encoding, sides = encoding_for(target, transparent), sides_of(source, target)
    parts = []
    edit = change or (lambda seen: seen.frame)
    for start in range(0, len(film.times.stamps), stretch):
        part = target.with_name(f"{target.stem}_{start}.part.mkv")
        frames = (edit(seen) for seen in islice(film.frames(start), stretch))
        write_stretch(part, frames, film.look, encoding)
        parts.append(part)
    join(target, parts, film.times, source, sides)
    check_film(target, film.look, film.times, transparent, source, sides)
    return target


def worst(ours: list[RGB], theirs: list[RGB]) -> float:
    """The largest mean difference of a frame, in levels."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(a.astype(int) - b).mean()) for a, b in pairs)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_pictures_times_and_sound_survive(tmp_path: Path, suffix: str) -> None:
    source = write_film(tmp_path / "in.mp4", moving_texture(23), sounds=["aac", "aac"])
    written = rewrite(source, tmp_path / f"out{suffix}")
    assert worst(shown(written), shown(source)) < 2.5
    late = [a - b for a, b in zip(times(written), times(source), strict=True)]
    ours, theirs = sound(written), sound(source)
    assert [[b for _, b in s] for s in ours] == [[b for _, b in s] for s in theirs]
    if suffix == ".mkv":  # knows milliseconds from zero on: all of it is moved together
        late += [a - b for ours_, own in zip(ours, theirs, strict=True)
                 for (a, _), (b, _) in zip(ours_, own, strict=True)]  # fmt: skip
        assert max(late) - min(late) <= Fraction(1, 1000)
    else:
        assert not any(late)
        assert ours == theirs
    with av.open(str(written)) as film:
        if suffix != ".mov":  # FFmpeg reads no language from one
            languages = [stream.metadata["language"] for stream in film.streams.audio]
            assert languages == ["eng", "deu"]
        assert film.metadata["title"] == "A drive"


def test_variable_rate_keeps_the_very_stamps(tmp_path: Path) -> None:
    stamps = [0, 1, 5, 6, 19, 20, 21, 60, 61, 62, 63, 64, 90, 91, 200]
    source = write_film(
        tmp_path / "in.mp4", moving_texture(15), stamps=stamps, base=Fraction(1, 90)
    )
    written = rewrite(source, tmp_path / "out.mp4", stretch=4)
    assert times(written) == [Fraction(stamp, 90) for stamp in stamps] == times(source)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_players_show_it_the_right_way_up(
    tmp_path: Path, turned: int, mirrored: bool, suffix: str
) -> None:
    source = write_film(
        tmp_path / "in.mov", moving_texture(3), turned=turned, mirrored=mirrored, sounds=[]
    )
    written = rewrite(source, tmp_path / f"out{suffix}")
    assert worst(shown(written), shown(source)) < 4  # wrongly turned: over 30


@pytest.mark.parametrize("turned", [None, 90])
def test_pixel_aspect_is_carried(tmp_path: Path, turned: int | None) -> None:
    source = write_film(
        tmp_path / "in.mp4", moving_texture(3), aspect=Fraction(4, 3), turned=turned, sounds=[]
    )
    written = rewrite(source, tmp_path / "out.mp4")
    with av.open(str(written)) as film:
        assert film.streams.video[0].sample_aspect_ratio == (
            Fraction(3, 4) if turned else Fraction(4, 3)
        )
    ours, theirs = shown(written)[0].shape, shown(source)[0].shape
    assert ours[1] / ours[0] == pytest.approx(theirs[1] / theirs[0], rel=0.01)


@pytest.mark.parametrize(("full", "matrix"), [(False, 1), (True, 6), (True, 1), (False, 9)])
def test_colours_keep_what_they_mean(tmp_path: Path, full: bool, matrix: int) -> None:
    source = write_film(
        tmp_path / "in.mp4", moving_texture(4), full_range=full, matrix=matrix, sounds=[]
    )

    def through_rgb(seen: Any) -> Any:
        return pasted(seen, seen.rgb, np.ones(seen.rgb.shape[:2], bool))

    written = rewrite(source, tmp_path / "out.mp4", through_rgb)
    with av.open(str(written)) as film:
        context = film.streams.video[0].codec_context
        assert (context.color_range, context.colorspace) == (2 if full else 1, matrix)
    assert worst(shown(written), shown(source)) < 3


@pytest.mark.parametrize("size", [(63, 96), (64, 95), (33, 35)])
def test_odd_sizes_are_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    source = write_film(
        tmp_path / "in.mkv", moving_texture(4, *size), codec="ffv1", pixels="yuv420p", sounds=[]
    )
    written = rewrite(source, tmp_path / "out.mp4")
    assert shown(written)[0].shape == (*size, 3)
    assert worst(shown(written), shown(source)) < 4


@pytest.mark.parametrize("suffix", [".webm", ".mov", ".mkv"])
def test_alpha_is_really_there(tmp_path: Path, suffix: str) -> None:
    codec = "aac" if suffix == ".mov" else "libopus"
    source = write_film(tmp_path / "in.mkv", moving_texture(9), sounds=[codec])

    def with_alpha(seen: Any) -> Any:
        alpha = np.zeros((*seen.rgb.shape[:2], 1), np.uint8)
        alpha[:, :40], alpha[:, 40:60] = 255, 128
        return np.concatenate([seen.rgb, alpha], axis=2)

    written = rewrite(source, tmp_path / f"out{suffix}", with_alpha, 4, transparent=True)
    assert has_alpha(written)
    alphas = decoded_alphas(written)
    assert len(alphas) == 9
    for alpha in alphas:
        assert alpha[:, 2:38].min() >= 250
        assert np.abs(alpha[:, 44:56].astype(int) - 128).max() <= 8
        assert alpha[:, 64:].max() <= 5
    assert [len(stream) for stream in sound(written)] == [len(stream) for stream in sound(source)]


def decoded_alphas(file: Path) -> list[Any]:
    """Of each frame, 0 to 255."""
    with av.open(str(file)) as film:
        stream = film.streams.video[0]
        context: Any = stream.codec_context
        if context.name == "vp9":
            context = av.CodecContext.create("libvpx-vp9", "r")
        frames = [frame for packet in film.demux(stream) for frame in context.decode(packet)]
    return [frame.to_ndarray(format="rgba")[..., 3] for frame in frames]


def test_an_opaque_film_has_no_alpha(tmp_path: Path) -> None:
    assert not has_alpha(write_film(tmp_path / "in.mp4", moving_texture(3)))


def test_pasting_keeps_all_other_bytes(tmp_path: Path) -> None:
    source = write_film(tmp_path / "in.mp4", moving_texture(2), sounds=[])
    where = np.zeros((64, 96), bool)
    where[20:30, 31:51] = True
    for seen in read_film(source).frames():
        result = planes_of(pasted(seen, np.full_like(seen.rgb, 255), where))
        for number, (ours, theirs) in enumerate(zip(result, planes_of(seen.frame), strict=True)):
            step = 1 if number == 0 else 2
            inside = np.zeros(ours.shape, bool)
            inside[20 // step : 30 // step, 31 // step : -(-51 // step)] = True
            assert np.array_equal(ours[~inside], theirs[~inside])
            assert (ours[inside] == (235 if number == 0 else 128)).all()


def test_what_a_container_cannot_hold_is_said_at_once(tmp_path: Path) -> None:
    source = write_film(tmp_path / "in.mp4", moving_texture(2))
    with pytest.raises(UsageError, match=r"out\.webm.*aac.*out\.mkv"):
        sides_of(source, tmp_path / "out.webm")
    opus = write_film(tmp_path / "opus.mkv", moving_texture(2), sounds=["libopus"])
    with pytest.raises(UsageError, match=r"out\.mov.*opus.*out\.mkv"):
        sides_of(opus, tmp_path / "out.mov")
    with pytest.raises(UsageError, match=r"out\.avi.*\.mp4"):
        encoding_for(tmp_path / "out.avi")
    with pytest.raises(UsageError, match=r"\.webm.*\.mov"):
        encoding_for(tmp_path / "out.mp4", transparent=True)


def test_a_film_that_lost_frames_or_sound_is_refused(tmp_path: Path) -> None:
    source = write_film(tmp_path / "in.mp4", moving_texture(12))
    shorter = write_film(tmp_path / "shorter.mp4", moving_texture(11))
    silent = write_film(tmp_path / "silent.mp4", moving_texture(12), sounds=[])
    film, sides = read_film(source), sides_of(source, source)
    check_film(source, film.look, film.times, False, source, sides)
    for wrong, word in ((shorter, "11 frames of 12"), (silent, "sound")):
        with pytest.raises(PipelineError, match=word):
            check_film(wrong, film.look, film.times, False, source, sides)
    with pytest.raises(PipelineError, match="transparency"):
        check_film(source, film.look, film.times, True, source, sides)


def test_chapters_are_carried(tmp_path: Path) -> None:
    source = write_film(tmp_path / "in.mkv", moving_texture(6), chapters=True)
    with av.open(str(rewrite(source, tmp_path / "out.mp4"))) as film:
        assert [one["metadata"]["title"] for one in film.chapters()] == ["One"]


def test_films_are_told_by_content_and_by_suffix(tmp_path: Path) -> None:
    film = write_film(tmp_path / "in.mp4", moving_texture(2))
    assert is_film(film.rename(tmp_path / "film.jpg"))
    (tmp_path / "page.mp4").write_text("<html>")
    assert not is_film(tmp_path / "page.mp4")
    assert is_film(tmp_path / "coming.webm")
    assert not is_film(tmp_path / "coming.png")
    assert not is_film(tmp_path)
