"""Generator of the car removal system: U-Nets side by side that paint a car out of its picture.

A system without a paper, told with its code in the text "Removing a car from video" (Russian;
`alnibl/Portfolio`, GAN_7). Its parts are those of
Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI
2015, https://arxiv.org/abs/1505.04597

Differences from that system:
- the number of branches, their kernels, and the number of levels are arguments (there: two, 4 and
  2, seven); the first branch shrinks by strided convolutions, every other by pooling;
- the transposed head, told for kernel 2 alone, has the branch's kernel, but at least 2: a smaller
  one would leave three of four pixels without an input;
- with `predict_mask`, heads and output have a fourth channel: an alpha of what is painted, so
  that all other ground stays as it came. It is not there.

Layers, their order (activation before BatchNorm), and first weights are Keras' (`keras_layers`).

Letters in shape comments: N pictures, H×W their size, K branches, F filters of the first level, C
channels of a head (3, or 4 with alpha).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.networks.keras_layers import SameConv2d, UpsampledConv2d, batch_norm, glorot

SLOPE = 0.2
WIDEST = 8
"""Channels grow from level to level up to this multiple of the first level's."""


class Removal(NamedTuple):
    """What the generator gives.

    Attributes:
        picture: N×3×H×W in [−1, 1], without the car: `painted`, or where there is an alpha what
            came in, with `painted` laid over it.
        painted: N×3×H×W in [−1, 1].
        alpha: N×1×H×W in [0, 1], how far each pixel is painted over.
    """

    picture: Tensor
    painted: Tensor
    alpha: Tensor | None


class Down(nn.Sequential):
    """Half the size: two convolutions with LeakyReLU, then BatchNorm.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Of both convolutions.
        pools: Shrink by pooling behind BatchNorm; else the second convolution has stride 2.
        norm: Have BatchNorm; without it there is no pooling either.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, pools: bool = False, norm: bool = True
    ) -> None:
        pools = pools and norm
        super().__init__(
            SameConv2d(inputs, outputs, kernel),
            nn.LeakyReLU(SLOPE, inplace=True),
            SameConv2d(outputs, outputs, kernel, stride=1 if pools else 2),
            nn.LeakyReLU(SLOPE, inplace=True),
            *([batch_norm(outputs)] if norm else []),
            *([nn.MaxPool2d(2)] if pools else []),
        )


class Up(nn.Sequential):
    """Twice the size: Upsample ×2 → Conv ReLU → Conv ReLU → [Dropout] → BatchNorm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dropout: float) -> None:
        super().__init__(
            UpsampledConv2d(inputs, outputs, kernel),
            nn.ReLU(inplace=True),
            SameConv2d(outputs, outputs, kernel),
            nn.ReLU(inplace=True),
            *([nn.Dropout(dropout)] if dropout else []),
            batch_norm(outputs),
        )


class TransposedConv2d(nn.ConvTranspose2d):
    """A transposed convolution that doubles the size, cut to it as Keras' 'same' does."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, stride=2)
        self.before = (kernel - 2) // 2
        glorot(self)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """N×C×h×w → N×D×2h×2w."""
        first, height, width = self.before, 2 * x.shape[-2], 2 * x.shape[-1]
        whole = super().forward(x, output_size)  # N×D×(2h + kernel − 2)×(2w + kernel − 2)
        return whole[..., first : first + height, first : first + width]


class Encoder(nn.Module):
    """The way down of one U-Net.

    Args:
        kernel: Of every convolution.
        widths: Channels of the levels.
        pools: Shrink by pooling, but for the first level; else by strides.
    """

    def __init__(self, kernel: int, widths: Sequence[int], pools: bool) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            Down(inputs, outputs, kernel, pools, norm=level > 0)
            for level, (inputs, outputs) in enumerate(pairwise([3, *widths]))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """N×3×H×W → the output of every level: N×F×H/2×W/2 … N×8F×H/128×W/128."""
        outputs = []
        for down in self.levels:
            x = down(x)
            outputs.append(x)
        return outputs


class Decoder(nn.Module):
    """The way up of one U-Net, beside the skips of its encoder, to a picture of its own.

    Args:
        kernel: Of every convolution.
        widths: Channels of the encoder's levels.
        channels: Of the head.
        transposed: End in a transposed convolution; else in an upsampling and a convolution.
        dropout: Share that is dropped; 0 leaves the layers out.
    """

    def __init__(
        self, kernel: int, widths: Sequence[int], channels: int, transposed: bool, dropout: float
    ) -> None:
        super().__init__()
        upwards = widths[-2::-1]  # of the skips, and of what goes beside each
        below = [widths[-1], *(2 * width for width in upwards)]
        self.levels = nn.ModuleList(
            Up(inputs, outputs, kernel, dropout)
            for inputs, outputs in zip(below[:-1], upwards, strict=True)
        )
        self.head = (
            TransposedConv2d(below[-1], channels, max(kernel, 2))
            if transposed
            else UpsampledConv2d(below[-1], channels, kernel)
        )

    def forward(self, bottom: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """N×8F×H/128×W/128, and the encoder's outputs from its last but one → N×C×H×W, tanh."""
        x = bottom
        for up, skip in zip(self.levels, reversed(skips), strict=True):
            x = torch.cat([up(x), skip], dim=1)  # N×16F×H/64×W/64 … N×2F×H/2×W/2
        return torch.tanh(self.head(x))


class RemovalGenerator(nn.Module):
    """Paints the car out of its picture.

    Args:
        kernels: One U-Net each.
        filters: F.
        levels: How often each halves the size.
        dropout: Share that is dropped in the decoders; 0 leaves the layers out.
        predict_mask: Also predict what is painted over, and leave the rest.
    """

    def __init__(
        self,
        kernels: Sequence[int] = (4, 2),
        filters: int = 32,
        levels: int = 7,
        dropout: float = 0.0,
        predict_mask: bool = False,
    ) -> None:
        super().__init__()
        first, channels = kernels[0], 4 if predict_mask else 3
        widths = [filters * min(2**level, WIDEST) for level in range(levels)]
        self.stride, self.predict_mask = 2**levels, predict_mask
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        for number, kernel in enumerate(kernels):
            self.encoders.append(Encoder(kernel, widths, pools=number > 0))
            self.decoders.append(Decoder(kernel, widths, channels, number > 0, dropout))
        self.fuse = nn.Sequential(
            SameConv2d(len(kernels) * widths[-1], widths[-1], first), nn.ReLU(inplace=True)
        )
        self.head = SameConv2d(len(kernels) * channels, channels, first)

    def forward(self, pictures: Tensor) -> Removal:
        """Float RGB in [−1, 1], N×3×H×W, without its car.

        Raises:
            ValueError: Not N×3×H×W, or H or W is not a multiple of 2^levels (128).
        """
        _check_input(pictures, self.stride)
        encoded = [encoder(pictures) for encoder in self.encoders]
        bottoms = torch.cat([levels[-1] for levels in encoded], dim=1)  # N×8KF×H/128×W/128
        bottom = self.fuse(bottoms)  # N×8F×H/128×W/128
        heads = [
            decoder(bottom, levels[:-1])  # N×C×H×W
            for decoder, levels in zip(self.decoders, encoded, strict=True)
        ]
        output = self.head(torch.cat(heads, dim=1)).float()  # N×C×H×W
        painted = torch.tanh(output[:, :3])
        if not self.predict_mask:
            return Removal(painted, painted, None)
        alpha = torch.sigmoid(output[:, 3:])  # N×1×H×W
        return Removal(torch.lerp(pictures, painted, alpha), painted, alpha)


def _check_input(pictures: Tensor, stride: int) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(
            f"expected float RGB of shape N×3×H×W, got {tuple(pictures.shape)}; "
            "permute H×W×3 to 3×H×W and add the batch dimension"
        )
    height, width = pictures.shape[-2:]
    if height % stride or width % stride or not height or not width:
        raise ValueError(
            f"height and width must be multiples of {stride}, got {height}×{width}; "
            f"resize or pad to {-(-height // stride) * stride}×{-(-width // stride) * stride}"
        )
