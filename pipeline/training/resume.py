"""Where an interrupted training goes on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

LAST = "last"
BEST = "best"


class ResumeState:
    """A directory outside DVC's outputs that holds the last epoch's end of one run.

    Args:
        folder: Its place; made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def last(self) -> Path:
        """Lightning checkpoint of the last finished epoch: written whole or not at all."""
        return self.folder / f"{LAST}.ckpt"

    @property
    def best(self) -> Path:
        """Lightning checkpoint of the best epoch so far."""
        return self.folder / f"{BEST}.ckpt"

    @property
    def previews(self) -> Path:
        """Folder of the sheets of before, after and truth."""
        return self.folder / "previews"

    @property
    def epochs_done(self) -> int:
        """How many epochs were finished before."""
        return int(self.read(self.last)["epoch"]) + 1 if self.last.exists() else 0

    def read(self, file: Path) -> Mapping[str, Any]:
        """A checkpoint on the CPU."""
        state: Mapping[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        return state

    def note(self, name: str, value: str) -> None:
        """Keep a small text beside the checkpoints."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(value, encoding="utf-8")

    def noted(self, name: str) -> str | None:
        """The text kept under that name, if any."""
        file = self.folder / name
        return file.read_text(encoding="utf-8") if file.exists() else None

    def clear(self) -> None:
        """Forget the run: it is finished and its weights are written."""
        shutil.rmtree(self.folder, ignore_errors=True)
