"""Networks: the order of a head's layers, and a training step in three ways."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.losses.segmentation import dice_loss
from pipeline.networks.build import deeplab_v3_plus
from pipeline.networks.deeplab import DeepLabV3Plus, upsample
from tests.benchmarks.measure import Timing, compare


def head_order() -> list[Timing]:
    torch.manual_seed(0)
    network = deeplab_v3_plus("resnet18", 256, 48, 8)
    decoded = torch.rand(2, 256, 64, 64)
    with torch.inference_mode():
        return compare(
            "head of 256 channels, 64x64 to 256x256",
            {
                "upsample, then 1x1": lambda: network.head(upsample(decoded)),
                "1x1, then upsample": lambda: upsample(network.head(decoded)),
            },
            rounds=15,
        )


def training_step(channels_last: bool, bf16: bool) -> Callable[[], None]:
    torch.manual_seed(0)
    network: DeepLabV3Plus = deeplab_v3_plus("resnet18", 64, 24, 8)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    pictures = torch.rand(16, 3, 128, 128)
    masks: Tensor = (torch.rand(16, 1, 128, 128) > 0.5).float()
    optimiser = torch.optim.Adam(network.parameters())

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            probability = network(pictures)
        dice_loss(probability, masks)["dice"].backward()
        optimiser.step()

    return step


def training_steps() -> list[Timing]:
    return compare(
        "training step of the demo's person_se, batch 16",
        {
            "float32": training_step(False, False),
            "float32, channels last": training_step(True, False),
            "bf16, channels last": training_step(True, True),
        },
        rounds=7,
    )
