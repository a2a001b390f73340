"""Each method of ours in a process of its own, so that its time and memory are its own.

What it leaves is what any other tool hands over: a folder of masks, `times.csv`, `peak_mb.txt`.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from time import perf_counter

import numpy as np

from pipeline.comparison.cases import Case
from pipeline.comparison.methods import Method
from pipeline.errors import PipelineError
from pipeline.images import read_picture, write_png
from pipeline.workspace import whole_directory

TIMES, PEAK = "times.csv", "peak_mb.txt"


def run_alone(method: Method, cases: Sequence[Case], folder: Path, threshold: float) -> None:
    """Run a method over all pictures in a fresh process, and leave its answers in a folder.

    Raises:
        PipelineError: It could not be made, or its process was killed (mostly for its memory).
    """
    fresh = multiprocessing.get_context("spawn")
    with whole_directory(folder) as new, ProcessPoolExecutor(1, mp_context=fresh) as alone:
        try:
            alone.submit(run, method, cases, new, threshold).result()
        except BrokenProcessPool:
            raise PipelineError(
                "its process was killed; is there memory enough, or are pictures too large?"
            ) from None
        except PipelineError:
            raise
        except Exception as problem:
            # Whatever one method dies of, the others are done: it is listed as failed.
            raise PipelineError(f"{type(problem).__name__}: {_first_line(problem)}") from problem


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or ["no reason given"])[0]


def run(method: Method, cases: Sequence[Case], folder: Path, threshold: float) -> None:
    """Write a mask for each picture, how long each took, and the memory of this process."""
    start = perf_counter()
    predict = method.build()
    loading = perf_counter() - start
    rows = []
    for place, case in enumerate(cases):
        picture = read_picture(case.picture)
        start = perf_counter()
        mask = predict(picture) >= threshold
        seconds = perf_counter() - start + (0.0 if place else loading)
        rows.append((case.name, f"{seconds:.6f}"))
        write_png(folder / f"{case.name}.png", mask.astype(np.uint8) * 255)
    with (folder / TIMES).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("picture", "seconds"), *rows])
    (folder / PEAK).write_text(f"{peak_megabytes():.1f}\n", encoding="utf-8")


def peak_megabytes() -> float:
    """The most memory (resident set) that this process has had."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    # Linux counts into ru_maxrss what the parent had when it started this process.
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    # Some kernels in a sandbox do not tell it.
    return int(lines["VmHWM"].split()[0]) / 1024 if "VmHWM" in lines else float("nan")
