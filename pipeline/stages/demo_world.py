"""Stage `demo_world`: draw the embedded world, in the layout of a folder of one's own pictures.

Under another root than `data/demo` nobody looks at it, and nothing is drawn.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.params import load_params
from pipeline.sources.demo.people import write_people
from pipeline.stages.door import run_stage
from pipeline.workspace import whole_directory

OUTPUT = Path("data/demo")


def main() -> None:
    """Run the stage."""
    params = load_params()
    with whole_directory(OUTPUT) as folder:
        (folder / "people").mkdir()
        if params.uses_demo:
            write_people(folder / "people", params.demo.people, params.demo.seed)


if __name__ == "__main__":
    run_stage("demo_world", main)
