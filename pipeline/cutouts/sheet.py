"""The contact sheet: cutouts on magenta, on which every fault of an edge shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.cutouts.record import Store
from pipeline.cutouts.tables import Done, problem
from pipeline.images import RGB, RGBA, read_rgba
from pipeline.sections.cutouts import CutoutsSection
from pipeline.sheets import Tile, evenly, gallery

KEPT, LEFT_OUT = 18, 6
MAGENTA = (255, 0, 255)


def draw_sheet(done: Sequence[Done], store: Store, limits: CutoutsSection) -> RGB:
    """Cutouts evenly from the surest to the least sure, then some that were left out."""
    made = [one for one in done if one.record.cutout is not None]
    made.sort(key=_surest_first)
    kept = [one for one in made if not problem(one, limits)]
    rejects = [one for one in made if problem(one, limits)]
    shown = evenly(kept, KEPT) + evenly(rejects, LEFT_OUT)
    tiles = [
        Tile(caption(one, limits), on_magenta(read_rgba(store.image(one.job.name))))
        for one in shown
    ]
    title = f"{len(kept)} cutouts from sure to unsure, then some of {len(rejects)} left out"
    return gallery(tiles, title, "no cutouts", columns=6)


def caption(one: Done, limits: CutoutsSection) -> str:
    """What fits under a tile."""
    made, reason = one.record.cutout, problem(one, limits)
    sure = made.confidence if made else 0.0
    return f"OUT: {reason.split()[0]}" if reason else f"{one.found.origin.group} {sure:.2f}"


def on_magenta(cutout: RGBA) -> RGB:
    """The cutout over magenta."""
    share = cutout[..., 3:] / 255
    return np.rint(cutout[..., :3] * share + np.array(MAGENTA) * (1 - share)).astype(np.uint8)


def _surest_first(one: Done) -> tuple[float, str]:
    made = one.record.cutout
    return -(made.confidence if made else 0.0), one.found.facts.sha256
