"""Scores that others published, beside which the summary puts ours."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """Scores by the names of our metrics, and where they were published.

    Attributes:
        scores: Means over pictures; empty where none were published.
        source: Who, on what.
        comparable: In words, what of it can be compared with ours and what cannot.
    """

    scores: dict[str, float]
    source: str
    comparable: str


NOTHING = "nothing to compare with: only with the baselines measured here"

PUBLISHED = {
    "car_removal": Published(
        {},
        "none published: the GAN for removing cars is shown in pictures, without test scores",
        NOTHING,
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
        "the formulas and the mean over pictures are the same; the pictures are others, and the "
        "encoder had seen ImageNet: a landmark, no contest",
    ),
    "person_bce_dice": Published(
        {},
        "none published: DeepLabV3+ with k·BCE − Dice names BinaryIoU, but no test score of it",
        NOTHING,
    ),
    "central_person": Published(
        {"jaccard": 0.865928},
        "Mask R-CNN ResNet50-FPN with its predictors trained anew, 1,100 pictures of COCO 2014 "
        "(other pictures than these), epoch 8, chosen on these very pictures; 0.864992 at epoch "
        "20; 0.780053 off the shelf, with a slip in the rule of the centre",
        "the mean IoU over pictures is the same; the pictures are others, the published epoch was "
        "chosen on its own test part, and its body had learnt COCO: a landmark, no contest",
    ),
    "shadow_attention": Published(
        {}, "none published: the text on the ARShadowGAN-like network gives no test scores", NOTHING
    ),
    "shadow": Published(
        {}, "none published: the text on the ARShadowGAN-like network gives no test scores", NOTHING
    ),
    "car_mask": Published({}, "none published: a network of this project", NOTHING),
}
"""By trained network."""
