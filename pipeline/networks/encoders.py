"""The ResNets inside our networks, under one set of names: torchvision's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

DEEPLAB = (
    (r"encoder\.stem\.0\.", "conv1."),
    (r"encoder\.stem\.1\.", "bn1."),
    (r"encoder\.conv2_first\.(\d)\.", r"layer1.\1."),
    (r"encoder\.conv3\.", "layer2."),
    (r"encoder\.conv4\.", "layer3."),
)
BODIES = ("backbone.body.", "encoder.")
"""What stands before torchvision's names in Mask R-CNN and in U-Nets."""
RESNET = re.compile(r"(conv1|bn1|layer\d)\.")


def translated(theirs: Mapping[str, Tensor], ours: Iterable[str]) -> dict[str, Tensor]:
    """A state dict with its encoder's tensors also under the names that another network has.

    Args:
        theirs: State dict of one of our networks.
        ours: Names in the state dict of another.
    """
    resnet = dict(_torchvision(theirs))
    names = {torchvision: name for name in ours if (torchvision := _torchvision_name(name))}
    return {**theirs, **{names[name]: tensor for name, tensor in resnet.items() if name in names}}


def _torchvision(state: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor]]:
    for name, tensor in state.items():
        found = _torchvision_name(name)
        if found:
            yield found, tensor


def _torchvision_name(name: str) -> str | None:
    """`layer3.0.conv1.weight` for `encoder.conv4.0.conv1.weight`; None outside an encoder."""
    rest = re.match(r"encoder\.conv2_rest\.(\d)\.(.*)", name)
    if rest:
        return f"layer1.{int(rest[1]) + 2}.{rest[2]}"
    for pattern, replacement in DEEPLAB:
        if re.match(pattern, name):
            return re.sub(pattern, replacement, name)
    for body in BODIES:
        if name.startswith(body) and RESNET.match(name.removeprefix(body)):
            return name.removeprefix(body)
    return None
