"""All edits behind one door, with each network loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.editing.cutout import PersonCutter
from pipeline.editing.networks import Networks
from pipeline.editing.options import Cut, Place, Removal, Served, Shadowed
from pipeline.editing.removal import CarEraser
from pipeline.editing.shadows import ShadowComposer
from pipeline.paths import MODELS
from pipeline.photos import Photo

__all__ = ["Served", "Shadowed", "Studio"]


class Studio:
    """The edits. May be called from several threads; the networks run one call at a time.

    Args:
        models: Folder of trained networks.
        weights: `.pt` or `.onnx` files by network, used instead of those in `models`.
        backend: What runs the networks; see `inference.engines`. `auto` takes the quickest that
            `clearscene doctor` has measured here.
        device: As torch names it; None takes a GPU if there is one.
        download: Whether published weights may be fetched where there are no trained ones.

    Raises:
        UsageError: `weights` names a network that there is not.
    """

    def __init__(
        self,
        models: Path = MODELS,
        weights: Mapping[str, Path] | None = None,
        backend: str = "auto",
        device: str | None = None,
        download: bool = True,
    ) -> None:
        self.networks = Networks(models, weights, backend, device, download)

    def cut_out(self, photo: Photo, wanted: Cut | None = None) -> Photo:
        """Cut the people out of a photo.

        Returns:
            As large as the photo unless cropped; transparent where nobody is unless there is a
            background. A mask is grey levels in all three channels.

        Raises:
            PipelineError: The weights are missing or damaged.
        """
        wanted = wanted or Cut()
        return PersonCutter(self.networks.persons(wanted.model)).cut(photo, wanted)

    def remove_cars(self, photo: Photo, wanted: Removal | None = None) -> Photo:
        """Remove the cars of a photo, and what they shade.

        Returns:
            As large as the photo; outside the cars and their shadows its own pixels.

        Raises:
            PipelineError: The weights are missing or damaged.
        """
        wanted = wanted or Removal()
        painter = self.networks.painter() if wanted.fill == "network" else None
        return CarEraser(self.networks.cars(), painter).erase(photo, wanted)

    def cast_shadow(self, scene: Photo, cutout: Photo, place: Place) -> Shadowed:
        """Put a cutout into a scene, with its shadow.

        Raises:
            UsageError: The cutout has no transparency, or lies outside the scene.
            PipelineError: The weights are missing or damaged.
        """
        composer = ShadowComposer(self.networks.attention(), self.networks.caster())
        return composer.compose(scene, cutout, place)

    def served(self) -> list[Served]:
        """The networks that are or would be used; loads nothing."""
        return self.networks.served()

    def warm(self, *networks: str) -> None:
        """Load networks before they are needed, such as at the start of a server.

        Raises:
            UsageError: There is no network of that name.
            PipelineError: Its weights are missing or damaged.
        """
        for network in networks:
            self.networks.load(network)
