"""What each trained network is for, and where it must not be trusted: for cards and the page."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """One network, in words.

    Attributes:
        task: What it does.
        takes: What goes in.
        gives: What comes out.
        limits: What it does not do, whatever it was trained on.
    """

    task: str
    takes: str
    gives: str
    limits: tuple[str, ...]


_PERSONS = (
    "All persons are one mask; it does not tell them apart.",
    "Masks are predicted at the frame it was trained at and enlarged: hair and fingers are lost.",
)

ABOUT = {
    "car_removal": About(
        "Removes cars from a picture without being told where they are",
        "an RGB picture of any size",
        "the picture without its cars",
        (
            "It learnt from cars that were pasted in: their shadows and reflections were never "
            "there, so it leaves them.",
            "What stood behind a car is made up.",
            "It works at its own frame; what it paints is enlarged.",
        ),
    ),
    "person_se": About(
        "Cuts persons out of their background (DeepLabV3+ with squeeze-and-excite)",
        "an RGB picture of any size", "the probability of each pixel to be a person", _PERSONS,
    ),
    "person_bce_dice": About(
        "Cuts persons out of their background (DeepLabV3+, BCE and Dice)",
        "an RGB picture of any size", "the probability of each pixel to be a person", _PERSONS,
    ),
    "central_person": About(
        "Cuts out the one person in the middle (Mask R-CNN)",
        "an RGB picture of any size",
        "the probability of each pixel to be that person",
        (
            "It is taught and tested on pictures that a person fills by a good part.",
            "Where nobody is in the middle it may take anybody, or nobody.",
        ),
    ),
    "shadow_attention": About(
        "Finds the objects around an inserted one, and the shadows they cast",
        "an RGB picture with the inserted object, and the object's mask",
        "the probability of each pixel to be such an object, or its shadow",
        ("It sees one picture: a dark floor and a shadow may look alike.",),
    ),
    "shadow": About(
        "Casts the shadow of an object that was put into a picture",
        "an RGB picture with the inserted object, the object's mask, the maps of shadow_attention",
        "the picture with the shadow",
        (
            "It guesses the light from the shadows around; without any it has nothing to go by.",
            "Shadows lie on level ground; several lights are unknown to it.",
        ),
    ),
    "car_mask": About(
        "Finds cars (DeepLabV3+)",
        "an RGB picture of any size",
        "the probability of each pixel to be a car",
        (
            "All cars are one mask, without their shadows.",
            "Most of its cars were pasted in: hidden and cut ones are rare among them.",
        ),
    ),
}  # fmt: skip
"""By trained network."""
