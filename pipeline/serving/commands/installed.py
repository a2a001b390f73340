"""What is installed here, and on what machine: rows for `clearscene doctor`."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES: Mapping[str, str] = {
    "clearscene": "",
    "numpy": "",
    "opencv-python-headless": "",
    "pillow": "",
    "pillow-heif": "pictures of iPhones: pip install 'clearscene[heic]'",
    "av": "",
    "openvino": "",
    "onnxruntime": "",
    "torch": "training and PyTorch's networks: pip install 'clearscene[train]'",
    "torchvision": "published networks: pip install 'clearscene[train]'",
    "fastapi": "page and API: pip install 'clearscene[serve]'",
    "uvicorn": "page and API: pip install 'clearscene[serve]'",
    "websockets": "the page's webcam: pip install 'clearscene[serve]'",
    "aiogram": "Telegram: pip install 'clearscene[bot]'",
}
"""Distributions, and what those that may be missing are for."""

ENCODERS: Mapping[str, str] = {
    "libx264": "films as .mp4",
    "libvpx-vp9": "films with transparency, as .webm",
    "aac": "sound",
    "libopus": "sound",
}
"""Of FFmpeg, and what needs them."""

FEATURES = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
)
"""Units of processors that networks use, as Linux calls them."""
CPUINFO = Path("/proc/cpuinfo")
GIGABYTE = 1e9


def programs() -> Iterator[dict[str, str]]:
    """Versions of ours and of what we stand on; what is missing says how to get it."""
    yield {"installed": "Python", "version": platform.python_version(), "": ""}
    for package, remedy in PACKAGES.items():
        try:
            yield {"installed": package, "version": version(package), "": ""}
        except PackageNotFoundError:
            lacks = remedy or "installed with clearscene: pip install --force-reinstall clearscene"
            yield {"installed": package, "version": "missing", "": lacks}
    yield from _ffmpeg()


def _ffmpeg() -> Iterator[dict[str, str]]:
    try:
        import av
    except ImportError as problem:
        yield {"installed": "FFmpeg", "version": "missing", "": str(problem)}
        return
    for name in ("libavcodec", "libavformat"):
        number = ".".join(map(str, av.library_versions.get(name, ("unknown",))))
        yield {"installed": name, "version": number, "": "of FFmpeg, inside PyAV"}
    for name, purpose in ENCODERS.items():
        there = name in av.codecs_available
        yield {"installed": name, "version": "yes" if there else "missing", "": purpose}


def machine() -> Iterator[dict[str, str]]:
    """Processor, memory, GPU."""
    import psutil

    from pipeline.inference.engines.machine import cpu_model, threads

    yield {"machine": "system", "": platform.platform()}
    yield {"machine": "processor", "": cpu_model()}
    yield {"machine": "", "": f"{os.cpu_count()} logical cores; networks get {threads()} threads"}
    yield {"machine": "", "": " ".join(features()) or "its units are told by Linux alone"}
    memory = psutil.virtual_memory()
    free, total = memory.available / GIGABYTE, memory.total / GIGABYTE
    yield {"machine": "memory", "": f"{total:.1f} GB, {free:.1f} GB of it free"}
    yield {"machine": "GPU", "": gpu()}


def features() -> list[str]:
    """Those of FEATURES that the processor has; empty where the system does not tell."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    found = (line for line in lines if line.startswith(("flags", "Features")))
    flags = set(next(found, "").partition(":")[2].split())
    return [feature for feature in FEATURES if feature in flags]


def gpu() -> str:
    """The GPU that would be used, or why none is."""
    from pipeline.inference.engines.machine import has_cuda, is_installed

    if not has_cuda():
        return "none: no NVIDIA driver here, or it sees no GPU"
    if not is_installed("torch"):
        return "there is one, but PyTorch is missing: pip install 'clearscene[train]'"
    import torch

    if torch.version.cuda is None:
        return f"there is one, but PyTorch {torch.__version__} is built without CUDA"
    if not torch.cuda.is_available():
        return f"there is one, but PyTorch {torch.__version__} cannot use it; its driver may be old"
    names = [torch.cuda.get_device_name(place) for place in range(torch.cuda.device_count())]
    return f"{', '.join(names)} (CUDA {torch.version.cuda})"


def missing_device(device: str) -> str | None:
    """Why a device that was asked for cannot be used; None if it can."""
    from pipeline.inference.engines.machine import is_installed

    kind, _, number = device.partition(":")
    if kind == "cpu" and not number:
        return None
    if kind not in ("cuda", "mps") or (number and not number.isdigit()):
        return "there is no such device; name cpu, cuda, cuda:1, … or mps"
    if not is_installed("torch"):
        return "needs PyTorch: pip install 'clearscene[train]'"
    import torch

    if kind == "mps":
        return None if torch.backends.mps.is_available() else "no Apple GPU here"
    if not torch.cuda.is_available():
        return gpu()
    count = torch.cuda.device_count()
    return None if int(number or 0) < count else f"there are {count}, counted from 0"
