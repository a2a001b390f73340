"""`central_person` on the test part of the split of COCO; pictures are named by their image id."""

from __future__ import annotations

from pathlib import Path

from pipeline.datasets.central.pictures import CentralPicture, read_central_pictures
from pipeline.evaluators.masks import MaskJudge, file_cases, mean_of_files, off_the_shelf
from pipeline.evaluators.scoring import Scored, score
from pipeline.inference.instances import CentralPersonPredictor
from pipeline.params import Params
from pipeline.paths import COCO_SPLIT, WEB

SPLIT, REJECTS = COCO_SPLIT / "split.csv", WEB / "coco" / "rejects.csv"


def evaluate(network: str, weights: Path, params: Params) -> Scored:
    """Score the weights beside the baselines."""
    pictures = Path(params.inputs.coco_images)

    def read(part: str) -> list[CentralPicture]:
        return read_central_pictures(SPLIT, pictures, part, REJECTS)

    cases = file_cases(read("test"), mean_of_files(read("train")))
    others = off_the_shelf(
        params.evaluate, "person",
        "maskrcnn_centre", "maskrcnn_top_score", "maskrcnn_largest_box",
    )  # fmt: skip
    return score(
        network, MaskJudge(CentralPersonPredictor(weights), params.evaluate, others), cases
    )
