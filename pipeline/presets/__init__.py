"""Complete parameter files, one a preset; `params.yaml` as committed is the demo's."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

from pipeline.errors import MissingFolder, UsageError
from pipeline.params import parse_params
from pipeline.sections.base import NOTHING

PRESETS = ("demo", "photos", "web")
_ROOT_LINE = "root: ROOT\n"
_ROOT_PATH = re.compile(r"\bROOT(/[\w/]+)?$", re.MULTILINE)


def preset_text(name: str, root: Path | None = None) -> str:
    """The text of a preset's params.yaml, validated.

    Args:
        name: One of PRESETS.
        root: Folder of pictures; needed by `photos`, the others bring their own.

    Raises:
        UsageError: Unknown name, or a root that is missing or not wanted.
        MissingFolder: The root is not a folder.
    """
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; there are {', '.join(PRESETS)}")
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    wants_root = _ROOT_LINE in text
    if wants_root and root is None:
        raise UsageError(f"preset {name} needs --root DIR, the folder that holds your pictures")
    if root is not None and not wants_root:
        raise UsageError(f"preset {name} brings its own pictures, leave --root out")
    if root is not None:
        text = _with_root(text, root.expanduser().resolve())
    parse_params(text)
    return text


def _with_root(text: str, root: Path) -> str:
    """Fill in the root and its folders; for one that is not there stands NOTHING."""
    if not root.is_dir():
        raise MissingFolder(root, "the root of your pictures")

    def path(found: re.Match[str]) -> str:
        folder = root / found[1].removeprefix("/") if found[1] else root
        # JSON strings are YAML strings: a path may hold anything.
        return json.dumps(str(folder), ensure_ascii=False) if folder.is_dir() else NOTHING

    if not (root / "people").is_dir():  # then there will be no such weights to start from
        text = text.replace("checkpoint: models/person_se", f"checkpoint: {NOTHING}")
    return _ROOT_PATH.sub(path, text)
