"""Films: cars out of a drive-by clip, by other frames against each frame by itself."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from pipeline.editing.film.removal import remove_with
from pipeline.editing.options import Removal
from pipeline.sources.demo.scenery.drive_by import Camera, drive_by, write_drive_by
from tests.benchmarks.measure import Timing
from tests.editing.film.clips import Knowing, flicker, inside_psnr, read

FRAMES = 48


def films() -> list[Timing]:
    """Milliseconds a frame, with quality in words: PSNR where cars were, and flicker."""
    return [row for camera in ("still", "pan") for row in _clip(camera)]  # type: ignore[arg-type]


def _clip(camera: Camera) -> list[Timing]:
    moments = list(drive_by(3, camera, FRAMES))
    truth = [moment.ground for moment in moments]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.mp4", Path(folder) / "out.mp4"
        write_drive_by(source, moments)
        eraser, frames = Knowing(moments), read(source)
        began = time.perf_counter()
        single = [eraser.fill(*pair, "inpaint") for pair in zip(frames, eraser.masks, strict=True)]
        alone = time.perf_counter() - began
        began = time.perf_counter()
        remove_with(eraser, source, target, Removal("inpaint"), "bench")
        together = time.perf_counter() - began
        results = {"frame by frame": (single, alone), "other frames": (read(target), together)}
    rows = []
    for way, (result, seconds) in results.items():
        psnr = inside_psnr(result, truth, eraser.masks)
        steady = flicker(result, truth, eraser.masks)
        words = f"{way}: {psnr:.1f} dB, warping error {steady:.1e}"
        milliseconds = round(1000 * seconds / FRAMES, 2)
        rows.append(
            Timing(f"cars out of a film, camera {camera}", words, milliseconds,
                   round(alone / seconds, 2))
        )  # fmt: skip
    return rows
