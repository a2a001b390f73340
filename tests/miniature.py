"""Parameters that make every network as small as it gets; where it is used adds its own."""

from __future__ import annotations

from typing import Any

NETWORKS = (
    "car_removal", "person_se", "person_bce_dice", "central_person", "shadow_attention", "shadow",
    "car_mask",
)  # fmt: skip
SMALL: dict[str, Any] = {
    "training.accelerator": "cpu",
    **{f"networks.{name}.epochs": 2 for name in NETWORKS},
    **{
        f"networks.{name}.{key}": 8
        for name in ("person_se", "person_bce_dice", "car_mask")
        for key in ("width", "low_width")
    },
    **{
        f"networks.{name}.size": 32
        for name in ("person_se", "person_bce_dice", "shadow_attention", "shadow")
    },
    **{
        f"networks.{name}.batch_size": 2
        for name in ("car_removal", "central_person", "shadow_attention", "shadow", "car_mask")
    },
    "networks.car_removal.filters": 4,
    "networks.car_removal.discriminator_filters": 4,
    "networks.central_person.width": 16,
    "networks.central_person.regions": 8,
    "networks.central_person.hidden": 8,
    "networks.central_person.min_size": 64,
    "networks.central_person.max_size": 96,
    "networks.shadow.discriminator_filters": 4,
    "evaluate.grabcut.iterations": 1,
    "report.resamples": 100,
}
