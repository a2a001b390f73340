"""Scores that others published, beside which the summary puts ours."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """Scores by the names of our metrics, and where they were published.

    Attributes:
        scores: Means over pictures.
        source: Who, on what; scores on other pictures are a landmark, not a competition.
    """

    scores: dict[str, float]
    source: str


PUBLISHED = {
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
}
