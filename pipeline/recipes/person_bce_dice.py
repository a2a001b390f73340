"""`person_bce_dice`: person cutout with DeepLabV3+ and the loss `k·BCE − Dice`.

Data           as `person_se`; values in [0, 1]; six variants of each training picture
Architecture   ResNet50 (ImageNet) → DeepLabV3+ without squeeze-and-excite
Objective      k·BCE − Dice, k = 1
Optimiser      Adam, 1e-4, batch 8
Schedule       ReduceLROnPlateau(val_loss, ×0.1, patience 5, min 1e-7),
               EarlyStopping(val_loss, patience 20)
Selected by    lowest val_loss

Encoder, picture size (512), optimiser, rate, k and the augmentations were not told by its author;
they are those of `person_se`. Nor were batch and epochs: 8 and 30 are ours.
"""

from __future__ import annotations

from pipeline.params import Params
from pipeline.recipes.people import PersonRecipe


class PersonBceDice(PersonRecipe):
    """Everything about one trained network; see the top of the file."""

    name = "person_bce_dice"

    def __init__(self, params: Params) -> None:
        super().__init__(params, params.networks.person_bce_dice)
