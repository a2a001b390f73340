"""Importing runtimes that would tell their makers about it.

Pictures and their owners stay private: both runtimes report by default, and neither does here.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

OPENVINO_TELEMETRY = "openvino_telemetry"
"""Tells Google Analytics of every import of OpenVINO, and keeps an identity of the user."""

ORT_SWITCH = "ORT_DISABLE_TELEMETRY"
"""Keeps ONNX Runtime from starting Microsoft's uploader, and a database in the user's cache."""


def import_openvino() -> ModuleType:
    """OpenVINO, which does without its telemetry where that cannot be imported."""
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    sys.modules[OPENVINO_TELEMETRY] = None  # type: ignore[assignment]  # an import of it now fails
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[OPENVINO_TELEMETRY]


def import_onnxruntime() -> ModuleType:
    """ONNX Runtime without telemetry; it reads the switch once, when it is imported."""
    os.environ[ORT_SWITCH] = "1"
    runtime = importlib.import_module("onnxruntime")
    runtime.disable_telemetry_events()  # builds for Windows may not know the switch
    return runtime
