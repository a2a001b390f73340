"""How networks that give the same kind of thing are scored. A new network is named in `KINDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

OURS = "prediction"
TRUE_MAPS = "_true_maps"
"""Ends the name of a score of the shadow network when it is shown the true occluders."""


class Kind(NamedTuple):
    """How networks that give the same kind of thing are scored.

    Attributes:
        scores: The network's columns in `scores.csv`.
        summarised: Those of them that the summary over all networks holds.
        main: The score that ranks pictures and tells the strongest baseline.
        title: How `main` is written for people.
        baselines: Their names; `scores.csv` has the main score of each.
        informed: Those of them that are told what the network has to find out. They are a
            landmark: the network has to beat the others.
        traits: What is known of each test picture besides, see `evaluation.groups`.
    """

    scores: tuple[str, ...]
    summarised: tuple[str, ...]
    main: str
    title: str
    baselines: tuple[str, ...]
    informed: tuple[str, ...] = ()
    traits: tuple[str, ...] = ("size", "position", "brightness")

    @property
    def higher_is_better(self) -> bool:
        """Of `main`."""
        return higher_is_better(self.main)

    @property
    def columns(self) -> list[str]:
        """Of `scores.csv`."""
        versus = map(self.versus, self.baselines)
        return ["picture", "group", *self.scores, *versus, *self.traits]

    def ranked_by(self, measured: Callable[[str], bool]) -> str:
        """`main`, or the same with the true maps where it could be measured in no picture.

        Args:
            measured: Whether a score could be, in any picture.
        """
        with_true_maps = f"{self.main}{TRUE_MAPS}"
        instead = with_true_maps in self.scores and measured(with_true_maps)
        return with_true_maps if instead and not measured(self.main) else self.main

    def title_of(self, score: str) -> str:
        """How one of `ranked_by` is written for people."""
        return f"{self.title} with true maps" if score.endswith(TRUE_MAPS) else self.title

    def versus(self, baseline: str) -> str:
        """Column of the main score of a baseline."""
        return f"{self.main}_{baseline}"

    def strongest(
        self, scores: Mapping[str, Mapping[str, float]], informed: bool = False
    ) -> str | None:
        """The baseline with the best main score, of their means by name; None if there is none.

        Args:
            scores: Of every baseline.
            informed: Take one of those that are told more than the network, or one of the others.
        """
        names = [name for name in scores if (name in self.informed) == informed]
        best = max if self.higher_is_better else min
        return best(names, key=lambda name: scores[name][self.main], default=None)


LOWER_IS_BETTER = ("rmse", "ber", "lpips")


def higher_is_better(score: str) -> bool:
    """Of any score in the reports, by how its name begins."""
    return not score.startswith(LOWER_IS_BETTER)


MASK_SCORES = ("jaccard", "f1", "accuracy", "precision", "recall", "boundary_f")
MAPS = ("occluders", "shadows")
PICTURE_SCORES = (
    "psnr", "ssim", "rmse", "psnr_inside", "ssim_inside", "rmse_inside", "psnr_outside",
    "ssim_outside", "rmse_outside",
)  # fmt: skip
SHADOW_SCORES = (*PICTURE_SCORES, "ber", "ber_inside", "ber_outside")
PASTED = ("make", "weather")
"""Traits of pairs, into which a car was pasted."""

_masks = Kind(MASK_SCORES, MASK_SCORES, "jaccard", "Jaccard", ("grabcut", "mean_mask"))
_maps = _masks._replace(scores=(*MASK_SCORES, *(f"jaccard_{name}" for name in MAPS)))
_removal = Kind(
    PICTURE_SCORES, PICTURE_SCORES, "psnr_inside", "PSNR inside",
    ("unchanged", "opencv_inpainting"), informed=("opencv_inpainting",),
    traits=(*_masks.traits, *PASTED),
)  # fmt: skip
_shadow = Kind(
    (*SHADOW_SCORES, *(f"{name}{TRUE_MAPS}" for name in SHADOW_SCORES)),
    (*SHADOW_SCORES, *(f"{name}{TRUE_MAPS}" for name in ("rmse", "rmse_inside", "ber"))),
    "rmse_inside", "RMSE inside", ("unchanged",),
)  # fmt: skip

KINDS = {
    "car_removal": _removal,
    "person_se": _masks,
    "person_bce_dice": _masks,
    "central_person": _masks,
    "shadow_attention": _maps,
    "shadow": _shadow,
    "car_mask": _masks._replace(traits=(*_masks.traits, *PASTED)),
}
"""By trained network."""
