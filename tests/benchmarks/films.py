"""Films: cars out of a drive-by clip, by other frames against each frame by itself.

Once with masks that are told, once with those that the trained `car_mask` finds, if there is one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pipeline.editing.film.removal import Eraser, remove_with
from pipeline.editing.networks import Networks
from pipeline.editing.options import Removal
from pipeline.editing.removal import CarEraser
from pipeline.paths import MODELS
from pipeline.sources.demo.scenery.drive_by import Camera, Moment, drive_by, write_drive_by
from tests.benchmarks.measure import Timing
from tests.editing.film.clips import Knowing, flicker, inside_psnr, read

FRAMES = 48


def films() -> list[Timing]:
    """Milliseconds a frame, with quality in words: PSNR where cars were, and flicker."""
    rows = []
    for camera in get_args(Camera):
        moments = list(drive_by(3, camera, FRAMES))
        for masks, eraser in _erasers(moments):
            rows += _ways(f"cars out of a film, camera {camera}, masks {masks}", moments, eraser)
    return rows


def _erasers(moments: list[Moment]) -> Iterator[tuple[str, Eraser]]:
    yield "told", Knowing(moments)
    if (MODELS / "car_mask" / "best.pt").exists():
        yield "found", CarEraser(Networks(download=False).cars())


def _ways(job: str, moments: list[Moment], eraser: Eraser) -> list[Timing]:
    truth = [moment.ground for moment in moments]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.mp4", Path(folder) / "out.mp4"
        write_drive_by(source, moments)
        frames = read(source)
        began = time.perf_counter()
        single = [eraser.fill(rgb, eraser.find(rgb, shadow=True), "inpaint") for rgb in frames]
        alone = time.perf_counter() - began
        began = time.perf_counter()
        remove_with(eraser, source, target, Removal("inpaint"), "bench")
        together = time.perf_counter() - began
        results = {"frame by frame": (single, alone), "other frames": (read(target), together)}
    hidden = Knowing(moments).masks
    rows = []
    for way, (result, seconds) in results.items():
        psnr, steady = inside_psnr(result, truth, hidden), flicker(result, truth, hidden)
        words = f"{way}: {psnr:.1f} dB, warping error {steady:.1e}"
        rows.append(
            Timing(job, words, round(1000 * seconds / FRAMES, 2), round(alone / seconds, 2))
        )
    return rows
