"""Person Segmentation from Kaggle (`nikhilroxtomar/person-segmentation`, 5,678 pairs)."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import requests
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import PipelineError
from pipeline.images import write_png
from pipeline.sources.sets.layout import find_root, place_layout
from pipeline.workspace import place_file, whole_directory

log = logging.getLogger(__name__)

DATASET = "nikhilroxtomar/person-segmentation"
MASKS = "masks"
PAIRS = ("images", MASKS)
LISTS = "segmentation"
"""Three lists of names; nothing here reads them, so an archive may lack them."""

BY_HAND = (
    f"or download https://www.kaggle.com/datasets/{DATASET} by hand, unpack it, and set "
    "inputs.people to its folder"
)
CREDENTIALS = (
    "make a token at https://www.kaggle.com/settings (API), save it as ~/.kaggle/kaggle.json or "
    f"set KAGGLE_USERNAME and KAGGLE_KEY, and start again; {BY_HAND}"
)


def fetch_person_segmentation(folder: Path) -> int:
    """Fetch the set into kagglehub's cache, and lay it out as `images/`, `masks/`, `segmentation/`.

    A download that broke off is gone on with; one that is in the cache is not repeated.

    Args:
        folder: Replaced as a whole.

    Returns:
        How many files it holds.

    Raises:
        PipelineError: kagglehub is not installed, Kaggle refuses, or the set is laid out otherwise.
    """
    cached = _download()
    root = find_root(cached, PAIRS, f"the set {DATASET}")
    names = [*PAIRS, LISTS] if (root / LISTS).is_dir() else [*PAIRS]
    with whole_directory(folder) as output:
        return place_layout(root, output, names, _place)


def _place(file: Path, target: Path) -> None:
    """Put a file there; a mask of 0 and 1 becomes one of 0 and 255, as masks are here."""
    levels = _levels(file) if target.parent.name == MASKS else None
    if levels is not None and levels.max(initial=0) == 1:
        write_png(target.with_suffix(".png"), levels * np.uint8(255))
    else:
        place_file(file, target)


def _levels(file: Path) -> NDArray[np.uint8] | None:
    """The grey levels of a picture; None if it is none, which the split will say."""
    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, ValueError):
        return None


def _download() -> Path:
    kagglehub = _kagglehub()
    refused = kagglehub.exceptions
    try:
        return Path(kagglehub.dataset_download(DATASET))
    except (refused.CredentialError, refused.UnauthenticatedError) as problem:
        raise PipelineError(
            f"Kaggle wants to know who asks ({_line(problem)}); {CREDENTIALS}"
        ) from None
    except requests.HTTPError as problem:
        status = problem.response.status_code if problem.response is not None else 0
        if status in (401, 403):
            raise PipelineError(f"Kaggle refuses (HTTP {status}); {CREDENTIALS}") from None
        raise PipelineError(f"Kaggle answers HTTP {status}; start again later, {BY_HAND}") from None
    except (OSError, ValueError, BadZipFile, refused.DataCorruptionError) as problem:
        # requests' errors are OSErrors; ValueError: kaggle.json is no JSON, or no archive came
        raise PipelineError(
            f"{DATASET} could not be fetched from Kaggle ({_line(problem)}); start again to go "
            f"on, {BY_HAND}"
        ) from None


def _kagglehub() -> Any:
    try:
        return importlib.import_module("kagglehub")
    except ImportError:
        raise PipelineError(
            f"people.source: kaggle needs kagglehub; pip install -e '.[downloads]', {BY_HAND}"
        ) from None


def _line(problem: Exception) -> str:
    return (" ".join(str(problem).split()) or type(problem).__name__)[:200]
