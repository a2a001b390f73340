"""One function over many things, on the cores of this machine or of a cluster (section `parallel`).

joblib carries it; which backend, how many workers and where they are is a matter of parameters and
never of results: they come in the order of the things, and a function that is given all that it
needs gives the same bytes wherever it runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

import cv2
from joblib import Parallel, delayed, parallel_config

from pipeline.errors import UsageError
from pipeline.sections.parallel import ParallelSection

T = TypeVar("T")
R = TypeVar("R")

HERE = ParallelSection(backend="loky", workers=1, address="")
"""This process, without any other."""


def each(function: Callable[[T], R], things: Sequence[T], how: ParallelSection) -> Iterator[R]:
    """Results of `function` over `things`, in their order, as they come.

    Args:
        function: Of a module, or a `partial` of one, so that another process finds it. What it
            raises ends the work and is raised here.
        things: Any that can be pickled; paths must be absolute (workers have other folders).
        how: See `ParallelSection`.

    Raises:
        UsageError: The backend is not installed, or its scheduler does not answer.
    """
    workers = min(how.workers or os.cpu_count() or 1, max(1, len(things)))
    if how.backend == "loky" and workers == 1:
        yield from map(function, things)
        return
    work = partial(_alone_on_a_core, function)
    with _backend(how, workers):
        if how.backend == "ray":  # its pool cannot hand over results before all are there
            for start in range(0, len(things), _BLOCK * workers):
                block = things[start : start + _BLOCK * workers]
                yield from Parallel()(delayed(work)(thing) for thing in block)
        else:
            yield from Parallel(return_as="generator")(delayed(work)(thing) for thing in things)


_BLOCK = 64


def _alone_on_a_core(function: Callable[[T], R], thing: T) -> R:
    """One thread a worker: OpenCV would otherwise start as many as there are cores in each."""
    cv2.setNumThreads(1)
    return function(thing)


@contextmanager
def _backend(how: ParallelSection, workers: int) -> Iterator[None]:
    with ExitStack() as stack:
        match how.backend:
            case "dask":
                _dask(stack, how.address, workers)
            case "ray":
                _ray(stack, how.address, workers)
        stack.enter_context(parallel_config(how.backend, n_jobs=workers))
        yield


def _dask(stack: ExitStack, address: str, workers: int) -> None:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise _missing("dask") from None
    if not address:
        cluster = stack.enter_context(
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        )
        address = cluster.scheduler_address
    try:
        stack.enter_context(Client(address, timeout=_PATIENCE))
    except (OSError, ValueError) as problem:
        raise _silent(address, problem) from None


def _ray(stack: ExitStack, address: str, workers: int) -> None:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing("ray") from None
    register_ray()
    try:
        if address:
            ray.init(address=address, log_to_driver=False)
        else:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    except (ConnectionError, ValueError) as problem:
        raise _silent(address, problem) from None
    stack.callback(ray.shutdown)


_PATIENCE = 30
"""Seconds for a scheduler to answer."""


def _missing(backend: str) -> UsageError:
    return UsageError(
        f"parallel.backend: {backend} is not installed; `pip install -e '.[{backend}]'`, "
        "or set it to loky"
    )


def _silent(address: str, problem: Exception) -> UsageError:
    text = " ".join(str(problem).split())[:200]
    return UsageError(
        f"parallel.address: no scheduler answers at {address!r} ({text}); start it, or leave the "
        "address empty for a cluster of this machine alone"
    )
