"""DeepLabV3+, with or without squeeze-and-excite, for binary segmentation.

Chen, Zhu, Papandreou, Schroff, Adam: Encoder-Decoder with Atrous Separable Convolution for
Semantic Image Segmentation, ECCV 2018, https://arxiv.org/abs/1802.02611
Hu, Shen, Sun: Squeeze-and-Excitation Networks, CVPR 2018, https://arxiv.org/abs/1709.01507

Differences from the paper (they are those of the person cutout system that this follows):
- the encoder is a plain ResNet cut after conv4 (stride 16, no dilation in conv5);
- plain 3×3 convolutions where the paper has separable ones;
- squeeze-and-excite on the concatenated features and again before the head;
- the last upsampling comes before the 1×1 head. That and the paper's order are one function: both
  are linear and bilinear weights sum to one, so they commute. It is computed in the paper's
  order, on a sixteenth of the pixels.

Differences from that system, which used Keras' ResNet50: torchvision's has no bias in its
convolutions, keeps the stride in the 3×3 convolution (v1.5), BatchNorm has ε 1e-5 and momentum
0.1 throughout (Keras: 0.01 in these terms), what is not pretrained begins as PyTorch begins, and
colours are standardised by ImageNet's mean and deviation, as torchvision's weights expect.
The squeeze-and-excite ratio was not told; 8, without biases, is the nearest public recipe.

Letters in shape comments: N pictures, H×W their size, C high-level and c low-level channels,
A the width of the pyramid and the decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet
from torchvision.models.resnet import Bottleneck

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
STRIDE = 16


def conv_bn_relu(inputs: int, outputs: int, kernel: int, rate: int = 1) -> nn.Sequential:
    """A 'same' convolution without bias, BatchNorm, ReLU."""
    padding = rate * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=rate, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class SqueezeExcite(nn.Module):
    """Weights channels by what the whole picture holds (Hu et al., section 3)."""

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        self.excite = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // ratio, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // ratio, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel of N×C×H×W by a weight in (0, 1)."""
        weighted: Tensor = x * self.excite(x)
        return weighted


class AtrousSpatialPyramidPooling(nn.Module):
    """Parallel views of one feature map at several rates (Chen et al., section 3.1)."""

    def __init__(self, inputs: int, width: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), *conv_bn_relu(inputs, width, 1))
        self.point = conv_bn_relu(inputs, width, 1)
        self.atrous = nn.ModuleList(conv_bn_relu(inputs, width, 3, rate) for rate in rates)
        self.project = conv_bn_relu((2 + len(rates)) * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×h×w → N×A×h×w."""
        pooled = self.pooling(x).expand(-1, -1, *x.shape[-2:])  # N×A×h×w
        views = [pooled, self.point(x), *(branch(x) for branch in self.atrous)]
        projected: Tensor = self.project(torch.cat(views, dim=1))
        return projected


class Features(NamedTuple):
    """What the encoder hands over: low-level at stride 4, high-level at stride 16."""

    low: Tensor
    high: Tensor


class ResNetEncoder(nn.Module):
    """A ResNet up to conv4, with the output of the second block of conv2 on the side.

    Args:
        resnet: Any torchvision ResNet; its conv5 and classifier are left out.
    """

    def __init__(self, resnet: ResNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu, resnet.maxpool)
        self.conv2_first = resnet.layer1[:2]
        self.conv2_rest = resnet.layer1[2:]
        self.conv3, self.conv4 = resnet.layer2, resnet.layer3
        self.low_channels = _out_channels(resnet.layer1)
        self.high_channels = _out_channels(resnet.layer3)

    def forward(self, x: Tensor) -> Features:
        """N×3×H×W → low N×c×H/4×W/4, high N×C×H/16×W/16."""
        low = self.conv2_first(self.stem(x))
        return Features(low, self.conv4(self.conv3(self.conv2_rest(low))))


def _out_channels(stage: nn.Sequential) -> int:
    block = stage[-1]
    last = block.conv3 if isinstance(block, Bottleneck) else block.conv2
    assert isinstance(last, nn.Conv2d)
    return last.out_channels


class DeepLabV3Plus(nn.Module):
    """Probability of every pixel to belong to the subject.

    Args:
        encoder: See ResNetEncoder.
        width: Channels of pyramid and decoder (256 in the paper).
        low_width: Channels that the low-level features are reduced to (48 in the paper).
        rates: Atrous rates at stride 16.
        se_ratio: Reduction inside the squeeze-and-excite blocks; 0 leaves them out.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        encoder: ResNetEncoder,
        width: int = 256,
        low_width: int = 48,
        rates: Sequence[int] = (6, 12, 18),
        se_ratio: int = 8,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.encoder = encoder
        self.aspp = AtrousSpatialPyramidPooling(encoder.high_channels, width, rates)
        self.reduce_low = conv_bn_relu(encoder.low_channels, low_width, 1)
        refine: list[nn.Module] = [
            conv_bn_relu(width + low_width, width, 3), conv_bn_relu(width, width, 3)
        ]  # fmt: skip
        if se_ratio:
            refine = [
                SqueezeExcite(width + low_width, se_ratio), *refine, SqueezeExcite(width, se_ratio)
            ]  # fmt: skip
        self.decoder = nn.Sequential(*refine)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map float RGB in [0, 1], N×3×H×W, to probabilities in [0, 1], N×1×H×W.

        Raises:
            ValueError: Not N×3×H×W, or H or W is not a multiple of 16.
        """
        _check_input(pictures)
        low, high = self.encoder((pictures - self.mean) / self.std)  # N×c×H/4×W/4, N×C×H/16×W/16
        context = upsample(self.aspp(high))  # N×A×H/4×W/4
        merged = torch.cat([context, self.reduce_low(low)], dim=1)  # N×(A+48)×H/4×W/4
        scores = upsample(self.head(self.decoder(merged)))  # N×1×H×W
        return torch.sigmoid(scores.float())  # bf16 has no number between 0.996 and 1


def upsample(x: Tensor) -> Tensor:
    """Enlarge four times, bilinear, pixel centres aligned as Keras' UpSampling2D does."""
    return functional.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)


def _check_input(pictures: Tensor) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(
            f"expected float RGB of shape N×3×H×W, got {tuple(pictures.shape)}; "
            "permute H×W×3 to 3×H×W and add the batch dimension"
        )
    height, width = pictures.shape[-2:]
    if height % STRIDE or width % STRIDE or not height or not width:
        raise ValueError(
            f"height and width must be multiples of {STRIDE}, got {height}×{width}; "
            f"resize or pad to {-(-height // STRIDE) * STRIDE}×{-(-width // STRIDE) * STRIDE}"
        )
