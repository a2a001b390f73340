"""`central_person`: the person in the middle with Mask R-CNN.

Data           COCO 2014, pictures whose central person covers more than 0.40 of them, one instance
               each; a validation part out of the training part
Architecture   Mask R-CNN, ResNet50-FPN (COCO), all frozen but new box and mask predictors (hidden
               256) for two classes; shorter side 800, longer at most 1333
Objective      torchvision's sum: classes and boxes of anchors, classes, boxes and masks of regions
Optimiser      SGD, 0.005, momentum 0.9, weight decay 5e-4, batch 1
Schedule       ×0.1 every 3 epochs; in the first, linear from 0.001 of the rate over min(1000,
               steps − 1) steps; 20 epochs
Selected by    highest mean IoU of the validation part (`val_jaccard`)

Those are the values of the preset `web`; every one is a parameter. Its author chose the epoch on
the test part. A body without published weights is trained whole; see `networks.maskrcnn` for its
normalisation.

In evaluation Mask R-CNN gives persons and no losses. `val_loss` is what the losses of training are
with all modules else in evaluation; the anchors and regions that they are taken of are drawn from
the seed of the parameters, so that it depends on the weights alone.

In mixed precision body and pyramid compute in bf16, all behind them in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from pipeline.datasets.central.pictures import (
    Batch,
    CentralPersons,
    CentralPicture,
    collate,
    read_central_pictures,
)
from pipeline.errors import PipelineError
from pipeline.images import RGB
from pipeline.metrics.masks import confusion_counts, jaccard_score
from pipeline.networks.build import build
from pipeline.networks.maskrcnn import Norm, Person, best_mask
from pipeline.params import Params, learning_rate
from pipeline.paths import COCO_SPLIT, WEB
from pipeline.pretrained import imagenet_state, pretrained_state
from pipeline.recipes.start import start_architecture, start_from
from pipeline.sections.base import NOTHING
from pipeline.sections.networks import CentralPersonSection
from pipeline.sheets import show_mask
from pipeline.training.module import Datasets, Monitor, Objective, Recipe
from pipeline.training.pictures import to_masks, to_pictures

REJECTS = WEB / "coco" / "rejects.csv"
WARM_UP_STEPS, WARM_UP_FROM = 1000, 0.001
PUBLISHED = "resnet50"
"""The body of the Mask R-CNN that torchvision publishes; of others it has ImageNet's weights."""
PER_PICTURE = "per_picture"


class CentralPersonRecipe(Recipe):
    """Everything about one trained network; see the top of the file.

    Attributes:
        per_picture: The rows epoch, image_id, iou of every validation so far.
    """

    name = "central_person"
    uses = ("inputs.coco_images", "splits", "coco")
    monitor = Monitor("val_jaccard", "max")
    columns = ("picture", "prediction", "truth")
    collate = staticmethod(collate)
    split = COCO_SPLIT / "split.csv"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self.params, self.settings = params, params.networks.central_person
        settings = self.settings
        self.frame = (settings.min_size, settings.max_size)
        self.lr = learning_rate(params.lr, settings.lr_scale)
        self.per_picture: list[dict[str, float]] = []
        before = _mask_rcnn_before(settings.checkpoint, settings.frozen)
        if settings.frozen and not settings.pretrained and not before:
            raise PipelineError(
                "networks.central_person.frozen: beside the encoder all would stay random, and a "
                f"random network cannot learn; {settings.checkpoint} holds no Mask R-CNN: name one "
                "that does, or set frozen: false"
            )
        self.architecture = {
            "name": "mask_rcnn",
            "body": settings.body,
            "width": settings.width,
            "hidden": settings.hidden,
            "min_size": settings.min_size,
            "max_size": settings.max_size,
            "largest_anchor": largest_anchor(settings),
            "regions": settings.regions,
            "norm": normalisation(settings),
            "grouped": not settings.pretrained,
            **before,
            "frozen": settings.frozen,
        }
        published = _published(settings.body) if settings.pretrained and not before else {}
        torch.manual_seed(params.seed)
        self.network = build({**self.architecture, **published})
        start_from(self.network, settings.checkpoint)

    def datasets(self) -> Datasets:
        train, validation = self._pictures("train"), self._pictures("val")
        return Datasets(
            CentralPersons(train, self.settings.flip, self.params.seed), CentralPersons(validation)
        )

    def reads(self) -> Iterable[Path]:
        pictures = [row for part in ("train", "val") for row in self._pictures(part)]
        return [file for row in pictures for file in (row.picture, row.mask)]

    def _pictures(self, part: str) -> list[CentralPicture]:
        folder = Path(self.params.inputs.coco_images)
        return read_central_pictures(self.split, folder, part, REJECTS)

    def objective(self, batch: Batch) -> Objective:
        """Torchvision's terms; in validation also a `Person` for each picture."""
        if self.training:
            return Objective(self.network(*batch), None)
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(self.params.seed)
            terms = self.network.losses(*batch)  # type: ignore[operator]
        return Objective(terms, self.network(batch.pictures))

    def scores(self, batch: Batch, output: Sequence[Person]) -> Sequence[dict[str, float]]:
        """The IoU of each picture at its own size, also kept in `per_picture`."""
        ious = []
        for target, person in zip(batch.targets, output, strict=True):
            truth = target["masks"][0] > 0
            found = best_mask(person, *truth.shape) > 0.5
            counts = confusion_counts(found.cpu().numpy(), truth.cpu().numpy())
            ious.append(jaccard_score(counts))
        self.per_picture += [
            {"epoch": self.current_epoch + 1, "image_id": int(target["image_id"]), "iou": iou}
            for target, iou in zip(batch.targets, ious, strict=True)
        ]
        return [{"jaccard": iou} for iou in ious]

    def preview(self, batch: Batch) -> list[list[RGB]]:
        rows = []
        found = self.network(batch.pictures)
        for picture, target, person in zip(*batch, found, strict=True):
            mask = best_mask(person, *picture.shape[1:]) > 0.5
            [shown], [wanted] = to_pictures(picture[None]), to_masks(target["masks"][None] > 0)
            [guess] = to_masks(mask[None, None])
            rows.append([shown, show_mask(shown, guess), show_mask(shown, wanted)])
        return rows

    def configure_optimizers(self) -> Any:
        settings, steps = self.settings, int(self.trainer.estimated_stepping_batches)
        optimiser = SGD(
            [one for one in self.network.parameters() if one.requires_grad],
            lr=self.lr, momentum=settings.momentum, weight_decay=settings.weight_decay,
        )  # fmt: skip
        share = share_of_rate(settings, steps // (self.trainer.max_epochs or 1))
        schedule = {"scheduler": LambdaLR(optimiser, share), "interval": "step"}
        return {"optimizer": optimiser, "lr_scheduler": schedule}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint[PER_PICTURE] = self.per_picture

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.per_picture = list(checkpoint[PER_PICTURE])


def normalisation(settings: CentralPersonSection) -> Norm:
    """The one that goes with where the body's weights come from."""
    if settings.pretrained:
        return "frozen_coco" if settings.body == PUBLISHED else "frozen"
    return "group" if settings.checkpoint == NOTHING else "batch"


def largest_anchor(settings: CentralPersonSection) -> float:
    """As published weights have learnt it (512 for a side of 800); else as large as the picture.

    The persons cover much of their picture: no smaller anchor overlaps enough with them to be an
    example of one, and the network that proposes regions would learn from a handful of anchors.
    """
    return settings.min_size * (512 / 800 if settings.pretrained else 1.0)


def share_of_rate(settings: CentralPersonSection, steps_per_epoch: int) -> Callable[[int], float]:
    """The share of the learning rate by optimiser steps so far: warm-up times StepLR."""
    warm_up = min(WARM_UP_STEPS, steps_per_epoch - 1)

    def share(step: int) -> float:
        warmth = min(1.0, step / warm_up) if warm_up else 1.0
        epoch = step // steps_per_epoch
        stairs: float = settings.step.factor ** (epoch // settings.step.epochs)
        return stairs * (WARM_UP_FROM + (1 - WARM_UP_FROM) * warmth)

    return share


def _mask_rcnn_before(checkpoint: str, frozen: bool) -> dict[str, Any]:
    """What must be as it was for a Mask R-CNN of ours to go on; empty if it is none."""
    architecture = start_architecture(checkpoint)
    if architecture.get("name") != "mask_rcnn":
        return {}
    kept = {key: architecture[key] for key in ("norm", "grouped", "largest_anchor")}
    # Statistics of BatchNorm would move though frozen.
    return {**kept, "norm": "frozen"} if frozen and kept["norm"] == "batch" else kept


def _published(body: str) -> dict[str, Any]:
    if body != PUBLISHED:
        return {"imagenet": imagenet_state(body)}
    model, otherwise = f"maskrcnn_{PUBLISHED}_fpn", "set pretrained: false and frozen: false"
    return {"coco": pretrained_state(model, "COCO_V1", otherwise)}
