"""Films as frames, and frames as films."""

from pipeline.video.kinds import is_film

__all__ = ["is_film"]
