"""Scores that others published, beside which the summary puts ours."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """Scores by the names of our metrics, and where they were published.

    Attributes:
        scores: Means over pictures; empty where none were published.
        source: Who, on what; scores on other pictures are a landmark, not a competition.
    """

    scores: dict[str, float]
    source: str


PUBLISHED = {
    "car_removal": Published(
        {}, "none published: the GAN for removing cars is shown in pictures, without test scores"
    ),
    "person_se": Published(
        {
            "jaccard": 0.90440,
            "f1": 0.93898,
            "accuracy": 0.97158,
            "precision": 0.95179,
            "recall": 0.94054,
        },
        "DeepLabV3+ with squeeze-and-excite, ImageNet encoder, 512x512, on a tenth of Kaggle "
        "nikhilroxtomar/person-segmentation (other pictures than these)",
    ),
    "person_bce_dice": Published(
        {}, "none published: DeepLabV3+ with k·BCE − Dice names BinaryIoU, but no test score of it"
    ),
    "central_person": Published(
        {"jaccard": 0.865928},
        "Mask R-CNN ResNet50-FPN with its predictors trained anew, 1,100 pictures of COCO 2014 "
        "(other pictures than these), epoch 8, chosen on these very pictures; 0.864992 at epoch "
        "20; 0.780053 off the shelf, with a slip in the rule of the centre",
    ),
    "shadow_attention": Published(
        {}, "none published: the text on the ARShadowGAN-like network gives no test scores"
    ),
    "shadow": Published(
        {}, "none published: the text on the ARShadowGAN-like network gives no test scores"
    ),
    "car_mask": Published({}, "none published: a network of this project"),
}
"""By trained network."""
