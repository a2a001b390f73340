"""Layers as Keras computes them, where PyTorch's own would differ.

- An even kernel with 'same' padding: the odd pixel lies on the right and the bottom.
- BatchNorm: ε 1e-3, and a momentum that is the share kept, not the share replaced.
- Weights are drawn by Glorot & Bengio (uniform), biases begin at zero.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MOMENTUM = 0.8
"""In Keras' terms; the reference system's."""
EPSILON = 1e-3
ADAM_EPSILON = 1e-7
"""Of Keras' Adam."""


class SameConv2d(nn.Conv2d):
    """A convolution with 'same' padding: H×W → H/stride × W/stride.

    The sides of what comes in must be multiples of the stride.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        total = max(kernel - stride, 0)
        before, after = total // 2, total - total // 2
        # PyTorch 2.15 corrupts memory on the CPU in a 1×1 convolution with a stride, few channels
        # and channels last: the pixels that it would skip are left out before.
        self.skip = stride if kernel == 1 else 1
        super().__init__(inputs, outputs, kernel, stride // self.skip, padding=before)
        self.after = after - before
        glorot(self)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×D×H/stride×W/stride."""
        if self.skip > 1:
            x = x[..., :: self.skip, :: self.skip]
        if not self.after:
            return super().forward(x)
        # The convolution pads both sides alike; only what the far sides have more is copied in.
        return super().forward(functional.pad(x, (0, self.after, 0, self.after)))


class UpsampledConv2d(SameConv2d):
    """Upsampling ×2 by repetition, then a 'same' convolution, computed on the small map.

    Odd and even rows (and columns) of the large map each see the small one through a kernel of
    their own: taps of the given kernel that meet the same small pixel are added up (Shi et al.,
    2016, https://arxiv.org/abs/1609.05158, has the rearrangement). The same function, its borders
    too; for kernel 4 with 9 multiplications a pixel instead of 16, and no large copy of the input.
    """

    taps: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel)
        before = (kernel - 1) // 2
        first, last = -before // 2, (kernel - before) // 2  # small pixels that are met, from here
        taps = torch.zeros(2, kernel, last - first + 1)
        for parity in range(2):
            for tap in range(kernel):
                taps[parity, tap, (parity + tap - before) // 2 - first] = 1
        self.register_buffer("taps", taps, persistent=False)
        self.before, self.more = -first, last + first

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×D×2H×2W."""
        assert self.bias is not None
        kernels = torch.einsum("dcij,aim,bjn->dabcmn", self.weight, self.taps, self.taps)
        if self.more > 0:
            x = functional.pad(x, (0, self.more, 0, self.more))
        parities = functional.conv2d(  # N×4D×H×W
            x, kernels.flatten(0, 2), self.bias.repeat_interleave(4), padding=self.before
        )
        return functional.pixel_shuffle(parities, 2)


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """BatchNorm with Keras' ε and the momentum of the reference system."""
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=1 - MOMENTUM)


def glorot(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Draw the weights of a fresh layer anew."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
