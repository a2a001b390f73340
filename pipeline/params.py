"""`params.yaml` as typed, frozen values; a wrong key, type or range is one line that names the key.

ruamel.yaml reads YAML 1.2, in which the `1e-05` that `dvc exp run -S lr=1e-5` writes is a number
(PyYAML reads YAML 1.1 and makes it a string).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ParamsError
from pipeline.sections.archives import ArchivesSection, BackgroundsSection
from pipeline.sections.base import (
    DEMO_ROOT,
    NOTHING,
    WEB_ROOT,
    Folder,
    Positive,
    Section,
    Seed,
    Share,
)
from pipeline.sections.coco import CocoSection
from pipeline.sections.cutouts import CutoutsSection
from pipeline.sections.frames import FramesLimits
from pipeline.sections.http import HttpLimits
from pipeline.sections.networks import Networks
from pipeline.sections.pairs import PairsSection
from pipeline.sections.parallel import ParallelSection
from pipeline.sections.sets import PeopleSource, ShadowSource
from pipeline.sections.shadow_set import ShadowSetSection
from pipeline.sections.sites import ScrapedSource
from pipeline.sections.training import Training

PARAMS_FILE = Path("params.yaml")


class Demo(Section):
    """The embedded demo world, drawn into `data/demo`: how many of each."""

    people: Annotated[int, Field(ge=0, le=100_000)]
    cars: Annotated[int, Field(ge=0, le=100_000)]
    backgrounds: Annotated[int, Field(ge=0, le=100_000)]
    films: Annotated[int, Field(ge=0, le=1000)]
    coco: Annotated[int, Field(ge=0, le=100_000)]
    """Pictures with COCO's annotations."""
    seed: Seed


class Inputs(Section):
    """The folders that stages read; `clearscene preset photos --root DIR` finds them.

    Each may be `data/nothing`: it is not there, and what would need it does without.
    """

    people: Folder
    """Holds `images/` and `masks/`."""
    car_masks: Folder
    """Holds masks of cars, each named as its picture."""
    video: Folder
    """Holds videos."""
    coco_annotations: Folder
    """Holds COCO instances as JSON."""
    coco_images: Folder
    shadows: Folder
    """Holds `train/` and `test/` in Shadow-AR's layout."""


class Scrape(Section):
    """What is collected from sites."""

    backgrounds: ScrapedSource
    cars: ScrapedSource

    def __getitem__(self, source: str) -> ScrapedSource:
        """A source by its name."""
        found: ScrapedSource = getattr(self, source)
        return found


class Splits(Section):
    """How pictures are dealt out to parts; its seed is not the training seed."""

    seed: Seed
    test_share: Annotated[float, Field(gt=0, lt=1)]
    val_share: Annotated[float, Field(gt=0, lt=1)]
    """Of what the test part leaves."""
    near_duplicate_bits: Annotated[int, Field(ge=0, le=32)]
    """Pictures whose perceptual hashes differ in so many of 64 bits or fewer share a part."""


class PersonSplit(Section):
    """Pairs of picture and mask of persons."""

    multiply: Literal["offline", "online", "off"]
    """Train on six variants of each picture, the original and five augmentations: `offline` writes
    them once, `online` makes the same ones whenever they are read."""
    size: Annotated[int, Field(ge=32, le=2048)]
    """Side in pixels of the squares that `offline` writes."""
    max_bad_share: Share
    """Unusable pairs are listed and left out up to this share; above it the stage fails."""


class GrabCut(Section):
    """The classical baseline of mask networks."""

    box_share: Annotated[float, Field(gt=0, lt=1)]
    iterations: Annotated[int, Field(ge=1, le=50)]


class Evaluate(Section):
    """Scores on the test part."""

    threshold: Annotated[float, Field(gt=0, lt=1)]
    grabcut: GrabCut
    off_the_shelf: bool
    """Score torchvision's published networks beside ours; their weights are downloaded."""
    lpips: Literal["none", "alex", "squeeze", "vgg"]
    """Network of the perceptual distance of pictures; its ImageNet weights are downloaded."""


class Report(Section):
    """Bootstrap intervals of the summary."""

    interval: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100, le=1_000_000)]


class Params(Section):
    """The whole of params.yaml."""

    root: Annotated[str, Field(min_length=1)]
    """Where the inputs are from: `data/demo` is the embedded world, `data/web` is downloaded, an
    absolute path is a folder of one's own."""
    seed: Seed
    lr: Positive
    """Base learning rate; a network trains at `lr × lr_scale`."""
    inputs: Inputs
    demo: Demo
    parallel: ParallelSection
    http: HttpLimits
    scrape: Scrape
    frames: FramesLimits
    archives: ArchivesSection
    backgrounds: BackgroundsSection
    coco: CocoSection
    people: PeopleSource
    shadows: ShadowSource
    splits: Splits
    person_split: PersonSplit
    cutouts: CutoutsSection
    pairs: PairsSection
    shadow_set: ShadowSetSection
    training: Training
    networks: Networks
    evaluate: Evaluate
    report: Report

    @property
    def uses_demo(self) -> bool:
        """Whether the pictures are those of the embedded world."""
        return self.root == DEMO_ROOT

    @model_validator(mode="after")
    def _root_is_usable(self) -> Params:
        if self.root not in (DEMO_ROOT, WEB_ROOT) and not Path(self.root).is_absolute():
            raise ValueError(
                f"root: {self.root!r} is neither {DEMO_ROOT} nor {WEB_ROOT} nor an absolute path "
                "(`clearscene preset photos --root DIR` writes one)"
            )
        if self.uses_demo and self.demo.people < 10:
            raise ValueError(
                f"demo.people: {self.demo.people} is too few to split, give 10 or more"
            )
        if self.inputs.coco_annotations.startswith(DEMO_ROOT) and self.demo.coco < 10:
            raise ValueError(
                f"demo.coco: {self.demo.coco} is too few to split, give 10 or more, or set "
                f"inputs.coco_annotations to {NOTHING}"
            )
        return self

    @model_validator(mode="after")
    def _variants_have_the_size_of_the_networks(self) -> Params:
        written = self.person_split.size
        for name in ("person_se", "person_bce_dice"):
            trained = getattr(self.networks, name).size
            if self.person_split.multiply == "offline" and trained != written:
                raise ValueError(
                    f"person_split.size: {written} is written offline, but networks.{name}.size "
                    f"is {trained}; make them equal, or set person_split.multiply to online"
                )
        return self

    @model_validator(mode="after")
    def _frames_of_pairs_fit_the_networks(self) -> Params:
        halved = 2**self.networks.car_removal.levels
        for name, multiple in (("car_removal", halved), ("car_mask", 16)):
            if self.pairs.height % multiple or self.pairs.width % multiple:
                raise ValueError(
                    f"pairs: networks.{name} needs a height and width that are multiples of "
                    f"{multiple}, got {self.pairs.height}×{self.pairs.width}"
                )
        return self


def learning_rate(lr: float, scale: float) -> float:
    """`lr × scale` without the noise of binary fractions (1e-5 × 0.1 is 1e-6)."""
    return float(f"{lr * scale:.12g}")


def load_params(file: Path = PARAMS_FILE) -> Params:
    """Read and validate.

    Raises:
        ParamsError: The file is missing, is not YAML, or holds a wrong key, type or range.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(file, ["no such file; `clearscene preset demo` writes one"]) from None
    except UnicodeDecodeError as problem:
        raise ParamsError(file, [f"is not UTF-8 ({problem.reason}); save it as UTF-8"]) from None
    return parse_params(text, file)


def parse_params(text: str, file: Path = PARAMS_FILE) -> Params:
    """Validate the text of a parameters file; see `load_params`."""
    try:
        values = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as problem:  # ValueError: a date that is none
        raise ParamsError(file, [" ".join(str(problem).split())]) from None
    if not isinstance(values, Mapping):
        raise ParamsError(file, ["must hold keys and values; `clearscene preset demo` writes one"])
    try:
        return Params.model_validate(values)
    except ValidationError as problem:
        raise ParamsError(file, [_explain(error) for error in problem.errors()]) from None


def _explain(error: Any) -> str:
    key = " ".join(".".join(str(part) for part in error["loc"]).split())
    match error["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key"
        case "missing":
            return f"{key}: missing"
        case "value_error":
            return f"{key}: {error['ctx']['error']}".removeprefix(": ")
    message = error["msg"].removeprefix("Input ").replace("should", "must", 1)
    return f"{key}: {message}, got {error['input']!r}"


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mapping → one level with dotted keys, as MLflow wants its params."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat
