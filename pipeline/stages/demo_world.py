"""Stage `demo_world`: draw the embedded world, in the layout of a folder of one's own pictures.

Under another root than `data/demo` nobody looks at it, and nothing is drawn.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.params import load_params
from pipeline.sources.demo.cars.pictures import write_cars
from pipeline.sources.demo.coco.pictures import write_coco
from pipeline.sources.demo.people.pictures import write_people
from pipeline.sources.demo.scenery.backgrounds import write_backgrounds
from pipeline.sources.demo.scenery.films import write_films
from pipeline.stages.door import run_stage
from pipeline.workspace import whole_directory

OUTPUT = Path("data/demo")


def main() -> None:
    """Run the stage."""
    params = load_params()
    demo, seed = params.demo, params.demo.seed
    with whole_directory(OUTPUT) as folder:
        (folder / "people").mkdir()
        if not params.uses_demo:
            return
        write_people(folder / "people", demo.people, seed)
        write_cars(folder / "cars", demo.cars, seed)
        write_backgrounds(folder / "backgrounds", demo.backgrounds, seed)
        write_films(folder / "video", demo.films, seed)
        write_coco(folder / "coco", demo.coco, seed)


if __name__ == "__main__":
    run_stage("demo_world", main)
