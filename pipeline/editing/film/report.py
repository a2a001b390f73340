"""What an edit of a film did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilmReport:
    """What an edit of a film did.

    Attributes:
        frames: How many it has.
        seconds: How long the edit took, without what an earlier, killed run had done.
        from_frames: Pixels that were filled with ground seen in other frames.
        painted: Pixels that no frame shows: filled by the painter.
        cuts: How often the film is cut.
        resumed: Frames that an earlier run had written.
        notes: What users should know, a sentence each: damage, subtitles that were left out.
    """

    frames: int
    seconds: float
    from_frames: int = 0
    painted: int = 0
    cuts: int = 0
    resumed: int = 0
    notes: tuple[str, ...] = ()
