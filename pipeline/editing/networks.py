"""The networks that edits need, each loaded once, when it is first needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.card import Card
from pipeline.editing.catalogue import ARCHITECTURES, STAND_INS, check_kind, remedies, said_of
from pipeline.editing.in_turn import EngineInTurn, Finder, MasksInTurn
from pipeline.editing.options import PERSON_MODELS, PersonModel, Served
from pipeline.errors import PipelineError, UsageError
from pipeline.images import RGB
from pipeline.inference.engines import AUTO
from pipeline.inference.engines.choice import choose
from pipeline.inference.engines.exported import can_export
from pipeline.inference.engines.machine import is_installed
from pipeline.inference.weights import Found, card_of, find_weights
from pipeline.paths import MODELS

if TYPE_CHECKING:
    from pipeline.inference.predictor import Predictor
    from pipeline.inference.removal import CarRemover
    from pipeline.inference.shadows import AttentionPredictor, ShadowCaster

log = logging.getLogger(__name__)
Kind = TypeVar("Kind")
Running = TypeVar("Running", bound="Predictor")


class Masks(Protocol):
    """Whatever gives the mask of a picture, such as a trained network or a published one.

    Attributes:
        name: What messages call it.
    """

    name: str

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        """H×W in [0, 1], as large as the picture."""
        ...


class Networks:
    """Loads and keeps the networks; may be called from several threads.

    Args:
        models: Folder of trained networks.
        weights: `.pt` files by network, used instead of those in `models`.
        backend: What runs them; see `inference.engines`.
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
        self.models, self.weights = models, dict(weights or {})
        self.backend, self.device, self.download = backend, device, download
        self._loaded: dict[str, Any] = {}
        self._turn = threading.Lock()
        self._loading = {network: threading.Lock() for network in ARCHITECTURES}
        for network in self.weights:
            if network not in ARCHITECTURES:
                known = ", ".join(ARCHITECTURES)
                raise UsageError(f"{network!r} is no network; there are {known}")

    def persons(self, model: PersonModel) -> Masks:
        """The network that finds people.

        Raises:
            UsageError: There is no such model.
            PipelineError: There are no weights, or those there are cannot be used.
        """
        if model not in PERSON_MODELS:
            raise UsageError(f"{model!r} finds no people; take one of {', '.join(PERSON_MODELS)}")
        return self._once(model, lambda: self._masks(model))

    def cars(self) -> Masks:
        """The network that finds cars.

        Raises:
            PipelineError: There are no weights, or those there are cannot be used.
        """
        return self._once("car_mask", lambda: self._masks("car_mask"))

    def painter(self) -> CarRemover | None:
        """The network that paints where cars were; None where there are no weights of it.

        Raises:
            PipelineError: The weights there are cannot be used.
        """

        def load() -> CarRemover | None:
            from pipeline.inference.removal import CarRemover

            return self._guarded("car_removal", CarRemover) if self._has("car_removal") else None

        return self._once("car_removal", load)

    def attention(self) -> AttentionPredictor:
        """The network that finds what casts shadows around an object.

        Raises:
            PipelineError: There are no weights, or those there are cannot be used.
        """

        def load() -> AttentionPredictor:
            from pipeline.inference.shadows import AttentionPredictor

            return self._guarded("shadow_attention", AttentionPredictor)

        return self._once("shadow_attention", load)

    def caster(self) -> ShadowCaster:
        """The network that casts a shadow.

        Raises:
            PipelineError: There are no weights, or those there are cannot be used.
        """

        def load() -> ShadowCaster:
            from pipeline.inference.shadows import ShadowCaster

            return self._guarded("shadow", ShadowCaster)

        return self._once("shadow", load)

    def load(self, network: str) -> object:
        """Load a network by its name, as the methods above do.

        Raises:
            UsageError: There is no such network.
            PipelineError: There are no weights, or those there are cannot be used.
        """
        for model in PERSON_MODELS:
            if network == model:
                return self.persons(model)
        others: dict[str, Callable[[], object]] = {
            "car_mask": self.cars,
            "car_removal": self.painter,
            "shadow_attention": self.attention,
            "shadow": self.caster,
        }
        if network not in others:
            raise UsageError(f"{network!r} is no network; there are {', '.join(ARCHITECTURES)}")
        return others[network]()

    def served(self) -> list[Served]:
        """What is used, or would be; neither networks nor PyTorch are loaded for it."""
        return [one for network in ARCHITECTURES if (one := self._served(network)) is not None]

    def _once(self, network: str, load: Callable[[], Kind]) -> Kind:
        """What `load` gives, from the second call on that of the first."""
        with self._loading[network]:
            if network not in self._loaded:
                self._loaded[network] = load()
            kept: Kind = self._loaded[network]
            return kept

    def _masks(self, network: str) -> Masks:
        finder = self._finder(network) if self._has(network) else self._published(network)
        return MasksInTurn(finder, self._turn)

    def _finder(self, network: str) -> Finder:
        if ARCHITECTURES[network] == "mask_rcnn":
            from pipeline.inference.instances import CentralPersonPredictor

            return self._trained(network, CentralPersonPredictor)
        from pipeline.inference.masks import MaskPredictor

        return self._trained(network, MaskPredictor)

    def _guarded(self, network: str, kind: Callable[..., Running]) -> Running:
        predictor = self._trained(network, kind)
        predictor.engine = EngineInTurn(predictor.engine, self._turn)
        return predictor

    def _trained(self, network: str, kind: Callable[..., Kind]) -> Kind:
        found = self._find(network)
        if found is None:
            raise UsageError(f"no weights of {network}: {remedies(network)}")
        check_kind(network, found)
        log.info("%s: %s", network, found.origin)
        return kind(found.file, device=self.device, backend=self.backend)

    def _published(self, network: str) -> Finder:
        """The published network that stands in, with a line that says so."""
        stand_in = STAND_INS[network]
        if not self.download or not is_installed("torch", "torchvision"):
            raise UsageError(f"no weights of {network}: {remedies(network)}")
        from pipeline.inference.off_the_shelf import OFF_THE_SHELF

        log.warning("%s has no trained weights: %s", network, said_of(stand_in))
        try:
            return OFF_THE_SHELF[stand_in.name](stand_in.category, None, self.device)
        except PipelineError as problem:
            raise PipelineError(
                f"no weights of {network}: {remedies(network)}; {problem}"
            ) from problem

    def _find(self, network: str) -> Found | None:
        return find_weights(network, self.weights.get(network), self.models)

    def _has(self, network: str) -> bool:
        return self._find(network) is not None

    def _served(self, network: str) -> Served | None:
        found = self._find(network)
        if found is None:
            stand_in = STAND_INS.get(network)
            if stand_in is None or not self.download or not is_installed("torch", "torchvision"):
                return None
            return Served(network, said_of(stand_in), "torch", {})
        card = card_of(found.file)
        return Served(
            network,
            found.origin,
            self._engine(network, found.file, card),
            card.scores,
            card.git_revision,
            card.data_sha256,
            card.weights_sha256,
        )

    def _engine(self, network: str, file: Path, card: Card) -> str:
        """What runs a network, or would."""
        loaded = getattr(self._loaded.get(network), "backend", None)
        if loaded is not None:
            return str(loaded)
        if self.backend == AUTO:
            return choose(file, card, self.device).backend
        if can_export(card) or self.backend.startswith("torch"):
            return self.backend
        return "torch"  # whatever is asked for: Mask R-CNN runs in nothing else
