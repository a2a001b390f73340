"""`shadow`: the shadow that an inserted object casts, as the objects around it cast theirs.

Data           Shadow-AR layout: the scene without and with the object's shadow, the masks of the
               object, of the true occluders and of their true shadows; squares of 256, [−1, 1];
               masks thresholded at 128; augmented as in `shadow_attention`
Architecture   U-Net, ResNet18 (ImageNet), 6 channels in; coarse shadow, four refinement blocks,
               refined shadow; the picture is scene + shadow
Discriminator  SRGAN's, 64 to 512 channels, a map of scores; or pix2pix' patches
Objective      10·L2 + 1·perceptual + 0.01·adversarial; L2 and perceptual (VGG16 relu3_3, pictures
               through a sigmoid first) on coarse and refined, adversarial on refined, least squares
Optimiser      Adam, generator 1e-4, discriminator 1e-6, batch 8; the generator's step comes first
Schedule       ReduceLROnPlateau(val_loss, ×0.9, patience 10) of the generator
Selected by    lowest val_loss: L2 and perceptual, without the adversarial term

Those are the values of the preset `web`; every one is a parameter. Factor and patience of the
schedule are those of his code. Its author validates on the test part; we keep a validation part.
The perceptual term is the mean of squares of his text and of the paper; the library in his code
sums over the 256 channels, so that `perceptual: 256` is what it computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Adam, Optimizer

from pipeline.datasets.shadows.files import learnt_files
from pipeline.datasets.shadows.scenes import ShadowSample, open_part
from pipeline.images import RGB
from pipeline.losses.adversarial import least_squares_discriminator, least_squares_generator
from pipeline.losses.perceptual import perceptual_loss
from pipeline.metrics.shadows import DARKER
from pipeline.networks.build import build
from pipeline.networks.discriminators import PatchDiscriminator
from pipeline.networks.features import vgg_features
from pipeline.networks.shadow import CastShadow, SRGANDiscriminator
from pipeline.params import Params, learning_rate
from pipeline.paths import SHADOW_SET
from pipeline.pretrained import imagenet_state
from pipeline.recipes.start import start_from
from pipeline.training.callbacks import PlateauSchedule
from pipeline.training.module import AdversarialRecipe, Datasets, Objective, Terms
from pipeline.training.pictures import to_pictures


class ShadowRecipe(AdversarialRecipe):
    """Everything about one trained network; see the top of the file."""

    name = "shadow"
    uses = ("inputs.shadows", "splits", "shadow_set")
    columns = ("without", "with", "truth")
    split = SHADOW_SET / "split.csv"
    discriminator_first = False

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        settings = params.networks.shadow
        self.params, self.settings, self.weights = params, settings, settings.weights
        self.frame = (settings.size, settings.size)
        self.lr = learning_rate(params.lr, settings.lr_scale)
        self.architecture = {
            "name": "shadow_generator",
            "encoder": settings.encoder,
            "refinement_blocks": settings.refinement_blocks,
        }
        imagenet = imagenet_state(settings.encoder) if settings.pretrained else None
        torch.manual_seed(params.seed)
        self.network = build({**self.architecture, "imagenet": imagenet})
        filters = settings.discriminator_filters
        self.discriminator = (
            SRGANDiscriminator(filters)
            if settings.discriminator == "srgan"
            else PatchDiscriminator(inputs=3, filters=filters)
        )
        if self.weights.perceptual:
            self.features = vgg_features("vgg16", "relu3_3", imagenet_state("vgg16"), True)
        start_from(self.network, settings.checkpoint)

    def datasets(self) -> Datasets:
        size, augmentation = self.settings.size, self.settings.augmentation
        return Datasets(
            open_part(self.split, "train", size, -1, augmentation, self.params.seed),
            open_part(self.split, "val", size, -1),
        )

    def reads(self) -> Iterable[Path]:
        return learnt_files(self.split)

    def objective(self, batch: ShadowSample) -> Objective:
        """L2 and perceptual term of both pictures, and the refined one N×3×H×W in [−1, 1]."""
        inputs = [batch.scene, batch.inserted, batch.occluders, batch.shadows]
        cast: CastShadow = self.network(torch.cat(inputs, dim=1))
        pictures = [batch.scene + shadow.float() for shadow in cast]
        terms = {}
        if self.weights.l2:
            losses = [functional.mse_loss(picture, batch.shadowed) for picture in pictures]
            terms["l2"] = self.weights.l2 * torch.stack(losses).sum()
        if self.weights.perceptual:
            losses = [self._perceptual(picture, batch.shadowed) for picture in pictures]
            terms["perceptual"] = self.weights.perceptual * torch.stack(losses).sum()
        return Objective(terms, pictures[-1])

    def _perceptual(self, ours: Tensor, truth: Tensor) -> Tensor:
        return perceptual_loss(self.features, ours.sigmoid(), truth.sigmoid())

    @property
    def is_adversarial(self) -> bool:
        return self.weights.adversarial > 0

    def fool_terms(self, batch: ShadowSample, output: Tensor) -> Terms:
        self._fakes = output.detach()
        verdict = self.discriminator(output)
        return {"adversarial": self.weights.adversarial * least_squares_generator(verdict)}

    def discriminator_terms(self, batch: ShadowSample) -> Terms:
        """On the very fakes that the generator's step has just made."""
        return least_squares_discriminator(
            self.discriminator(batch.shadowed), self.discriminator(self._fakes)
        )

    def scores(self, batch: ShadowSample, output: Tensor) -> Sequence[dict[str, float]]:
        """Error inside the true shadow, in levels of 255; nothing where there is none."""
        darker = (batch.scene - batch.shadowed).abs().amax(dim=1) > DARKER / 127.5
        squares = 127.5**2 * (output.clamp(-1, 1) - batch.shadowed).square().mean(dim=1)
        return [
            {"rmse_inside": float(square[inside].mean().sqrt())} if inside.any() else {}
            for square, inside in zip(squares, darker, strict=True)
        ]

    def preview(self, batch: ShadowSample) -> list[list[RGB]]:
        pictures = batch.scene, self.objective(batch).output, batch.shadowed
        columns = [to_pictures(picture, low=-1) for picture in pictures]
        return [list(row) for row in zip(*columns, strict=True)]

    def configure_optimizers(self) -> list[Optimizer]:
        scale = self.settings.lr_scale * self.settings.discriminator_lr_scale
        return [
            Adam(self.network.parameters(), lr=self.lr),
            Adam(self.discriminator.parameters(), lr=learning_rate(self.params.lr, scale)),
        ]

    def configure_callbacks(self) -> list[Any]:
        plateau = self.settings.plateau
        return [PlateauSchedule(plateau.factor, plateau.patience, plateau.min_lr, True)]
