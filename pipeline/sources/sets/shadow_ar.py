"""Shadow-AR: a folder, an archive or a Google Drive file that the user points to."""

from __future__ import annotations

import hashlib
import importlib
import logging
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from pipeline.errors import PipelineError
from pipeline.sources.archives.budget import UnpackLimits
from pipeline.sources.archives.unpack import unpack
from pipeline.sources.sets.layout import Place, copy_file, find_root, place_layout
from pipeline.workspace import file_hash, only_user, place_file, whole_directory

log = logging.getLogger(__name__)

FOLDERS = tuple(
    f"{part}/{kind}"
    for part in ("train", "test")
    for kind in ("noshadow", "shadow", "mask", "robject", "rshadow")
)
DRIVE_HOSTS = ("drive.google.com", "docs.google.com")
DRIVE_ID = re.compile(r"[\w-]{25,}")
IN_PATH = re.compile(rf"/d/({DRIVE_ID.pattern})")
IN_QUERY = re.compile(rf"(?:^|&)id=({DRIVE_ID.pattern})")
LIMITS = UnpackLimits(total_bytes=64 * 1024**3)
SILENCE = 60.0
"""Seconds without a byte after which Google Drive is given up."""


def fetch_shadow_ar(source: str, folder: Path, work: Path) -> int:
    """Lay the set out as `{train,test}/{noshadow,shadow,mask,robject,rshadow}`.

    Args:
        source: See `ShadowSource`.
        folder: Replaced as a whole.
        work: Where a download and what was unpacked stay for the next time.

    Returns:
        How many files it holds.

    Raises:
        PipelineError: It could not be had, or folders are missing in it.
    """
    path = Path(source)
    if path.is_absolute() and path.is_dir():
        return _lay_out(path, folder, copy_file)
    with only_user(work):
        archive = path if path.is_absolute() else _from_drive(source, work)
        unpacked = work / f"unpacked-{_checked_hash(archive)[:20]}"
        if not unpacked.is_dir():
            for refused in unpack(archive, unpacked, LIMITS).refused:
                log.warning("%s: %s is left out: it %s", archive, *refused)
        return _lay_out(unpacked, folder, place_file)


def _lay_out(found: Path, folder: Path, place: Place) -> int:
    root = find_root(found, FOLDERS, "a set in Shadow-AR's layout")
    with whole_directory(folder) as output:
        return place_layout(root, output, FOLDERS, place)


def _checked_hash(archive: Path) -> str:
    if not archive.is_file():
        raise PipelineError(
            f"shadows.source: {archive} is neither a folder nor a file; correct the path"
        )
    return file_hash(archive)


def drive_id(source: str) -> str:
    """The id of a Google Drive file.

    Raises:
        PipelineError: It is not an address of one.
    """
    parts = urlsplit(source)
    found = None
    if parts.hostname in DRIVE_HOSTS:
        found = IN_PATH.search(parts.path) or IN_QUERY.search(parts.query)
    elif DRIVE_ID.fullmatch(source):
        return source
    if found is None:
        raise PipelineError(
            f"shadows.source: {source!r} is neither an absolute path nor the address or id of a "
            "Google Drive file; fetch anything else by hand and give its absolute path"
        )
    return found[1]


def _from_drive(source: str, work: Path) -> Path:
    """Download with gdown, going on where an earlier run broke off."""
    name = drive_id(source)
    file = work / f"drive-{hashlib.sha256(name.encode()).hexdigest()[:20]}"
    if file.exists():
        return file
    gdown = _gdown()
    try:
        gdown.download(
            id=name, output=str(file), resume=True, use_cookies=False, retries=5, timeout=SILENCE
        )
    except (gdown.exceptions.DownloadError, requests.RequestException, OSError) as problem:
        said = " ".join(str(problem).split())[:300] or type(problem).__name__
        raise PipelineError(
            f"shadows.source: Google Drive does not give {name} ({said}); start again to go on, "
            "or fetch it in a browser and give the absolute path of the archive"
        ) from None
    return file


def _gdown() -> Any:
    try:
        return importlib.import_module("gdown")
    except ImportError:
        raise PipelineError(
            "shadows.source on Google Drive needs gdown; pip install -e '.[downloads]', or "
            "fetch it in a browser and give the absolute path of the archive"
        ) from None
