"""Pictures out of videos: the collection that the chosen frames make.

What is blurred at its sharpest, or looks like a frame of the same video taken before, is left out
and listed with the reason.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import av
from PIL import Image

from pipeline.sections.frames import FramesLimits
from pipeline.sources.manifest import Found, Origin, Refusal, Summary, write_collection
from pipeline.sources.pictures import NearDuplicates, inspect_picture
from pipeline.sources.video.choice import Shot, samples
from pipeline.sources.video.films import Film
from pipeline.video.reader import BadVideo, Frame, VideoReader
from pipeline.workspace import code_hash, file_hash, only_user, whole_directory

log = logging.getLogger(__name__)

CODE = (
    "images.py", "sources/video/choice.py", "sources/video/frames.py", "sources/pictures.py",
    "video/reader.py", "video/scenes.py",
)  # fmt: skip

RECORD = "samples.json"
BLURRED, ALIKE, DAMAGED = "blurred: ", "looks like ", "damaged: "


class Sample(NamedTuple):
    """What became of a sample, as the work folder keeps it.

    Attributes:
        seconds: Since the video's first frame.
        scene: Counted from 1.
        file: Its JPEG; empty if it was left out.
        reason: Why it was left out.
    """

    seconds: float
    scene: int
    file: str
    reason: str


class Tally(NamedTuple):
    """Videos asked for and failed; frames kept, blurred, and like another or too small."""

    videos: int
    failed: int
    frames: int
    blurred: int
    alike: int

    @property
    def of_videos(self) -> Summary:
        """Videos that gave something, and those that failed."""
        return Summary(self.videos - self.failed, self.failed, 0)


def write_frames(
    folder: Path,
    films: Sequence[Film | Refusal],
    limits: FramesLimits,
    work: Path,
    on_progress: Callable[[float, float], None] | None = None,
) -> Tally:
    """Choose frames, and write them as a collection.

    Args:
        folder: The collection; see `manifest`.
        films: Videos, and addresses that gave none, in the order in which they shall stand.
        limits: What to choose.
        work: Keeps the frames of finished videos, so that they are not decoded again after an
            interruption. It may be deleted at any time.
        on_progress: Called with the seconds of video that are done, and those in all.

    Raises:
        AlreadyRunning: Another process uses the work folder.
    """
    progress = _Progress(films, on_progress)
    with only_user(work):
        entries: list[Found | Refusal] = []
        for film in films:
            entries += (
                [film] if isinstance(film, Refusal) else _entries(film, limits, work, progress)
            )
        summary = write_collection(
            folder,
            entries,
            min_side=limits.min_side,
            near_duplicate_bits=limits.near_duplicate_bits,
        )
    reasons = [one.reason for one in entries if isinstance(one, Refusal) and not one.failed]
    blurred = sum(reason.startswith(BLURRED) for reason in reasons)
    other = sum(not reason.startswith((BLURRED, ALIKE)) for reason in reasons)
    alike = summary.unwanted - blurred - other
    return Tally(len(films), summary.failed, summary.pictures, blurred, alike)


def _entries(
    film: Film, limits: FramesLimits, work: Path, progress: _Progress
) -> Iterator[Found | Refusal]:
    """The samples of one video, from the work folder if it was finished before."""
    try:
        place = work / _key(film.file, limits)
        if not place.exists():
            with whole_directory(place) as part:
                _decode(film.file, limits, part, progress)
    except BadVideo as problem:
        log.warning("frames: %s: %s", film.name, problem.reason)
        yield Refusal(_origin(film, limits), problem.reason)
        return
    finally:
        progress.next_film()
    record = json.loads((place / RECORD).read_text(encoding="utf-8"))
    if record["damage"]:
        log.warning("frames: %s: %s", film.name, record["damage"])
        yield Refusal(_origin(film, limits), DAMAGED + record["damage"], failed=False)
    for values in record["samples"]:
        sample = Sample(*values)
        origin = _origin(film, limits, sample)
        if sample.file:
            file = place / sample.file
            yield Found(origin, file, inspect_picture(file))
        else:
            yield Refusal(origin, sample.reason, failed=False)


def _decode(file: Path, limits: FramesLimits, part: Path, progress: _Progress) -> None:
    """Sample one video into a folder."""
    with VideoReader(file) as reader:
        found = list(_samples(reader, limits, part, progress))
        if not found:
            raise BadVideo(file, "none of its pictures can be decoded")
        record = {"damage": reader.damage, "samples": found}
    (part / RECORD).write_text(json.dumps(record), encoding="utf-8")


def _samples(
    reader: VideoReader, limits: FramesLimits, part: Path, progress: _Progress
) -> Iterator[Sample]:
    kept, alike = 0, NearDuplicates(limits.near_duplicate_bits)
    frames = progress.watch(reader.frames())
    for shot in samples(frames, limits.every, limits.scene_change):
        sample = _judge(shot, limits, alike, part)
        yield sample
        kept += bool(sample.file)
        if kept == limits.max_frames:
            return


def _judge(shot: Shot, limits: FramesLimits, alike: NearDuplicates, part: Path) -> Sample:
    """Keep a sample as a JPEG file, or say why not."""
    look, scene = shot
    seconds = round(look.frame.seconds, 3)
    if look.sharpness < limits.min_sharpness:
        reason = f"sharpness {look.sharpness:g}, min_sharpness is {limits.min_sharpness:g}"
        return Sample(seconds, scene, "", BLURRED + reason)
    file = part / f"{seconds:012.3f}.jpg"
    Image.fromarray(look.frame.rgb()).save(file, quality=limits.quality, subsampling=0)
    phash = inspect_picture(file).phash  # as the collection will see it, after JPEG
    if near := alike.find(phash):
        file.unlink()
        return Sample(seconds, scene, "", f"{ALIKE}the frame at {near} s")
    alike.add(phash, f"{seconds:.3f}")
    return Sample(seconds, scene, file.name, "")


def _origin(film: Film, limits: FramesLimits, sample: Sample | None = None) -> Origin:
    fragment = f"#t={sample.seconds:.3f}" if sample else ""
    group = f"scene {sample.scene}" if sample else ""
    return Origin(film.name + fragment, film.name, film.site, group, limits.licence)


def _key(file: Path, limits: FramesLimits) -> str:
    """Names everything that decides the frames: the video, the choice, the code and its FFmpeg."""
    try:
        content = file_hash(file)
    except OSError as problem:
        raise BadVideo(file, f"cannot be read ({problem.strerror})") from None
    parts = [content, limits.choice, code_hash(*CODE), av.__version__, av.library_versions]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class _Progress:
    """Seconds of video done, over all films."""

    def __init__(
        self, films: Sequence[Film | Refusal], tell: Callable[[float, float], None] | None
    ) -> None:
        self._lengths = [_length(film) for film in films if isinstance(film, Film)] if tell else []
        self._tell, self._index = tell, 0

    def watch(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Tell how far it is, frame by frame."""
        for frame in frames:
            self._report(frame.seconds)
            yield frame

    def next_film(self) -> None:
        """One is done, however it went."""
        self._index += 1
        self._report(0.0)

    def _report(self, seconds: float) -> None:
        if self._tell:
            within = min(seconds, self._lengths[self._index]) if seconds else 0.0
            self._tell(sum(self._lengths[: self._index]) + within, sum(self._lengths))


def _length(film: Film) -> float:
    with suppress(BadVideo), VideoReader(film.file) as reader:
        return reader.seconds
    return 0.0
