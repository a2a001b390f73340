"""Networks that give masks, on their test parts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.baselines import grabcut_mask
from pipeline.errors import PipelineError
from pipeline.evaluation import KINDS, OURS
from pipeline.evaluation.judging import score_table
from pipeline.evaluators import evaluator
from pipeline.evaluators.car_mask import PAIR, PHOTO, mask_cases
from pipeline.evaluators.masks import GRID, MaskCase, MaskJudge, off_the_shelf
from pipeline.evaluators.scoring import Scored, score
from pipeline.images import RGB, Mask
from pipeline.metrics.masks import confusion_counts, jaccard_score
from pipeline.params import load_params
from tests.evaluators.conftest import PARTS, World

NETWORKS = ("person_se", "person_bce_dice", "central_person", "car_mask")


class Sure:
    """A network that always gives one mask."""

    def __init__(self, mask: NDArray[np.float32]) -> None:
        self.mask = mask
        self.card = SimpleNamespace(network="person_se")

    def probability(self, picture: RGB) -> NDArray[np.float32]:
        assert picture.shape[:2] == self.mask.shape
        return self.mask


@pytest.fixture(scope="module")
def scored(world: World) -> dict[str, Scored]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world.root)
        return {
            name: evaluator(name)(name, world.models(name) / "best.pt", world.params)
            for name in NETWORKS
        }


def box(height: int, width: int) -> tuple[RGB, Mask]:
    rng = np.random.default_rng(1)
    mask = np.zeros((height, width), bool)
    mask[height // 4 : -height // 4, width // 3 : -width // 3] = True
    return (rng.integers(0, 60, (height, width, 3)) + mask[..., None] * 150).astype(np.uint8), mask


def test_a_right_network_scores_one_and_the_baselines_what_they_are_worth() -> None:
    picture, truth = box(48, 66)
    mean = np.zeros((GRID, GRID), np.float32)
    mean[:, : GRID // 2] = 0.7
    judge = MaskJudge(Sure(truth.astype(np.float32)), load_params().evaluate)
    judged = judge.examine(MaskCase("p", "g", mean, lambda: (picture, truth))).judged
    left = np.zeros_like(truth)
    left[:, :33] = True
    assert judged.scores[OURS]["jaccard"] == 1
    assert judged.scores["mean_mask"]["jaccard"] == jaccard_score(confusion_counts(left, truth))
    cut = grabcut_mask(picture, 0.8, 1)
    assert judged.scores["grabcut"]["jaccard"] == jaccard_score(confusion_counts(cut, truth))


def test_the_threshold_is_that_of_the_parameters() -> None:
    picture, truth = box(40, 40)
    how = load_params().evaluate.model_copy(update={"threshold": 0.8})
    for probability, jaccard in ((0.79, 0), (0.8, 1)):
        judge = MaskJudge(Sure(truth * np.float32(probability)), how)
        case = MaskCase("p", "g", np.zeros((GRID, GRID), np.float32), lambda: (picture, truth))
        assert judge.examine(case).judged.scores[OURS]["jaccard"] == jaccard


@pytest.mark.parametrize("network", NETWORKS)
def test_every_test_picture_is_judged_once_in_all_columns(
    network: str, scored: dict[str, Scored]
) -> None:
    judged, kind = scored[network].judged, KINDS[network]
    names = [one.picture for one in judged]
    assert len(set(names)) == len(names)
    assert all(list(row) == kind.columns for row in score_table(judged, kind))
    assert {name for one in judged for name in one.scores} == {OURS, *kind.baselines}
    assert scored[network].card.network == network
    assert scored[network].examples.shape[0] > 200 * min(len(names), 10)


def test_pictures_of_coco_are_named_by_their_image_id(scored: dict[str, Scored]) -> None:
    judged = scored["central_person"].judged
    first = sum(PARTS[part] + 1 for part in ("train", "val"))
    assert [one.picture for one in judged] == [str(first), str(first + 1)]


def test_cars_are_sought_on_pairs_and_on_photos(scored: dict[str, Scored]) -> None:
    groups = [one.group for one in scored["car_mask"].judged]
    assert groups == [PAIR] * 4 * PARTS["test"] + [PHOTO] * PARTS["test"]


def test_a_photo_is_compared_with_the_mean_of_photos_alone(world: World) -> None:
    means = {case.group: case.mean for case in mask_cases(world.params)}
    assert means[PHOTO][GRID // 2, GRID // 2] == 1
    assert means[PHOTO][0, 0] == 0
    assert means[PAIR].max() < 1


def test_without_masks_of_photos_pairs_are_enough(world: World) -> None:
    (world.root / "data/nothing").mkdir(exist_ok=True)
    inputs = world.params.inputs.model_copy(update={"car_masks": "data/nothing"})
    cases = mask_cases(world.params.model_copy(update={"inputs": inputs}))
    assert {case.group for case in cases} == {PAIR}


def test_judging_again_gives_the_same(world: World, scored: dict[str, Scored]) -> None:
    again = evaluator("car_mask")("car_mask", world.models("car_mask") / "best.pt", world.params)
    assert again.judged == scored["car_mask"].judged
    np.testing.assert_array_equal(again.examples, scored["car_mask"].examples)


def test_the_best_picture_stands_first_on_the_sheet() -> None:
    picture, truth = box(40, 40)
    blank = np.zeros((GRID, GRID), np.float32)
    empty = np.zeros_like(truth)
    cases = [
        MaskCase("missed", "g", blank, lambda: (picture, empty)),
        MaskCase("found", "g", blank, lambda: (picture, truth)),
    ]
    judge = MaskJudge(Sure(truth.astype(np.float32)), load_params().evaluate)
    sheet = score("person_se", judge, cases).examples
    found = score("person_se", judge, cases[1:]).examples
    first = slice(30, 200)  # the first row of pictures, below the titles and above its caption
    np.testing.assert_array_equal(sheet[first], found[first])


def test_further_baselines_are_scored_and_shown_beside_the_others() -> None:
    picture, truth = box(40, 40)
    case = MaskCase("p", "g", np.zeros((GRID, GRID), np.float32), lambda: (picture, truth))
    others = {"deeplabv3": Sure((~truth).astype(np.float32))}
    judge = MaskJudge(Sure(truth.astype(np.float32)), load_params().evaluate, others)
    examined = judge.examine(case)
    assert judge.columns == ("picture", OURS, "grabcut", "mean_mask", "deeplabv3", "truth")
    assert len(examined.pictures) == len(judge.columns)
    (row,) = score_table([examined.judged], KINDS["person_se"])
    assert row["jaccard_deeplabv3"] == 0


def test_networks_off_the_shelf_are_loaded_where_they_are_wanted_and_only_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    (tmp_path / "hub/checkpoints/deeplabv3_resnet101_coco-586e9e4e.pth").write_text("<html>")
    how = load_params().evaluate
    assert off_the_shelf(how, "person", "deeplabv3") == {}
    with pytest.raises(PipelineError, match="pretrained weights of deeplabv3_resnet101"):
        off_the_shelf(how.model_copy(update={"off_the_shelf": True}), "person", "deeplabv3")


def test_pasted_cars_are_known_by_make_and_weather(scored: dict[str, Scored]) -> None:
    judged = scored["car_mask"].judged
    assert {one.traits["make"] for one in judged} == {"make"}
    for one in judged:
        assert ("weather" in one.traits) == (one.group == PAIR)
        assert 0 < float(one.traits["size"]) < 1
