"""Masks that are known beforehand, pictures with known mixtures, weights of tiny networks."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import ImageCms

from pipeline.card import Card
from pipeline.checkpoint import save_weights, state_hash
from pipeline.images import RGB
from pipeline.networks.build import build
from tests.tiny import SMALL

Coverage = NDArray[np.float32]
RED, GREEN = np.array([210, 30, 40]), np.array([20, 190, 60])


class Known:
    """Masks that are known beforehand, as a network of few pixels would see them."""

    name = "known"

    def __init__(self, coverage: Coverage, frame: int | None = None) -> None:
        self.coverage, self.frame = coverage, frame

    def probability(self, picture: RGB) -> Coverage:
        coverage = self.coverage
        if self.frame:
            size = (self.frame, self.frame)
            coverage = cv2.resize(coverage, size, interpolation=cv2.INTER_AREA)
        shrinks = coverage.shape[0] > picture.shape[0]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return cv2.resize(coverage, picture.shape[1::-1], interpolation=way)


class Mixture(NamedTuple):
    """A red thing on a green ground, with soft edges, and how much of each pixel it covers."""

    picture: RGB
    coverage: Coverage


def ring(height: int, width: int, outer: float, inner: float = 0.0, soft: float = 1.0) -> Coverage:
    """Coverage of a ring in the middle; its edges are as soft as so many pixels."""
    rows, columns = np.mgrid[:height, :width]
    away = np.hypot(columns - (width - 1) / 2, rows - (height - 1) / 2)
    covered = np.clip((outer - away) / soft + 0.5, 0, 1)
    if inner:
        covered = np.minimum(covered, np.clip((away - inner) / soft + 0.5, 0, 1))
    return covered.astype(np.float32)


def mixture(coverage: Coverage, noise: float = 2.0) -> Mixture:
    share = coverage[..., None]
    grain = np.random.default_rng(1).normal(0, noise, (*coverage.shape, 3))
    mixed = share * RED + (1 - share) * GREEN + grain
    return Mixture(np.clip(np.rint(mixed), 0, 255).astype(np.uint8), coverage)


def linear_profile() -> bytes:
    """The primaries of sRGB with levels that are proportional to light."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(profile[128:132])):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if entry[1:4] == b"TRC":
            at = int.from_bytes(entry[4:8])
            profile[at : at + 16] = b"para" + bytes(8) + (1 << 16).to_bytes(4)
    return bytes(profile)


def write_weights(folder: Path, network: str, architecture: str) -> Path:
    """Random weights of a tiny network in `folder/network/best.pt`, as training leaves them."""
    torch.manual_seed(1)
    numbers, frame = SMALL[architecture]
    numbers = {"name": architecture, **numbers}
    state = build(numbers).state_dict()
    card = Card(network, numbers, frame, {}, "d" * 64, "c" * 40, state_hash(state), 3, {"iou": 0.5})
    save_weights(folder / network / "best.pt", state, card)
    return folder / network / "best.pt"
