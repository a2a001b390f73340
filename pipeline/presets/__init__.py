"""Complete parameter files, one a preset; `params.yaml` as committed is the demo's."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from pipeline.errors import MissingFolder, UsageError
from pipeline.params import parse_params

PRESETS = ("demo", "photos", "reference")
_ROOT_LINE = "root: ROOT\n"


def preset_text(name: str, root: Path | None = None) -> str:
    """The text of a preset's params.yaml, validated.

    Args:
        name: One of PRESETS.
        root: Folder of pictures; needed by all but `demo`, which brings its own.

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
        root = root.expanduser().resolve()
        if not root.is_dir():
            raise MissingFolder(root, "the root of your pictures")
        # JSON strings are YAML strings: a path may hold anything.
        text = text.replace(_ROOT_LINE, f"root: {json.dumps(str(root), ensure_ascii=False)}\n")
    parse_params(text)
    return text
