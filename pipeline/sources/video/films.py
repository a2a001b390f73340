"""Which videos there are: the files of a folder, and what addresses give.

A file is fetched by the polite session. A page is read by yt-dlp, and so is every address of a host
that yt-dlp has an extractor of its own for; yt-dlp names itself as a browser does and does not heed
robots.txt, so whoever lists such an address answers for it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.errors import PipelineError
from pipeline.sections.frames import FramesLimits
from pipeline.sources.http.addresses import without_loopback_port, zones_of
from pipeline.sources.http.failures import FetchFailed
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import Origin, Refusal
from pipeline.video.reader import BadVideo, VideoReader, looks_like_text

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})


class Film(NamedTuple):
    """A video file, and what the manifest calls it.

    Attributes:
        file: Where it lies.
        name: File name or address; in the manifest `#t=<seconds>` follows.
        site: Its stem.
    """

    file: Path
    name: str
    site: str


def list_films(folder: Path) -> list[Film]:
    """The video files of a folder, by name; not those of its subfolders.

    Raises:
        PipelineError: There is no such folder.
    """
    if not folder.is_dir():
        raise PipelineError(
            f"{folder}: no such folder of videos; create it, or correct inputs.video in params.yaml"
        )
    return [
        Film(file, file.name, file.stem)
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]


def fetch_films(session: PoliteSession, limits: FramesLimits, folder: Path) -> list[Film | Refusal]:
    """What every address of `limits.videos` gives, in their order.

    Args:
        session: How to ask.
        limits: What to fetch, and how much.
        folder: Keeps what was fetched, so that it is not fetched again.

    Raises:
        PipelineError: yt-dlp is needed and not installed.
    """
    films: list[Film | Refusal] = []
    for url in limits.videos:
        name = without_loopback_port(url)
        site = _site(url)
        try:
            films.append(Film(fetch_video(session, url, folder, limits), name, site))
        except FetchFailed as problem:
            log.warning("frames: %s", problem)
            refused = Origin(name, name, site, licence=limits.licence)
            films.append(Refusal(refused, problem.reason, failed=not problem.forbidden))
    return films


def fetch_video(session: PoliteSession, url: str, folder: Path, limits: FramesLimits) -> Path:
    """The video of an address, in a file named by the hash of the address.

    A video that lies in the folder is not fetched again; what an earlier call left half is gone
    on with.

    Raises:
        FetchFailed: It could not be fetched, or is no video.
        PipelineError: yt-dlp is needed and not installed.
    """
    name = hashlib.sha256(without_loopback_port(url).encode()).hexdigest()[:32]
    target = folder / f"{name}.video"
    if target.exists():
        return target
    log.info("frames: fetching %s", url)
    folder.mkdir(parents=True, exist_ok=True)
    came = target.with_suffix(".came")
    if _has_extractor(url):
        _extract(session, url, came, limits)
    else:
        session.download(
            url,
            came,
            zones_of([url]),
            max_bytes=limits.max_bytes,
            max_seconds=limits.max_seconds,
        )
        if looks_like_text(came):
            _extract(session, url, came, limits)
    return _checked(came, url).replace(target)


def _checked(came: Path, url: str) -> Path:
    try:
        VideoReader(came).close()
    except BadVideo as problem:
        came.unlink(missing_ok=True)
        raise FetchFailed(url, problem.reason) from None
    return came


def _site(url: str) -> str:
    """The last part of the address without suffix, with its query: `a/b/drive.mp4` → `drive`."""
    parts = urlsplit(url)
    stem = Path(parts.path).stem or parts.hostname or ""
    return f"{stem}?{parts.query}" if parts.query else stem


def _has_extractor(url: str) -> bool:
    """Whether yt-dlp is there and knows this host by name."""
    try:
        from yt_dlp.extractor import gen_extractor_classes  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        return False
    return any(
        extractor.suitable(url) and extractor.IE_NAME != "generic"
        for extractor in gen_extractor_classes()
    )


def _extract(session: PoliteSession, url: str, came: Path, limits: FramesLimits) -> None:
    """Let yt-dlp fetch the video of a page; the first, if the page has several.

    Raises:
        FetchFailed: It could not.
        PipelineError: It is not installed.
    """
    try:
        from yt_dlp import YoutubeDL  # type: ignore[import-untyped]
        from yt_dlp.utils import (  # type: ignore[import-untyped]
            DownloadCancelled,
            YoutubeDLError,
        )
    except ModuleNotFoundError:
        raise PipelineError(
            f"{url} (frames.videos): is a page, not a video file; `pip install "
            "-e '.[downloads]'` brings yt-dlp, which reads such pages, or give the address "
            "of the file"
        ) from None
    own = came.with_suffix(".yt-dlp")
    came.unlink(missing_ok=True)
    zones = zones_of([url])
    try:
        with YoutubeDL(_options(session, own, limits, DownloadCancelled)) as downloader:
            found = _first_video(downloader.extract_info(url, download=False))
            if not zones_of(_addresses(found)) <= zones:
                raise FetchFailed(url, "leads to a private address, which no start address is")
            downloader.process_ie_result(found, download=True)
    except DownloadCancelled as problem:
        shutil.rmtree(own, ignore_errors=True)
        raise FetchFailed(url, problem.msg or "was cut off") from None
    except YoutubeDLError as problem:
        raise FetchFailed(url, _stable(str(problem), url)) from None
    whole = [file for file in own.glob("video.*") if file.suffix not in (".part", ".ytdl")]
    if not whole:
        raise FetchFailed(url, f"yt-dlp brought no file of at most {limits.max_bytes} bytes")
    whole[0].replace(came)
    shutil.rmtree(own)


def _options(
    session: PoliteSession, own: Path, limits: FramesLimits, cancelled: type[Exception]
) -> dict[str, Any]:
    height, end = limits.max_height, time.monotonic() + limits.max_seconds

    def watch(state: dict[str, Any]) -> None:
        if session.stop.is_set() or time.monotonic() > end:
            raise cancelled("took too long (max_seconds)")
        if state.get("downloaded_bytes", 0) > limits.max_bytes:
            raise cancelled(f"larger than {limits.max_bytes} bytes")

    return {
        # Pictures only, if they come apart from the sound; nothing has to be merged by ffmpeg.
        "format": f"bv[height<=?{height}]/b[height<=?{height}]/wv*",
        "outtmpl": {"default": str(own / "video.%(ext)s")},
        "progress_hooks": [watch],
        "max_filesize": limits.max_bytes,
        "socket_timeout": session.limits.read_timeout,
        "retries": session.limits.retries,
        "fragment_retries": session.limits.retries,
        "sleep_interval_requests": session.limits.delay,
        "noplaylist": True,
        "playlist_items": "1",
        "cachedir": False,
        "fixup": "never",
        "quiet": True,
        "noprogress": True,
        "color": {"stdout": "never", "stderr": "never"},
        "logger": logging.getLogger("yt_dlp"),
    }


def _first_video(found: dict[str, Any]) -> dict[str, Any]:
    while found.get("entries"):
        found = next(iter(found["entries"]))
    return found


def _addresses(found: dict[str, Any]) -> Sequence[str]:
    parts = [found, *found.get("formats", ()), *found.get("requested_formats", ())]
    return [part[key] for part in parts for key in ("url", "manifest_url") if part.get(key)]


def _stable(message: str, url: str) -> str:
    """What yt-dlp says, in words that do not change from run to run."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", message).replace(url, without_loopback_port(url))
    line = message.strip().partition("\n")[0].partition(" (caused by")[0].partition("; please ")[0]
    return f"yt-dlp: {line.removeprefix('ERROR: ')}"
