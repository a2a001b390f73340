"""The machine that a run is on: what is installed, and how busy it is."""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
from collections import deque
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.tracking.store import tracking_uri

log = logging.getLogger(__name__)

MOST_SAMPLES = 10_000
"""A day of them: kept until the next epoch ends, when they are sent."""
PATIENCE = 5.0
"""Seconds that a measurement under way may hold up the end of a run."""


def environment() -> str:
    """Python, system, processor, GPUs and packages, one a line; it names no machine."""
    machine = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "gpu": ", ".join(_gpus()) or "none",
    }
    packages = {f"{one.name}=={one.version}" for one in distributions()}
    lines = [*(f"{key}: {value}" for key, value in machine.items()), ""]
    return "\n".join([*lines, *sorted(packages, key=str.lower), ""])


def _processor() -> str:
    """As people call it, where the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    names = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    return names[0].strip() if names else platform.processor() or platform.machine()


def _gpus() -> Iterator[str]:
    import torch

    if torch.cuda.is_available():
        yield from map(torch.cuda.get_device_name, range(torch.cuda.device_count()))


class Sample(NamedTuple):
    """Load of the machine, by name.

    Attributes:
        milliseconds: Since 1970.
        second: Since the measuring began.
    """

    milliseconds: int
    second: int
    values: dict[str, float]


class Load:
    """Measures processors, memory, disk, network and GPUs in a thread of its own.

    MLflow's own thread also speaks to the store: the end of a run would wait for a server that
    does not answer, and a short run would leave nothing. Here the thread measures and no more.

    Args:
        monitor: MLflow's `SystemMetricsMonitor`: what it measures with, and how often.
    """

    def __init__(self, monitor: Any) -> None:
        self._monitor = monitor
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="load", daemon=True)
        self._began = time.time()
        self._thread.start()

    @classmethod
    def of_run(cls, run_id: str) -> Load | None:
        """Begin to measure for a run; None on a machine that cannot be measured."""
        logging.getLogger("mlflow.system_metrics").setLevel(logging.ERROR)
        try:
            from mlflow.system_metrics import system_metrics_monitor as mlflows

            make: Any = mlflows.SystemMetricsMonitor  # untyped
            return cls(make(run_id, tracking_uri=tracking_uri()))
        except Exception as problem:  # noqa: BLE001 - drivers raise what they like
            log.info("the load of this machine is not measured: %s", problem)
            return None

    def gathered(self) -> Iterator[Sample]:
        """What was measured since it was last asked."""
        while self._samples:
            yield self._samples.popleft()

    def stop(self) -> None:
        """End with a last sample."""
        self._over.set()
        self._thread.join(PATIENCE)

    def _watch(self) -> None:
        try:
            self._measured()  # how busy processors are is measured from one time to the next
            while not self._over.wait(self._monitor.sampling_interval):
                self._samples.append(self._measured())
            self._samples.append(self._measured())
        except Exception as problem:  # noqa: BLE001 - drivers raise what they like
            log.info("the load of this machine is not measured any more: %s", problem)

    def _measured(self) -> Sample:
        now = time.time()
        self._monitor.collect_metrics()
        values = self._monitor.aggregate_metrics()
        for monitor in self._monitor.monitors:
            monitor.clear_metrics()
        return Sample(int(now * 1000), int(now - self._began), values)
