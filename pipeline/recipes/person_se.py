"""`person_se`: person cutout with DeepLabV3+ and squeeze-and-excite.

Data           "Person Segmentation" layout; 9 : 1, a validation part out of the nine;
               squares of 512; six variants of each training picture
Architecture   ResNet50 (ImageNet) → DeepLabV3+ with squeeze-and-excite
Objective      Dice loss
Optimiser      Adam, 1e-4, batch 2
Schedule       ReduceLROnPlateau(val_loss, ×0.1, patience 5, min 1e-7),
               EarlyStopping(val_loss, patience 20)
Selected by    lowest val_loss

Those are the values of the preset `web`; every one is a parameter. Loss, optimiser, rate,
batch, epochs and the squeeze-and-excite ratio were not told by its author: they are those of the
nearest public recipe, with the Dice loss taken per picture (see `losses.segmentation`).
"""

from __future__ import annotations

from pipeline.params import Params
from pipeline.recipes.people import PersonRecipe


class PersonSE(PersonRecipe):
    """Everything about one trained network; see the top of the file."""

    name = "person_se"

    def __init__(self, params: Params) -> None:
        super().__init__(params, params.networks.person_se)
