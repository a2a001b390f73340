"""ImageNet weights by torchvision's own loader: cached, hash checked, clear when offline."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from pipeline.errors import PipelineError


def imagenet_state(encoder: str, url: str | None = None) -> dict[str, Tensor]:
    """The ImageNet state dict of a torchvision classifier, from the cache or by download.

    The cache is torch.hub's (`TORCH_HOME`, else `~/.cache/torch`); a file that is already there
    is used without network. The hash in the file's name is checked after a download.

    Args:
        encoder: Name of the torchvision model, such as `resnet50`.
        url: Another address of the same kind of file; its name must end in `-<hash>.pth`.

    Raises:
        PipelineError: It could not be fetched, or what came has another hash.
    """
    address = url or get_model_weights(encoder)["IMAGENET1K_V1"].url
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    try:
        state: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            address, check_hash=True, weights_only=True, map_location="cpu"
        )
    except (URLError, TimeoutError, ConnectionError) as problem:
        raise PipelineError(
            f"pretrained weights of {encoder} could not be fetched from {address} "
            f"({getattr(problem, 'reason', problem)}); go online, put the file into {cache}, "
            "or set pretrained: false"
        ) from None
    except RuntimeError as problem:  # torch.hub's word for a wrong hash
        raise PipelineError(
            f"pretrained weights of {encoder} from {address} are damaged ({problem}); try again"
        ) from None
    return state
