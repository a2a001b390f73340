"""Published weights by torchvision's own loader: cached, hash checked, clear when offline."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from urllib.error import HTTPError

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from pipeline.errors import PipelineError


def imagenet_state(encoder: str, url: str | None = None) -> dict[str, Tensor]:
    """The ImageNet state dict of a torchvision classifier; see `pretrained_state`.

    Args:
        encoder: Name of the torchvision model, such as `resnet50`.
        url: Another address of the same kind of file.
    """
    return pretrained_state(encoder, "IMAGENET1K_V1", "set pretrained: false", url)


def pretrained_state(
    model: str, weights: str, otherwise: str, url: str | None = None
) -> dict[str, Tensor]:
    """A state dict that torchvision publishes, from the cache or by download.

    The cache is torch.hub's (`TORCH_HOME`, else `~/.cache/torch`); a file that is already there
    is used without network. The hash in the file's name is checked after a download.

    Args:
        model: Name of the torchvision model.
        weights: Name of its set of weights, such as `COCO_V1`.
        otherwise: What a user can do without them, for the error's text.
        url: Another address of the same kind of file; its name must end in `-<hash>.pth`.

    Raises:
        PipelineError: It could not be fetched, or what came has another hash.
    """
    address = url or get_model_weights(model)[weights].url
    cached = Path(torch.hub.get_dir()) / "checkpoints" / address.rpartition("/")[2]
    was_cached = cached.exists()
    try:
        state: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            address, check_hash=True, weights_only=True, map_location="cpu"
        )
    except (OSError, HTTPException) as problem:  # URLError and time-outs are OSErrors
        if isinstance(problem, HTTPError):
            problem.close()
        raise PipelineError(
            f"pretrained weights of {model} could not be fetched from {address} "
            f"({_one_line(problem)}); go online, put the file into {cached.parent}, "
            f"or {otherwise}"
        ) from None
    except (RuntimeError, EOFError, UnpicklingError) as problem:
        remedy = f"delete {cached} and try again" if was_cached else "try again"
        raise PipelineError(
            f"pretrained weights of {model} from {cached if was_cached else address} "
            f"are damaged ({_one_line(problem)}); {remedy}"
        ) from None
    return state


def _one_line(problem: Exception) -> str:
    return (" ".join(str(problem).split()) or type(problem).__name__)[:200]
