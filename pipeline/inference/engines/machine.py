"""What this machine has: processors, units for bfloat16, a GPU, libraries. Nothing is imported."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
CPUS, SIBLINGS = Path("/sys/devices/system/cpu"), "topology/thread_siblings_list"
QUOTA = Path("/sys/fs/cgroup/cpu.max")
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""As Linux calls units that multiply bfloat16: of Intel and AMD, and of ARM."""


def is_installed(*packages: str) -> bool:
    """Whether all of them can be imported; they are not."""
    return all(find_spec(package) is not None for package in packages)


def versions(*packages: str) -> dict[str, str]:
    """Versions of distributions; those that are not installed are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def cpu_model() -> str:
    """Name of the processor."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


@cache
def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 in units of its own; told by Linux alone."""
    flags = _cpuinfo("flags") or _cpuinfo("Features")
    return not BF16_FLAGS.isdisjoint(flags.split())


def _cpuinfo(key: str) -> str:
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def threads() -> int:
    """How many threads a network gets: `OMP_NUM_THREADS`, else the cores that this process has.

    Cores, not threads of the hardware: two on one core are no quicker at convolutions. A container
    may have fewer than the machine.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    return max(1, min(_cores(), _quota()))


def _cores() -> int:
    """Cores that this process may run on; outside Linux the threads of all."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    files = [Path(CPUS, f"cpu{number}", SIBLINGS) for number in os.sched_getaffinity(0)]
    return len({file.read_text() if file.exists() else str(file) for file in files})


def _quota() -> int:
    """Processors that the control group may keep busy."""
    try:
        most, period = QUOTA.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return sys.maxsize
    return max(1, round(int(most) / int(period))) if most.isdigit() else sys.maxsize


@cache
def has_cuda() -> bool:
    """Whether NVIDIA's driver is there and sees a GPU."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return not driver.cuInit(0) and not driver.cuDeviceGetCount(ctypes.byref(count)) and bool(count)
