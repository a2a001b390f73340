"""The shadow of an inserted object: attention, generator with refinement, discriminator.

Liu, Long, Zhang, Yu, Dong, Fan: ARShadowGAN: Shadow Generative Adversarial Network for Augmented
Reality in Single Light Scenes, CVPR 2020, https://doi.org/10.1109/CVPR42600.2020.00816
Ledig et al.: Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial
Network (SRGAN), CVPR 2017, https://arxiv.org/abs/1609.04802

Differences from the paper (they are those of the ARShadowGAN-like system that this follows):
- attention and generator are two U-Nets trained apart, each with a ResNet encoder, where the paper
  has one attention decoder per map, and residual U-Net blocks;
- refinement begins at the decoder's 16 channels, not at the coarse shadow, and each of its blocks
  is BatchNorm, ReLU and one convolution;
- the discriminator is SRGAN's, cut to four stages, with a map of scores in place of the dense
  layers; it sees the picture alone, not the masks beside it.

Differences from that system: with ImageNet weights its first convolution is new, ours keeps them
for each channel in turn, scaled to the same sum (as segmentation-models-pytorch does).

Letters in shape comments: N pictures, H×W their size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

STRIDE = 32
DECODER = 16
"""Channels that the decoder ends with."""
STAGES = (1, 2, 4, 8)
"""Channels of the discriminator's stages, in multiples of the first one's."""


class UNet(nn.Module):
    """A ResNet encoder with a decoder of skips, 256 → 128 → 64 → 32 → 16 channels; no head.

    Args:
        encoder: `resnet18` to `resnet101`.
        channels: Of the input.
        imagenet: State dict of that ResNet as a classifier; random weights without it.
    """

    def __init__(
        self, encoder: str, channels: int, imagenet: Mapping[str, Tensor] | None = None
    ) -> None:
        super().__init__()
        unet = smp.Unet(encoder, encoder_weights=None, in_channels=channels)
        self.encoder, self.decoder = unet.encoder, unet.decoder
        self.channels = channels
        if imagenet is not None:
            self.encoder.load_state_dict(
                {**imagenet, "conv1.weight": widened(imagenet["conv1.weight"], channels)}
            )

    def decode(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×16×H×W.

        Raises:
            ValueError: Another number of channels, or H or W is not a multiple of 32.
        """
        _check_input(x, self.channels)
        decoded: Tensor = self.decoder(self.encoder(x))
        return decoded


class ShadowAttention(UNet):
    """Where the objects of a scene are that cast shadows, and where their shadows are."""

    def __init__(self, encoder: str, imagenet: Mapping[str, Tensor] | None = None) -> None:
        super().__init__(encoder, 4, imagenet)
        self.head = nn.Conv2d(DECODER, 2, 3, padding=1)
        nn.init.xavier_uniform_(self.head.weight)  # as segmentation-models-pytorch begins
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Scene and mask of the inserted object → probabilities of occluders and their shadows.

        Args:
            x: N×4×H×W in [0, 1]: float RGB, then the mask.

        Returns:
            N×2×H×W in [0, 1].
        """
        # bf16 has no number between 0.996 and 1, where the sigmoid would be flat.
        return torch.sigmoid(self.head(self.decode(x)).float())


class CastShadow(NamedTuple):
    """What is added to a scene in [−1, 1]: before refinement and after it, each N×3×H×W."""

    coarse: Tensor
    refined: Tensor


class ShadowGenerator(UNet):
    """The shadow that an inserted object casts, as a difference of colours.

    Args:
        encoder: See UNet.
        refinement_blocks: Four in the paper.
        imagenet: See UNet.
    """

    def __init__(
        self,
        encoder: str,
        refinement_blocks: int = 4,
        imagenet: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__(encoder, 6, imagenet)
        self.coarse = nn.Conv2d(DECODER, 3, 3, padding=1)
        self.refinement = nn.Sequential(*(refinement() for _ in range(refinement_blocks)))
        self.refined = nn.Conv2d(DECODER, 3, 3, padding=1)

    def forward(self, x: Tensor) -> CastShadow:
        """Scene and masks → shadow; the picture with it is scene + shadow.

        Args:
            x: N×6×H×W in [−1, 1]: float RGB, then the masks of the inserted object, of the
                occluders that are there already, and of their shadows.
        """
        decoded = self.decode(x)  # N×16×H×W
        coarse = self.coarse(decoded)  # N×3×H×W
        return CastShadow(coarse, self.refined(self.refinement(decoded)))


def refinement() -> nn.Sequential:
    """BatchNorm, ReLU, 3×3 convolution, 16 channels all the way (Liu et al., figure 5)."""
    return nn.Sequential(
        nn.BatchNorm2d(DECODER), nn.ReLU(), nn.Conv2d(DECODER, DECODER, 3, padding=1)
    )


class SRGANDiscriminator(nn.Module):
    """How real each patch of a picture is; least squares, so without a sigmoid.

    Args:
        filters: Channels of the first stage (64 in SRGAN); the others have 2, 4, 8 times as many.
    """

    def __init__(self, filters: int = 64) -> None:
        super().__init__()
        outputs = [filters * factor for factor in STAGES]
        self.stages = nn.Sequential(
            *(
                discriminator_stage(*ends, first=not place)
                for place, ends in enumerate(zip([3, *outputs], outputs, strict=False))
            )
        )
        self.head = nn.Conv2d(outputs[-1], 1, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Float RGB in [−1, 1], N×3×H×W → scores N×1×H/16×W/16, 1 for real, 0 for made.

        Raises:
            ValueError: Not N×3×H×W.
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3:
            raise ValueError(
                f"expected float RGB of shape N×3×H×W, got {tuple(pictures.shape)}; "
                "permute H×W×3 to 3×H×W and add the batch dimension"
            )
        scores: Tensor = self.head(self.stages(pictures))
        return scores


def discriminator_stage(inputs: int, outputs: int, first: bool) -> nn.Sequential:
    """Two 3×3 convolutions, the second one halves; no BatchNorm behind the very first."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        *(() if first else (nn.BatchNorm2d(outputs),)),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(outputs, outputs, 3, stride=2, padding=1),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.2, inplace=True),
    )


def widened(weight: Tensor, channels: int) -> Tensor:
    """A first convolution C×3×k×k for more channels, its colours repeated, its sum kept."""
    turns = [channel % weight.shape[1] for channel in range(channels)]
    return weight[:, turns] * (weight.shape[1] / channels)


def _check_input(x: Tensor, channels: int) -> None:
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(
            f"expected N×{channels}×H×W, RGB and then {channels - 3} masks, got {tuple(x.shape)}; "
            "concatenate them along the channels, batch dimension first"
        )
    height, width = x.shape[-2:]
    if height % STRIDE or width % STRIDE or not height or not width:
        raise ValueError(
            f"height and width must be multiples of {STRIDE}, got {height}×{width}; "
            f"resize or pad to {-(-height // STRIDE) * STRIDE}×{-(-width // STRIDE) * STRIDE}"
        )
