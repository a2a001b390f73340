"""`car_removal`: paints the car out of a picture, without being told where it is.

Data           pairs made on the fly: a background with a car pasted on it, and without, under the
               same weather; each background once an epoch; validation pairs, 48 or one for each of
               its backgrounds, are the same in every epoch
Architecture   two U-Nets side by side (kernels 4 and 2, 32 filters), against a discriminator that
               judges every pixel of (picture, truth)
Objective      1·BCE(D(G(x), y), 1) + 200·MSE(G(x), y) + 100·MSE(VGG19(G(x)), VGG19(y)), VGG19's
               last pooled block, frozen, fed with pictures in [−1, 1] as they are
               D: BCE with labels U(0.8, 1) for (y, y) and U(0, 0.2) for (G(x), y), mean of the two
Optimiser      Adam, 1e-4, β₁ 0.5, batch 8, for both; the discriminator steps first
Schedule       525 epochs; the author lowered the rate to 1e-5 by hand
Selected by    lowest val_loss: the objective without its adversarial term, which says nothing from
               one epoch to the next

Those are the values of the preset `web`; every one is a parameter. A term of weight 0 is not
computed. Where no term but the adversarial one is left, val_loss is the plain MSE of the pictures.

The fakes that the discriminator learns from come from the generator in inference mode, and it
judges for the generator in inference mode: both as the author's Keras code had it.

Not told, and chosen: selection (the author kept every epoch) and validation (there was none). Other
than there: VGG19's weights are torchvision's, which expect pictures of about the range they get
here; Keras' expect values up to 128, so its 100 weighs another thing. The text says the last
pooled block, a published version of the code says the convolution before it: the text is followed.

Ours is `predict_mask`: an alpha of what is painted over, taught by BCE against the car's mask,
which the pairs give for free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from pipeline.datasets.pairs.composites import CarPairs, Pair
from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.images import RGB
from pipeline.losses.adversarial import fool, smoothed_bce
from pipeline.losses.perceptual import perceptual_loss
from pipeline.losses.segmentation import cross_entropy
from pipeline.metrics.pictures import psnr
from pipeline.networks.build import build
from pipeline.networks.discriminators import PatchDiscriminator, UNetDiscriminator
from pipeline.networks.features import vgg_features
from pipeline.networks.keras_layers import ADAM_EPSILON
from pipeline.networks.removal import Removal
from pipeline.params import Params, learning_rate
from pipeline.paths import BACKGROUNDS, CUTOUTS, SCENE_SPLIT
from pipeline.pretrained import imagenet_state
from pipeline.recipes.start import start_from
from pipeline.training.module import AdversarialRecipe, Datasets, Objective, Terms
from pipeline.training.pictures import to_masks, to_pictures

VALIDATION_PAIRS = 48
"""At least so many: few backgrounds are taken again, with other cars."""
DISCRIMINATORS = {"unet": UNetDiscriminator, "patch": PatchDiscriminator}


class CarRemovalRecipe(AdversarialRecipe):
    """Everything about one trained network; see the top of the file."""

    name = "car_removal"
    uses = ("pairs", "splits", "cutouts")
    split = SCENE_SPLIT / "split.csv"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        settings = params.networks.car_removal
        self.params, self.settings = params, settings
        self.frame = (params.pairs.height, params.pairs.width)
        self.lr = learning_rate(params.lr, settings.lr_scale)
        self.architecture = {
            "name": "removal_generator",
            "kernels": settings.kernels,
            "filters": settings.filters,
            "levels": settings.levels,
            "dropout": settings.dropout,
            "predict_mask": settings.predict_mask,
        }
        if settings.weights.perceptual:
            self.features = vgg_features("vgg19", "pool5", imagenet_state("vgg19"))
        torch.manual_seed(params.seed)
        self.network = build(self.architecture)
        make = DISCRIMINATORS[settings.discriminator]
        self.discriminator = make(inputs=6, filters=settings.discriminator_filters)
        start_from(self.network, settings.checkpoint)

    def datasets(self) -> Datasets:
        pairs, splits = self.params.pairs, self.params.splits
        train, val = (
            read_scene_files(self.split, CUTOUTS, BACKGROUNDS, part) for part in ("train", "val")
        )
        count = max(len(val.backgrounds), VALIDATION_PAIRS)
        judged = pairs.model_copy(update={"per_epoch": count})
        return Datasets(
            CarPairs(train, pairs, self.params.seed), CarPairs(val, judged, splits.seed)
        )

    def reads(self) -> Iterable[Path]:
        return CUTOUTS, BACKGROUNDS

    @property
    def is_adversarial(self) -> bool:
        return self.settings.weights.adversarial > 0

    def objective(self, batch: Pair) -> Objective:
        """The terms of content, and what the generator gives."""
        removal: Removal = self.network(batch.x)
        weights, ours, terms = self.settings.weights, removal.picture, dict[str, Tensor]()
        if weights.pixel:
            terms["pixel"] = weights.pixel * functional.mse_loss(ours, batch.y)
        if weights.perceptual:
            terms["perceptual"] = weights.perceptual * perceptual_loss(self.features, ours, batch.y)
        if weights.mask and removal.alpha is not None:
            terms["mask"] = weights.mask * cross_entropy(removal.alpha, batch.mask)
        if not self.training and not (weights.pixel or weights.perceptual):
            terms = {"pixel": functional.mse_loss(ours, batch.y)}
        return Objective(terms, removal)

    def fool_terms(self, batch: Pair, output: Removal) -> Terms:
        with _inferring(self.discriminator):
            logits = self.discriminator(torch.cat([output.picture, batch.y], dim=1))
        return {"adversarial": self.settings.weights.adversarial * fool(logits)}

    def discriminator_terms(self, batch: Pair) -> Terms:
        with torch.no_grad(), _inferring(self.network):
            fakes = self.network(batch.x).picture
        real = self.discriminator(torch.cat([batch.y, batch.y], dim=1))
        fake = self.discriminator(torch.cat([fakes, batch.y], dim=1))
        return smoothed_bce(real, fake, self.settings.label_smoothing)

    def scores(self, batch: Pair, output: Removal) -> Sequence[dict[str, float]]:
        ours, truth = to_pictures(output.picture, -1), to_pictures(batch.y, -1)
        return [
            {"psnr": psnr(one, other), "psnr_inside": psnr(one, other, mask)}
            for one, other, mask in zip(ours, truth, to_masks(batch.mask > 0.5), strict=True)
        ]

    def preview(self, batch: Pair) -> list[list[RGB]]:
        columns = batch.x, self.network(batch.x).picture, batch.y
        pictures = (to_pictures(column, -1) for column in columns)
        return [list(row) for row in zip(*pictures, strict=True)]

    def configure_optimizers(self) -> list[Optimizer]:
        settings = self.settings
        how: dict[str, Any] = {"betas": (settings.beta1, 0.999), "eps": ADAM_EPSILON}
        return [
            Adam(self.network.parameters(), lr=self.lr, **how),
            Adam(
                self.discriminator.parameters(),
                lr=learning_rate(self.lr, settings.discriminator_lr_scale),
                **how,
            ),
        ]


@contextmanager
def _inferring(network: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; afterwards every layer is in the mode that it was in."""
    training = [layer for layer in network.modules() if layer.training]
    network.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True
