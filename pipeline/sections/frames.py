"""Section `frames` of params.yaml: videos, and which of their frames become pictures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from pipeline.sections.base import Count, Positive, Section, Share


class FramesLimits(Section):
    """Videos by address, what is taken of them, and how much may be downloaded."""

    videos: list[Annotated[str, Field(pattern=r"^https?://.")]]
    """Addresses of video files, or of pages that yt-dlp can read (it does not heed robots.txt);
    the files of the folder `inputs.video` come in addition."""
    every: Positive
    """Seconds between two samples of a scene."""
    scene_change: Annotated[float, Field(gt=0, le=1)]
    """Share of the picture that must change its colours within 1/8 s for a new scene to begin.
    0: the same colours in every part of the picture; 1: other ones everywhere."""
    min_sharpness: Annotated[float, Field(ge=0)]
    """Variance of the Laplacian of grey (0..255) at 320 pixels; 0 keeps all. A road out of focus
    or smeared lies at 5 to 100, in focus at 50 (snow, fog) to 2500 (gravel, leaves)."""
    min_side: Count
    near_duplicate_bits: Annotated[int, Field(ge=0, le=64)]
    max_frames: Count
    """Kept per video, blurred and near-equal ones not counted; what follows is not decoded."""
    quality: Annotated[int, Field(ge=1, le=100)]
    """Of the JPEG files."""
    max_height: Count
    """Of the format that yt-dlp takes, where there is a choice; in pixels."""
    max_bytes: Count
    """Per downloaded video."""
    max_seconds: Positive
    """For the download of one video."""
    licence: str = ""
    max_bad_share: Share
    """Videos that give nothing are listed up to this share; above it the stage fails."""

    @property
    def choice(self) -> dict[str, Any]:
        """What decides which frames of a video are taken, and what their bytes are."""
        return self.model_dump(
            include={
                "every", "scene_change", "min_sharpness", "near_duplicate_bits", "max_frames",
                "quality",
            }
        )  # fmt: skip
