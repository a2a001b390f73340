"""What runs a network: PyTorch, ONNX Runtime or OpenVINO, behind one interface.

Only the PyTorch engine imports PyTorch.
"""

from pipeline.inference.engines.engine import Batch, Engine
from pipeline.inference.engines.opening import AUTO, BACKENDS, open_engine

__all__ = ["AUTO", "BACKENDS", "Batch", "Engine", "open_engine"]
