"""Places and habits on disk: the repository's root, atomic outputs, one process a stage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.errors import AlreadyRunning

STATE = Path(".clearscene")
"""Locks and resume states: ignored by Git and DVC, never an output of a stage."""


def repository_root() -> Path:
    """The real repository, also from a copy that `dvc exp run --temp` or `--queue` runs in."""
    return Path(os.environ.get("DVC_ROOT", Path.cwd())).resolve()


def is_main_process() -> bool:
    """Whether this is the first of the processes of one training, which alone writes and logs."""
    ranks = ("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "SLURM_PROCID")
    return all(os.environ.get(name, "0") == "0" for name in ranks)


PATIENCE = 15.0
"""Seconds to wait for a lock: a killed process leaves its data workers for some of them."""


@contextmanager
def single_process(stage: str) -> Iterator[None]:
    """Hold the lock of a stage in this workspace; the system frees it however the process ends.

    Raises:
        AlreadyRunning: Another process holds it (a killed `dvc` leaves its stage running).
    """
    with _held(STATE / "locks" / f"{stage}.lock", stage):
        yield


@contextmanager
def only_user(work: Path) -> Iterator[None]:
    """Make a work folder, and hold it for this process.

    Raises:
        AlreadyRunning: Another process holds it.
    """
    with _held(work / "lock", f"work in {work}"):
        yield


@contextmanager
def _held(file: Path, what: str) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise AlreadyRunning(what, file.absolute()) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Give a fresh directory beside `target`, and rename it to `target` if all went well.

    Whoever looks sees the old directory, none, or the whole new one.
    """
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    old = target.with_name(f".{target.name}.old.part")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write beside and rename, so that the file is never seen half written."""
    with write_file(file) as part:
        part.write_bytes(content)


@contextmanager
def write_file(file: Path) -> Iterator[Path]:
    """Give a name beside `file` to write to, and rename it to `file` if all went well.

    Otherwise nothing is left of it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def place_file(file: Path, target: Path) -> None:
    """Give the same bytes another name where the file system allows it, else copy them.

    The copy is seen whole or not at all; neither name may be written to afterwards.
    """
    try:
        os.link(file, target)
    except OSError:
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(file, part)
        part.replace(target)


def file_hash(file: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def work_key(**what: Any) -> str:
    """A short hash of everything that makes a piece of work: parameters, data and code.

    Changed parameters, data or code give another key, so an old run is never gone on with.
    """
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def content_hash(places: Iterable[Path], pattern: str = "*") -> str:
    """SHA-256 over files, and over what is in folders together with the names it has there.

    Args:
        places: Files and folders; their own places do not matter, their order does.
        pattern: Of the names of files in folders.
    """
    digest = hashlib.sha256()
    for place in places:
        files = sorted(file for file in place.rglob(pattern) if file.is_file())
        for file in files if place.is_dir() else [place]:
            digest.update(f"{file.relative_to(place).as_posix()}\0{file_hash(file)}\n".encode())
    return digest.hexdigest()


def code_hash(*places: str) -> str:
    """SHA-256 over the Python files of subpackages or modules of `pipeline`."""
    package = Path(__file__).parent
    return content_hash((package / place for place in sorted(places)), "*.py")


WRITTEN = ("dvc.lock", "params.yaml", "reports")
"""What the pipeline itself changes, or what a run records anyway: no local change of the code."""


def git_revision() -> str:
    """The commit checked out, with `-dirty` when other tracked files differ than `WRITTEN`.

    `unknown` outside Git.
    """
    unchanged = ["git", "diff", "--quiet", "HEAD", "--", ".", *(f":^{place}" for place in WRITTEN)]
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(unchanged, capture_output=True, check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head.stdout.strip()}{'-dirty' if changed else ''}"
