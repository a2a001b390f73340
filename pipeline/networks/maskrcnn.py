"""Mask R-CNN for the one person in the middle of a picture.

He, Gkioxari, Dollár, Girshick: Mask R-CNN, ICCV 2017, https://arxiv.org/abs/1703.06870
Ren, He, Girshick, Sun: Faster R-CNN, NeurIPS 2015, https://arxiv.org/abs/1506.01497
Lin, Dollár, Girshick, He, Hariharan, Belongie: Feature Pyramid Networks for Object Detection,
CVPR 2017, https://arxiv.org/abs/1612.03144

The blocks are torchvision's; this file says which, of what widths, and what of them learns. At its
reference numbers (ResNet50, width 256, hidden 256, sides 800 and 1333, 512 regions, frozen) it is
`maskrcnn_resnet50_fpn`, tensor for tensor, with new predictors for two classes.

Differences from torchvision's network:
- two classes, background and person: new box and mask predictors; `frozen` trains these alone;
- it gives the best person only, where torchvision gives up to a hundred. The same one is best, and
  a large photo needs one mask of its size in memory, not a hundred;
- the side of the largest anchor is a number (512 in torchvision, for sides of 800), the others are
  its halves: on small pictures anchors cover the share of the picture that they do on large ones,
  and a network that begins at random needs them as large as its persons. The levels that regions
  are cut out from stay those for a canonical region of 224, or small regions would be read from a
  map of a few cells;
- the width is a number, for machines where 256 is too slow; the box head is four times as wide;
- the heads learn from a number of regions of a picture (512 in torchvision), and the network that
  proposes them from half as many anchors. With one person a picture few anchors are examples of
  it, and among 256 their boxes weigh so little that they are not learnt in some hundred steps;
- statistics of BatchNorm never move where the body is frozen or comes with published weights
  (torchvision without weights builds BatchNorm2d, whose statistics move though frozen). A body that
  begins at random has GroupNorm, because a batch of few pictures tells BatchNorm little; one from a
  person network goes on with its BatchNorm;
- where the whole network is trained from such a start, pyramid and mask head have GroupNorm too
  (`grouped`), as in He, Girshick, Dollár: Rethinking ImageNet Pre-training, ICCV 2019,
  https://arxiv.org/abs/1811.08883.

Letters in shape comments: pictures are 3×H×W, each of its own size; G true persons of one, R those
that are found (0 or 1), A the width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, get_model
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import FrozenBatchNorm2d

Norm = Literal["frozen", "frozen_coco", "group", "batch"]
Target = Mapping[str, Tensor]
"""`boxes` G×4 float, left, top, right, bottom in pixels; `labels` G int64, 1; `masks` G×H×W uint8,
0 or 1; other keys are left alone."""

CLASSES = 2
"""Background and person."""
LEVELS = 5
"""Of the pyramid."""
RATIOS = (0.5, 1.0, 2.0)
"""Height to width of the anchors."""
REGION = 7
"""Cells of a region that the box head sees, squared."""
PREDICTORS = ("roi_heads.box_predictor.", "roi_heads.mask_predictor.")


def group_norm(channels: int) -> nn.GroupNorm:
    """Wu, He: Group Normalization, ECCV 2018; 32 groups where the channels can be shared so."""
    return nn.GroupNorm(math.gcd(32, channels), channels)


NORMS: Mapping[Norm, Callable[[int], nn.Module]] = {
    "frozen": FrozenBatchNorm2d,
    "frozen_coco": partial(FrozenBatchNorm2d, eps=0.0),  # what those weights were trained with
    "group": group_norm,
    "batch": nn.BatchNorm2d,
}


class Person(NamedTuple):
    """The best person of a picture; all have R rows, R being 0 or 1.

    Attributes:
        boxes: R×4, left, top, right, bottom in pixels of the picture.
        scores: R, in [0, 1].
        masks: R×1×H×W in [0, 1], at the picture's own size.
    """

    boxes: Tensor
    scores: Tensor
    masks: Tensor


class CentralMaskRCNN(MaskRCNN):  # type: ignore[misc, unused-ignore]
    """Finds one person and its mask.

    Args:
        body: A ResNet; its classifier is left out.
        width: Channels of pyramid and mask head, A.
        hidden: Channels of the mask predictor.
        min_size: Pictures are brought to this shorter side,
        max_size: as far as the longer one stays below this.
        largest_anchor: Side in pixels of the anchors of the last level.
        regions: Regions of a picture that the heads learn from in one step; of anchors it is half
            as many.
        grouped: See `mask_rcnn`.
    """

    def __init__(
        self,
        body: ResNet,
        width: int,
        hidden: int,
        min_size: int,
        max_size: int,
        largest_anchor: float,
        regions: int,
        grouped: bool,
    ) -> None:
        first = body.fc.in_features // 8
        super().__init__(
            BackboneWithFPN(
                body,
                return_layers={f"layer{level + 1}": str(level) for level in range(4)},
                in_channels_list=[first * 2**level for level in range(4)],
                out_channels=width,
                norm_layer=group_norm if grouped else None,
            ),
            min_size=min_size,
            max_size=max_size,
            rpn_anchor_generator=anchors(largest_anchor),
            rpn_batch_size_per_image=regions // 2,
            box_head=TwoMLPHead(width * REGION**2, 4 * width),
            box_predictor=FastRCNNPredictor(4 * width, CLASSES),
            box_batch_size_per_image=regions,
            box_detections_per_img=1,
            mask_head=MaskRCNNHeads(
                width, (width,) * 4, dilation=1, norm_layer=group_norm if grouped else None
            ),
            mask_predictor=MaskRCNNPredictor(width, hidden, CLASSES),
        )

    def forward(
        self, pictures: Sequence[Tensor], targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[Person]:
        """Map float RGB in [0, 1], 3×H×W of any size, to losses (in training) or to persons.

        As torchvision's, but behind the pyramid nothing is in half precision: a coordinate above
        512 would be one of every fourth.

        Raises:
            ValueError: Not a list of 3×H×W, or a training without targets of their sizes, or boxes
                without an area.
        """
        _check_input(pictures, targets, self.training)
        sizes = [(picture.shape[1], picture.shape[2]) for picture in pictures]
        images, targets = self.transform(pictures, targets)  # N×3×h×w, sides of min_size
        maps = self.backbone(images.tensors)  # five of N×A×h/4×w/4 to N×A×h/64×w/64
        device = images.tensors.device.type
        with torch.autocast(device, enabled=False), _quick_regions(device):
            maps = {level: one.float() for level, one in maps.items()}
            regions, proposing = self.rpn(images, maps, targets)  # N of up to 2000×4
            found, telling = self.roi_heads(maps, regions, images.image_sizes, targets)
        if self.training:
            return {**telling, **proposing}
        found = self.transform.postprocess(found, images.image_sizes, sizes)
        return [Person(one["boxes"], one["scores"], one["masks"]) for one in found]

    def losses(self, pictures: Sequence[Tensor], targets: Sequence[Target]) -> dict[str, Tensor]:
        """The terms of training, in evaluation too: normalisation stays as the mode has it.

        They depend on a sample of anchors and regions, drawn from torch's global generator.
        """
        with self._asked_for_losses():
            terms: dict[str, Tensor] = self(pictures, targets)
        return terms

    @contextmanager
    def _asked_for_losses(self) -> Iterator[None]:
        """Of all modules only these four look at the mode to know what they are to compute."""
        asked = (self, self.transform, self.rpn, self.roi_heads)
        before = [module.training for module in asked]
        for module in asked:
            module.training = True  # not .train(), which would reach the normalisation
        try:
            yield
        finally:
            for module, mode in zip(asked, before, strict=True):
                module.training = mode


@contextmanager
def _quick_regions(device: str) -> Iterator[None]:
    """Without deterministic algorithms on a GPU.

    With them torchvision cuts regions out by a compiled Python function, which where it cannot be
    compiled takes hundreds of gigabytes (https://github.com/pytorch/vision/issues/8168).
    """
    wanted = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(wanted and device == "cpu", warn_only=only_warns)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(wanted, warn_only=only_warns)


def anchors(largest: float) -> AnchorGenerator:
    """Three shapes of one size for each level of the pyramid, each twice the one before."""
    sizes = tuple((largest / 2 ** (LEVELS - 1 - level),) for level in range(LEVELS))
    return AnchorGenerator(sizes, (RATIOS,) * LEVELS)


def mask_rcnn(
    body: str,
    width: int,
    hidden: int,
    min_size: int,
    max_size: int,
    largest_anchor: float,
    regions: int,
    norm: Norm,
    grouped: bool,
    frozen: bool,
    imagenet: Mapping[str, Tensor] | None = None,
    coco: Mapping[str, Tensor] | None = None,
) -> CentralMaskRCNN:
    """Mask R-CNN on a torchvision ResNet.

    Args:
        body: `resnet18` to `resnet152`.
        width: See `CentralMaskRCNN`, as for the next five.
        hidden: Channels of the mask predictor.
        min_size: The shorter side.
        max_size: The longer side at most.
        largest_anchor: Side in pixels.
        regions: In one step, of a picture.
        norm: Of the body: GroupNorm, BatchNorm, or BatchNorm whose statistics stay as they came
            (`frozen`; `frozen_coco`, without ε, for the weights that torchvision trained so).
        grouped: GroupNorm in pyramid and mask head, which have no normalisation otherwise.
        frozen: Train the two predictors only.
        imagenet: State dict of that ResNet as a classifier; random weights without it.
        coco: State dict of torchvision's Mask R-CNN; all but its predictors is taken.
    """
    resnet = get_model(body, weights=None, norm_layer=NORMS[norm])
    if imagenet is not None:
        resnet.load_state_dict(imagenet)
    network = CentralMaskRCNN(
        resnet, width, hidden, min_size, max_size, largest_anchor, regions, grouped
    )
    if coco is not None:
        _load_all_but_predictors(network, coco)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not frozen or name.startswith(PREDICTORS))
    return network


def _load_all_but_predictors(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    kept = {name: value for name, value in state.items() if not name.startswith(PREDICTORS)}
    missing, unexpected = network.load_state_dict(kept, strict=False)
    wrong = [name for name in missing if not name.startswith(PREDICTORS)] + unexpected
    if wrong:
        raise ValueError(
            f"these are not the weights of this Mask R-CNN: {len(wrong)} names differ, such as "
            f"{wrong[0]}; it must have the body, width and normalisation of their training"
        )


def _check_input(
    pictures: Sequence[Tensor], targets: Sequence[Target] | None, training: bool
) -> None:
    shapes = [tuple(picture.shape) for picture in pictures]
    if not shapes or any(len(one) != 3 or one[0] != 3 or 0 in one for one in shapes):
        raise ValueError(
            f"expected a list of float RGB pictures of shape 3×H×W, got shapes {shapes}; permute "
            "H×W×3 to 3×H×W, and give one picture as a list of one"
        )
    if training and targets is None:
        raise ValueError("training needs a target for each picture; call .eval() to predict")
    if targets is None:
        return
    wanted = [tuple(target["masks"].shape[-2:]) for target in targets]
    if wanted != [one[1:] for one in shapes]:
        raise ValueError(
            f"expected a mask of each picture's own height and width, got {wanted} for {shapes}; "
            "pictures and masks are resized together, inside the network"
        )
    boxes = torch.cat([target["boxes"] for target in targets])
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        raise ValueError(
            f"expected boxes as left, top, right, bottom, of some height and width, got "
            f"{boxes.tolist()}; measure them from edge to edge of their pixels"
        )


def best_mask(found: Person, height: int, width: int) -> Tensor:
    """Its mask as H×W in [0, 1]; zeros where no person was found."""
    if len(found.masks):
        return found.masks[0, 0]
    return torch.zeros(height, width, device=found.masks.device)
