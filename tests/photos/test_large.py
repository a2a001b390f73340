"""48 megapixels cost little more memory than their own, and threads do not disturb each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.photos import encode_photo, read_photo
from tests.photos import kinds, profiles

PICTURE = 8000 * 6000 * 3 / 1e6
"""Megabytes of the pixels."""

MEASURE = """
import json, sys
from pathlib import Path
from pipeline.photos import encode_photo, read_photo

def memory(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(field))

def growth(work):
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    result = work()
    return result, memory("VmHWM") - before

file, small = Path(sys.argv[1]), Path(sys.argv[2])
encode_photo(read_photo(small), "jpeg")
photo, read = growth(lambda: read_photo(file))
seen, network = growth(lambda: photo.for_network(photo.rgb[::10, ::10].copy()))
_, written = growth(lambda: encode_photo(photo, "jpeg"))
print(json.dumps({"shape": photo.shape, "seen": seen.shape, "read": read, "network": network,
                  "written": written}))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measured on Linux only")
@pytest.mark.parametrize(
    ("orientation", "copies"), [(1, 1), pytest.param(6, 2, marks=pytest.mark.long)]
)
def test_a_telephones_48_megapixels(tmp_path: Path, orientation: int, copies: int) -> None:
    """Lying pictures need a second copy while they are turned."""
    large, small = tmp_path / "large.jpg", tmp_path / "small.jpg"
    gradient = Image.linear_gradient("L").resize((8000, 6000)).convert("RGB")
    notes = {"exif": kinds.exif(orientation).tobytes(), "icc_profile": profiles.display_p3()}
    gradient.save(large, "JPEG", quality=90, **notes)
    small.write_bytes(kinds.turned(orientation, icc_profile=profiles.display_p3()))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large), str(small)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    used = json.loads(done.stdout)
    assert used["shape"] == ([6000, 8000] if orientation == 1 else [8000, 6000])
    assert used["read"] < copies * PICTURE + (30 if hasattr(os, "memfd_create") else PICTURE)
    assert used["network"] < 30
    assert used["written"] < 8000 * 6000 * 4 / 1e6 + 60  # Pillow's own copy has four bytes a pixel


def test_threads_do_not_disturb_each_other() -> None:
    names = [name for name in kinds.GOOD if "orientation" not in name]
    contents = [kinds.GOOD[name]() for name in names]

    def seen(content: bytes) -> tuple[bytes, bytes]:
        photo = read_photo(content)
        return photo.for_network().tobytes(), encode_photo(photo, "png")

    alone = [seen(content) for content in contents]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(seen, contents * 4))
    assert together == alone * 4


def test_large_pictures_are_read_in_strips_without_seams() -> None:
    tall = np.tile(kinds.scene(), (60, 8, 1))  # 2,880 × 512: two strips
    alpha = np.tile(kinds.alpha(), (60, 8))
    for name in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True, "exact": True} if name == "WEBP" else {}
        photo = read_photo(kinds.saved(np.dstack([tall, alpha]), name, **options))
        np.testing.assert_array_equal(photo.rgb, tall)
        np.testing.assert_array_equal(photo.alpha, alpha)
