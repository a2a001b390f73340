"""Networks that torchvision publishes with their weights, as they are: cars or persons.

DeepLabV3 gives the probability of a category; Mask R-CNN gives its instances, among which a rule
chooses. Weights are downloaded when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import MaskRCNN as MaskRCNNNetwork
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.segmentation import DeepLabV3_ResNet101_Weights, deeplabv3_resnet101
from torchvision.ops import FrozenBatchNorm2d
from torchvision.transforms.functional import normalize

from pipeline.checkpoint import state_hash
from pipeline.images import RGB, resize_picture, resize_probability
from pipeline.inference.choosing import CHOOSERS, Category, Choice, Instances, Map
from pipeline.pretrained import pretrained_state

PUBLISHED = {
    "deeplabv3": ("deeplabv3_resnet101", "COCO_WITH_VOC_LABELS_V1"),
    "maskrcnn": ("maskrcnn_resnet50_fpn", "COCO_V1"),
}
"""Model and weights, as torchvision names them."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

SHORTER, LONGER = 520, 1333
"""Pixels: the shorter side that the weights' own preset resizes to, and the most of the longer."""

SURE = 0.5
"""Score of an instance that counts as found."""


class DeepLabV3:
    """DeepLabV3-ResNet101 trained on COCO with the classes of VOC.

    Chen et al.: Rethinking Atrous Convolution for Semantic Image Segmentation, 2017.

    Args:
        state: Of torchvision's model with its auxiliary head, which is not kept.
        category: What to find.
        device: Where to run, as torch names it; the GPU if there is one.
    """

    def __init__(
        self, state: Mapping[str, Tensor], category: Category, device: str | None = None
    ) -> None:
        names = DeepLabV3_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1.meta["categories"]
        self.channel = names.index(category)
        self.device = _device(device)
        self.weights_sha256 = state_hash(state)
        network = deeplabv3_resnet101(weights=None, weights_backbone=None, aux_loss=True)
        network.load_state_dict(state)
        network.aux_classifier = None
        self.network = network.to(self.device).eval()

    @torch.inference_mode()
    def probabilities(self, pictures: Sequence[RGB]) -> list[Map]:
        """How likely each pixel belongs to the category, at the size that the pictures have.

        Pictures of one size share a pass.
        """
        maps: dict[int, Map] = {}
        for places in _by_size(pictures):
            batch = torch.stack([_tensor(pictures[place]) for place in places]).to(self.device)
            logits = self.network(normalize(batch, list(IMAGENET_MEAN), list(IMAGENET_STD)))["out"]
            found = logits.softmax(dim=1)[:, self.channel].float().cpu().numpy()
            maps |= dict(zip(places, found, strict=True))
        return [maps[place] for place in range(len(pictures))]


class MaskRCNN:
    """Mask R-CNN with ResNet50-FPN trained on COCO; it resizes pictures itself.

    He et al.: Mask R-CNN, ICCV 2017.

    Args:
        state: Of torchvision's model.
        category: What to find.
        min_score: Below it nothing is an instance.
        device: Where to run, as torch names it; the GPU if there is one.
    """

    def __init__(
        self,
        state: Mapping[str, Tensor],
        category: Category,
        min_score: float = 0.05,
        device: str | None = None,
    ) -> None:
        names = MaskRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
        self.label = names.index(category)
        self.device = _device(device)
        self.weights_sha256 = state_hash(state)
        # As torchvision builds it for these weights: frozen statistics, no epsilon.
        backbone = resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d
        )
        network = MaskRCNNNetwork(backbone, len(names), box_score_thresh=min_score)
        network.load_state_dict(state)
        for module in network.modules():
            if isinstance(module, FrozenBatchNorm2d):
                module.eps = 0.0
        self.network = network.to(self.device).eval()

    @torch.inference_mode()
    def instances(self, pictures: Sequence[RGB]) -> list[Instances]:
        """What of the category is in each picture, at the size that it has."""
        found = self.network([_tensor(picture).to(self.device) for picture in pictures])
        return [self._of_category(one) for one in found]

    def _of_category(self, found: Mapping[str, Tensor]) -> Instances:
        wanted = found["labels"] == self.label
        masks, scores, boxes = (found[key][wanted] for key in ("masks", "scores", "boxes"))
        return Instances(masks[:, 0].cpu().numpy(), scores.cpu().numpy(), boxes.cpu().numpy())


class OffTheShelf(Protocol):
    """A ready-made network that gives one mask, to its users the same as `MaskPredictor`."""

    @property
    def name(self) -> str:
        """A key of `OFF_THE_SHELF`, or as much as tells it from others."""
        ...

    def probability(self, picture: RGB) -> Map:
        """H×W in [0, 1], as large as the picture; zeros where nothing is found."""
        ...


class OffTheShelfDeepLab:
    """DeepLabV3 for pictures of any size, resized as the preset of its weights does.

    Args:
        network: For a category.
        shorter: Pixels of the shorter side that the network sees.
    """

    name = "deeplabv3"

    def __init__(self, network: DeepLabV3, shorter: int = SHORTER) -> None:
        self.network, self.shorter = network, shorter

    def probability(self, picture: RGB) -> Map:
        """See `OffTheShelf`."""
        height, width = picture.shape[:2]
        scale = min(self.shorter / min(height, width), LONGER / max(height, width))
        seen = max(1, round(height * scale)), max(1, round(width * scale))
        (found,) = self.network.probabilities([resize_picture(picture, *seen)])
        return resize_probability(found, height, width)


class OffTheShelfMaskRCNN:
    """Mask R-CNN and the rule that makes one mask of its instances.

    Args:
        network: For a category; several rules may share it.
        choose: A key of `CHOOSERS`.
    """

    def __init__(self, network: MaskRCNN, choose: Choice) -> None:
        self.network, self.choose = network, choose

    @property
    def name(self) -> str:
        """See `OffTheShelf`."""
        return NAMES[self.choose]

    def probability(self, picture: RGB) -> Map:
        """See `OffTheShelf`."""
        (found,) = self.network.instances([picture])
        mask = CHOOSERS[self.choose](found)
        return np.zeros(picture.shape[:2], np.float32) if mask is None else mask


NAMES: Mapping[Choice, str] = {
    "centre": "maskrcnn_centre",
    "score": "maskrcnn_top_score",
    "box": "maskrcnn_largest_box",
    "all": "maskrcnn",
}


class Build(Protocol):
    """Makes a ready-made predictor; nothing is loaded before it is called."""

    def __call__(
        self,
        category: Category,
        state: Mapping[str, Tensor] | None = None,
        device: str | None = None,
    ) -> OffTheShelf:
        """Make it for a category, with the published weights unless a state is given.

        Raises:
            PipelineError: The weights cannot be fetched.
        """
        ...


def deeplab(
    category: Category, state: Mapping[str, Tensor] | None = None, device: str | None = None
) -> OffTheShelf:
    """See `Build`."""
    weights = published_state("deeplabv3") if state is None else state
    return OffTheShelfDeepLab(DeepLabV3(weights, category, device))


def _mask_rcnn(choose: Choice) -> Build:
    def build(
        category: Category, state: Mapping[str, Tensor] | None = None, device: str | None = None
    ) -> OffTheShelf:
        weights = published_state("maskrcnn") if state is None else state
        return OffTheShelfMaskRCNN(MaskRCNN(weights, category, SURE, device), choose)

    return build


OFF_THE_SHELF: Mapping[str, Build] = {
    "deeplabv3": deeplab,
    **{name: _mask_rcnn(choose) for choose, name in NAMES.items()},
}
"""By name, as reports call them. `maskrcnn` is the union of all instances."""


def published_state(
    network: str, url: str | None = None, otherwise: str = "leave out what needs it"
) -> dict[str, Tensor]:
    """The weights that torchvision publishes for a key of `PUBLISHED`; see `pretrained_state`."""
    return pretrained_state(*PUBLISHED[network], otherwise, url)


def _device(name: str | None) -> torch.device:
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def _tensor(picture: RGB) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255


def _by_size(pictures: Sequence[RGB]) -> list[list[int]]:
    places: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        places.setdefault(picture.shape, []).append(place)
    return list(places.values())
