"""Segmenters that are networks: two of torchvision's with its weights, and checkpoints of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

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
from pipeline.images import RGB
from pipeline.inference.masks import MaskPredictor
from pipeline.matting import Map, centre_weight
from pipeline.pretrained import pretrained_state

PUBLISHED = {
    "deeplabv3": ("deeplabv3_resnet101", "COCO_WITH_VOC_LABELS_V1"),
    "maskrcnn": ("maskrcnn_resnet50_fpn", "COCO_V1"),
}
"""Model and weights, as torchvision names them."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def published_state(segmenter: str, url: str | None = None) -> dict[str, Tensor]:
    """The weights that torchvision publishes for a segmenter; see `pretrained_state`."""
    return pretrained_state(*PUBLISHED[segmenter], "choose another cutouts.segmenter", url)


class DeepLabV3:
    """DeepLabV3-ResNet101 trained on COCO with the classes of VOC; the reference.

    Chen et al.: Rethinking Atrous Convolution for Semantic Image Segmentation, 2017.

    Args:
        state: Of torchvision's model with its auxiliary head, which is not kept.
    """

    anywhere = False
    side = 780  # the weights' own preset shrinks the shorter side to 520
    car = DeepLabV3_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1.meta["categories"].index("car")

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.device = _device()
        self.identity = f"deeplabv3:{state_hash(state)}"
        network = deeplabv3_resnet101(weights=None, weights_backbone=None, aux_loss=True)
        network.load_state_dict(state)
        network.aux_classifier = None
        self.network = network.to(self.device).eval()

    @torch.inference_mode()
    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`. Pictures of one size share a pass."""
        maps: dict[int, Map] = {}
        for places in _by_size(pictures):
            batch = torch.stack([_tensor(pictures[place]) for place in places]).to(self.device)
            logits = self.network(normalize(batch, list(IMAGENET_MEAN), list(IMAGENET_STD)))["out"]
            car = logits.softmax(dim=1)[:, self.car].float().cpu().numpy()
            maps |= dict(zip(places, car, strict=True))
        return [maps[place] for place in range(len(pictures))]


class MaskRCNN:
    """Mask R-CNN with ResNet50-FPN trained on COCO: the one car that is sure, large and central.

    He et al.: Mask R-CNN, ICCV 2017.

    Args:
        state: Of torchvision's model.
    """

    anywhere = False
    side = 1333  # as the network's own transform, which does the rest
    car = MaskRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"].index("car")

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.device = _device()
        self.identity = f"maskrcnn:{state_hash(state)}"
        # As torchvision builds it for these weights: frozen statistics, no epsilon.
        backbone = resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d
        )
        network = MaskRCNNNetwork(
            backbone, len(MaskRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"])
        )
        network.load_state_dict(state)
        for module in network.modules():
            if isinstance(module, FrozenBatchNorm2d):
                module.eps = 0.0
        self.network = network.to(self.device).eval()

    @torch.inference_mode()
    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`; zeros where no car is found."""
        found = self.network([_tensor(picture).to(self.device) for picture in pictures])
        return [
            best_instance(
                one["masks"][one["labels"] == self.car][:, 0].cpu().numpy(),
                one["scores"][one["labels"] == self.car].cpu().numpy(),
                picture.shape[:2],
            )
            for one, picture in zip(found, pictures, strict=True)
        ]


class Checkpoint:
    """A mask network of ours.

    Args:
        weights: `.pt` with its card beside it.

    Raises:
        PipelineError: They are missing or damaged, or do not belong together.
    """

    anywhere = False

    def __init__(self, weights: Path) -> None:
        self.predictor = MaskPredictor(weights, str(_device()))
        self.identity = f"checkpoint:{self.predictor.card.weights_sha256}"
        self.side = max(512, *self.predictor.card.frame)

    def probability(self, pictures: Sequence[RGB]) -> list[Map]:
        """See `Segmenter`."""
        return [self.predictor.probability(picture) for picture in pictures]


def best_instance(masks: Map, scores: Map, shape: tuple[int, int]) -> Map:
    """The instance with the largest score × area, its area weighted towards the centre.

    Args:
        masks: N×H×W in [0, 1].
        scores: N.
        shape: Height and width, for where there are none.
    """
    if not len(masks):
        return np.zeros(shape, np.float32)
    worth = scores * (masks * centre_weight(shape)).sum(axis=(1, 2))
    return np.asarray(masks[int(np.argmax(worth))], dtype=np.float32)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _tensor(picture: RGB) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255


def _by_size(pictures: Sequence[RGB]) -> list[list[int]]:
    places: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        places.setdefault(picture.shape, []).append(place)
    return list(places.values())
