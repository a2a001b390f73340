"""What every section of params.yaml is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NOTHING = "data/nothing"
"""An empty folder: what stands for a source that is not there."""
DEMO_ROOT, WEB_ROOT = "data/demo", "data/web"
"""Where stages of this pipeline draw or fetch what others read as a folder of one's own."""


def _folder(text: str) -> str:
    known = text == NOTHING or text.startswith((f"{DEMO_ROOT}/", f"{WEB_ROOT}/"))
    if not known and not Path(text).is_absolute():
        raise ValueError(f"{text!r} is not an absolute path (nor {NOTHING}: not there)")
    return text


def _fetchable(text: str) -> str:
    if text and not text.startswith(WEB) and not Path(text).is_absolute():
        raise ValueError(f"{text!r} is neither a web address nor an absolute path")
    return text


WEB = ("http://", "https://")
Fetchable = Annotated[str, AfterValidator(_fetchable)]
"""Web address, or absolute path of a file fetched by hand."""
Hash = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
"""SHA-256, hexadecimal; empty: what comes is not checked, and the log tells what to put here."""
Folder = Annotated[str, AfterValidator(_folder)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A section of params.yaml: no unknown keys, no silent conversions, no change afterwards."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )
