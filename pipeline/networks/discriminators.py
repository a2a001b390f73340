"""Discriminators: networks that tell real pictures from made ones, at every place.

`UNetDiscriminator` is that of the car removal system that this follows (its author calls it a
cut-down version of the generator): one verdict a pixel. Differences from it: it gives logits,
whose sigmoid is the system's output, because the cross-entropy of logits is exact in half
precision too.

`PatchDiscriminator`: Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional
Adversarial Networks, CVPR 2017, https://arxiv.org/abs/1611.07004, section 3.2.2 and appendix 6.1.2
(C64-C128-C256-C512, receptive field 70×70). Differences from the paper: it gives logits; a
convolution before BatchNorm has no bias, as in its authors' later code.

Letters in shape comments: N pictures, C channels of a picture and what it is compared with,
H×W their size, F filters of the first block.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.networks.keras_layers import SameConv2d, UpsampledConv2d, batch_norm

SLOPE = 0.2
STRIDE = 16
PATCH = 32
"""The smallest side that `PatchDiscriminator` has a verdict on."""


class Down(nn.Sequential):
    """Half the size: Conv(k4, s2) → LeakyReLU → BatchNorm (none in the first)."""

    def __init__(self, inputs: int, outputs: int, norm: bool = True) -> None:
        super().__init__(
            SameConv2d(inputs, outputs, 4, stride=2),
            nn.LeakyReLU(SLOPE, inplace=True),
            *([batch_norm(outputs)] if norm else []),
        )


class Up(nn.Sequential):
    """Twice the size: Upsample ×2 → Conv(k4) → ReLU → BatchNorm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            UpsampledConv2d(inputs, outputs, 4),
            nn.ReLU(inplace=True),
            batch_norm(outputs),
        )


class UNetDiscriminator(nn.Module):
    """How real each pixel looks, as logits.

    Args:
        inputs: Channels of picture and reference together.
        filters: Channels of the first level; the next have 2, 4, 8 times as many.
    """

    def __init__(self, inputs: int = 6, filters: int = 32) -> None:
        super().__init__()
        f1, f2, f4, f8 = filters, 2 * filters, 4 * filters, 8 * filters
        self.inputs = inputs
        self.down = nn.ModuleList(
            [Down(inputs, f1, norm=False), Down(f1, f2), Down(f2, f4), Down(f4, f8)]
        )
        self.up = nn.ModuleList([Up(f8, f8), Up(f8 + f4, f8), Up(f8 + f2, f8)])
        self.head = UpsampledConv2d(f8 + f1, 1, 4)

    def forward(self, pictures: Tensor) -> Tensor:
        """N×C×H×W → N×1×H×W.

        Raises:
            ValueError: Not N×C×H×W, or H or W is not a multiple of 16.
        """
        _check_channels(pictures, self.inputs)
        _check_multiple(pictures)
        x, skips = pictures, []
        for down in self.down:
            x = down(x)  # N×F×H/2×W/2, N×2F×H/4×W/4, N×4F×H/8×W/8, N×8F×H/16×W/16
            skips.append(x)
        for up, skip in zip(self.up, skips[-2::-1], strict=True):
            x = torch.cat([up(x), skip], dim=1)  # N×(8+4)F×H/8×W/8 … N×(8+1)F×H/2×W/2
        logits: Tensor = self.head(x)
        return logits


class PatchDiscriminator(nn.Module):
    """How real each patch of 70×70 pixels looks, as logits.

    Args:
        inputs: Channels of picture and reference together.
        filters: Channels of the first block; the next have 2, 4, 8 times as many.
    """

    def __init__(self, inputs: int = 6, filters: int = 64) -> None:
        super().__init__()
        self.inputs = inputs
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, filters, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE, inplace=True),
            *_patch_block(filters, 2 * filters, stride=2),
            *_patch_block(2 * filters, 4 * filters, stride=2),
            *_patch_block(4 * filters, 8 * filters, stride=1),
            nn.Conv2d(8 * filters, 1, 4, padding=1),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):  # the paper's N(0, 0.02)
                nn.init.normal_(layer.weight, std=0.02)

    def forward(self, pictures: Tensor) -> Tensor:
        """N×C×H×W → N×1×(⌊H/8⌋ − 2)×(⌊W/8⌋ − 2), such as 30×30 for 256×256.

        Raises:
            ValueError: Not N×C×H×W, or a side shorter than 32.
        """
        _check_channels(pictures, self.inputs)
        _check_smallest(pictures)
        logits: Tensor = self.layers(pictures)
        return logits


def _patch_block(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    """Conv(k4) → BatchNorm → LeakyReLU."""
    return [
        nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(SLOPE, inplace=True),
    ]


def _check_channels(pictures: Tensor, inputs: int) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != inputs:
        raise ValueError(
            f"expected N×{inputs}×H×W, got {tuple(pictures.shape)}; concatenate the picture and "
            "what it is compared with along dimension 1"
        )


def _check_multiple(pictures: Tensor) -> None:
    height, width = pictures.shape[-2:]
    if height % STRIDE or width % STRIDE or not height or not width:
        raise ValueError(
            f"height and width must be multiples of {STRIDE}, got {height}×{width}; "
            f"resize or pad to {-(-height // STRIDE) * STRIDE}×{-(-width // STRIDE) * STRIDE}"
        )


def _check_smallest(pictures: Tensor) -> None:
    height, width = pictures.shape[-2:]
    if min(height, width) < PATCH:
        raise ValueError(
            f"height and width must be at least {PATCH}, got {height}×{width}; take larger pictures"
        )
