"""Memory that stays flat under load."""

from __future__ import annotations

import ctypes
import sys

import psutil

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # of mallopt(3), malloc.h of glibc

_MAPPED_FROM = 4 * 2**20
"""Bytes from which on a block is mapped by itself, and goes back when it is freed: pictures do, the
many planes of a webcam's frame do not. With half a megabyte a frame took 144 ms in place of 80."""


def keep_flat() -> None:
    """Let glibc give memory back, where it is the allocator; elsewhere do nothing.

    By default each thread gets its own heaps, up to eight for each core, and the size from which on
    a block is mapped by itself grows with use: freed pictures then stay with the process.
    """
    if (libc := _glibc()) is not None:
        libc.mallopt(_ARENA_MAX, 2)
        libc.mallopt(_MMAP_THRESHOLD, _MAPPED_FROM)


def give_back() -> None:
    """Return free memory to the system, where glibc is the allocator."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def resident_bytes() -> int:
    """Memory of this process."""
    return int(psutil.Process().memory_info().rss)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
