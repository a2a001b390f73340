"""Sections `networks.*`: the hyper-parameters of every trained network.

The values of the reference systems stand in the preset `web`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pipeline.sections.base import NOTHING, Count, Positive, Section, Share

MODELS = "models/"


def _checkpoint(text: str) -> str:
    if text != NOTHING and not text.startswith(MODELS) and not Path(text).is_absolute():
        raise ValueError(
            f"{text!r} is neither an absolute path of a .pt file, nor {MODELS}<network>, "
            f"nor {NOTHING}: start from random or published weights"
        )
    return text


Weight = Annotated[float, Field(ge=0)]
"""Of a term in the objective; 0 leaves it out."""
Width = Annotated[int, Field(ge=8, le=1024)]
ResNetName = Literal["resnet18", "resnet34", "resnet50", "resnet101"]
Side = Annotated[int, Field(ge=32, le=2048)]


class Plateau(Section):
    """ReduceLROnPlateau on the validation loss."""

    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: Annotated[int, Field(ge=0)]
    min_lr: Annotated[float, Field(ge=0)]


class NetworkSection(Section):
    """What every trained network has."""

    lr_scale: Positive
    """Its learning rate is `lr × lr_scale`."""
    pretrained: bool
    """Begin with the weights that torchvision publishes (a download), else with random ones."""
    checkpoint: Annotated[str, AfterValidator(_checkpoint)]
    """Begin with weights of ours, as far as names and shapes agree: a `.pt` file, or
    `models/<network>` for the best of a network that is trained before, or `data/nothing`."""
    batch_size: Annotated[int, Field(ge=1, le=4096)]
    """Of one step, over all devices."""
    epochs: Annotated[int, Field(ge=1, le=100_000)]


class WithBatchNorm(NetworkSection):
    """A network whose BatchNorm learns: it needs two pictures a batch."""

    batch_size: Annotated[int, Field(ge=2, le=4096)]


class Segmenter(WithBatchNorm):
    """DeepLabV3+ with or without squeeze-and-excite: `person_se`, `person_bce_dice`, `car_mask`."""

    encoder: ResNetName
    width: Width
    """Channels of pyramid and decoder."""
    low_width: Width
    """Channels kept of the low-level features."""
    se_ratio: Annotated[int, Field(ge=0, le=64)]
    """Reduction inside squeeze-and-excite; 0 leaves these blocks out."""
    k: Weight
    """The loss is `k·BCE − Dice`; 0 is Dice alone."""
    early_stopping: Count
    plateau: Plateau


class PersonSegmenter(Segmenter):
    """One trained on squares."""

    size: Annotated[int, Field(ge=32, le=2048, multiple_of=16)]


class CarRemovalWeights(Section):
    """Of the generator's terms."""

    adversarial: Weight
    pixel: Weight
    perceptual: Weight
    mask: Weight
    """Of the alpha against the car's mask; counts with `predict_mask` alone."""

    @model_validator(mode="after")
    def _something_is_minimised(self) -> Self:
        if not (self.adversarial or self.pixel or self.perceptual):
            raise ValueError(
                "adversarial, pixel and perceptual are all 0: nothing says what to paint; "
                "set one of them"
            )
        return self


class CarRemoval(WithBatchNorm):
    """`car_removal`: U-Nets side by side against a discriminator. Its frame is that of `pairs`."""

    kernels: Annotated[list[Annotated[int, Field(ge=1, le=15)]], Field(min_length=1, max_length=8)]
    """One branch each: the first by strided convolutions, the others by pooling."""
    filters: Annotated[int, Field(ge=4, le=256)]
    """Channels of the first level; the next have 2, 4, 8, 8, 8, 8 times as many."""
    levels: Annotated[int, Field(ge=2, le=9)]
    """How often the frame is halved: its sides are multiples of 2 to this power."""
    dropout: Share
    predict_mask: bool
    """Also predict an alpha of what was changed, and blend with the input by it."""
    discriminator: Literal["unet", "patch"]
    discriminator_filters: Annotated[int, Field(ge=4, le=256)]
    discriminator_lr_scale: Positive
    """Its rate is `lr × lr_scale × discriminator_lr_scale`."""
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)]
    """Real labels are drawn from [1 − s, 1], fake ones from [0, s]."""
    beta1: Annotated[float, Field(ge=0, lt=1)]
    weights: CarRemovalWeights
    """`perceptual` compares VGG19's features and needs `pretrained: true`."""

    @model_validator(mode="after")
    def _features_mean_something(self) -> Self:
        _check_features(self.pretrained, self.weights.perceptual)
        return self


class StepSchedule(Section):
    """StepLR."""

    epochs: Count
    factor: Annotated[float, Field(gt=0, le=1)]


class CentralPersonSection(NetworkSection):
    """`central_person`: Mask R-CNN with new heads."""

    body: ResNetName
    frozen: bool
    """Train the new predictors only; what is frozen must have learnt before."""
    width: Width
    """Channels of pyramid and mask head; published weights of resnet50 have 256."""
    hidden: Width
    """Channels of the mask predictor."""
    min_size: Side
    """Pictures are brought to this shorter side,"""
    max_size: Side
    """as far as the longer one stays below this."""
    regions: Count
    """Of a picture, that the heads learn from in one step; torchvision: 512."""
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: Weight
    step: StepSchedule
    flip: Share
    """Probability that a training picture is mirrored; the reference: 0."""

    @model_validator(mode="after")
    def _a_frozen_body_has_learnt(self) -> Self:
        published = self.pretrained and self.body == "resnet50"
        if self.frozen and not published and self.checkpoint == NOTHING:
            raise ValueError(
                "frozen: what is random cannot learn then; set body: resnet50 and pretrained: "
                "true, name a checkpoint of a Mask R-CNN, or set frozen: false"
            )
        return self

    @model_validator(mode="after")
    def _published_weights_fit(self) -> Self:
        if self.pretrained and self.body == "resnet50" and self.width != 256:
            raise ValueError(
                f"width: published weights of Mask R-CNN on resnet50 have 256, got {self.width}; "
                "set it to 256, or set pretrained: false"
            )
        return self


class ShadowAugmentation(Section):
    """What is done to all five pictures of a training scene together, and to the scenes alone."""

    flip: Share
    rotate: Annotated[float, Field(ge=0, le=180)]
    """Degrees, to either side."""
    rotate_p: Share
    photometric: bool
    """Noise, blur, compression and colours on the scenes, defined but not used by the reference."""


class ShadowAttention(WithBatchNorm):
    """`shadow_attention`: U-Net that finds occluders and their shadows."""

    encoder: ResNetName
    size: Annotated[int, Field(ge=32, le=2048, multiple_of=32)]
    augmentation: ShadowAugmentation
    plateau: Plateau | None
    """None in the reference."""


class ShadowWeights(Section):
    """β of the objective."""

    l2: Weight
    perceptual: Weight
    adversarial: Weight


class ShadowNetwork(WithBatchNorm):
    """`shadow`: U-Net with refinement that casts the inserted object's shadow."""

    encoder: ResNetName
    size: Annotated[int, Field(ge=32, le=2048, multiple_of=32)]
    refinement_blocks: Annotated[int, Field(ge=0, le=32)]
    discriminator: Literal["srgan", "patch"]
    discriminator_filters: Annotated[int, Field(ge=4, le=256)]
    discriminator_lr_scale: Positive
    """Its rate is `lr × lr_scale × discriminator_lr_scale`."""
    weights: ShadowWeights
    """`perceptual` compares VGG16's features and needs `pretrained: true`."""
    augmentation: ShadowAugmentation
    plateau: Plateau

    @model_validator(mode="after")
    def _features_mean_something(self) -> Self:
        _check_features(self.pretrained, self.weights.perceptual)
        return self

    @model_validator(mode="after")
    def _something_is_compared_with_the_truth(self) -> Self:
        if not (self.weights.l2 or self.weights.perceptual):
            raise ValueError(
                "weights: l2 and perceptual are both 0, so that nothing would compare the shadow "
                "with the true one; give one of them a weight"
            )
        return self


class Networks(Section):
    """One section per trained network."""

    car_removal: CarRemoval
    person_se: PersonSegmenter
    person_bce_dice: PersonSegmenter
    central_person: CentralPersonSection
    shadow_attention: ShadowAttention
    shadow: ShadowNetwork
    car_mask: Segmenter


def _check_features(pretrained: bool, perceptual: float) -> None:
    if perceptual and not pretrained:
        raise ValueError(
            "weights.perceptual: features of random weights say nothing; set it to 0 or set "
            "pretrained: true"
        )
