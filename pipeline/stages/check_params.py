"""Stage `check_params`: refuse a wrong params.yaml before any other stage has worked.

Every stage depends on what this one writes, and it always writes the same bytes: it runs first
whenever params.yaml changes, and makes nothing else run.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import MissingFolder
from pipeline.params import Params, load_params
from pipeline.paths import NOTHING
from pipeline.sources.folder import list_pairs
from pipeline.stages.door import run_stage
from pipeline.workspace import write_whole

OUTPUT = Path("data/params_checked")


def check(params: Params) -> None:
    """See that the folders which the parameters name are there.

    Raises:
        MissingFolder: One is not.
        PipelineError: One is empty.
    """
    named = {f"inputs.{key}": value for key, value in params.inputs.model_dump().items()}
    named |= {f"scrape.{key}.folder": params.scrape[key].folder for key in ("backgrounds", "cars")}
    for key, value in named.items():
        if Path(value).is_absolute() and not Path(value).is_dir():
            raise MissingFolder(Path(value), f"{key} in params.yaml")
    people = Path(params.inputs.people)
    if people.is_absolute():
        list_pairs(people)


def main() -> None:
    """Run the stage."""
    check(load_params())
    write_whole(NOTHING / "about.txt", b"Stands in params.yaml for a folder that is not there.\n")
    write_whole(OUTPUT, b"params.yaml is valid\n")


if __name__ == "__main__":
    run_stage("check_params", main)
