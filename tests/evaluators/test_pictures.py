"""Networks that give pictures, on their test parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from torchvision.models import squeezenet1_1

from pipeline.datasets.pairs.scenes import read_scene_files
from pipeline.datasets.shadows.files import ShadowScene, read_shadow_scenes, read_soft_mask
from pipeline.evaluation import KINDS, MAPS, OURS
from pipeline.evaluation.judging import score_table, summarise
from pipeline.evaluators import evaluator
from pipeline.evaluators.car_removal import PairCase, RemovalJudge
from pipeline.evaluators.pairs import MOST, OF_EACH, fixed_pairs
from pipeline.evaluators.scoring import Scored
from pipeline.evaluators.shadow import ShadowJudge
from pipeline.evaluators.shadow_attention import SPLIT, AttentionJudge
from pipeline.images import RGB, Mask, read_picture
from pipeline.metrics.pictures import BEST_PSNR, rmse
from pipeline.metrics.shadows import shadow_mask
from pipeline.params import Params, load_params
from pipeline.paths import BACKGROUNDS, CUTOUTS, SCENE_SPLIT
from pipeline.reporting.files import write_reports
from pipeline.reporting.page import write_page
from pipeline.reporting.summary import summarised, summary_table
from tests.evaluators.conftest import PARTS, World

NETWORKS = ("car_removal", "shadow_attention", "shadow")
CARD = SimpleNamespace(network="fake")


class Maps(NamedTuple):
    """As the attention network gives them."""

    occluders: NDArray[np.float32]
    shadows: NDArray[np.float32]


class Remover:
    """Makes of a picture what it is told."""

    card = CARD

    def __init__(self, remove: Callable[[RGB], RGB]) -> None:
        self.remove = remove


class Caster:
    """Casts the true shadow of the first test scene if it is shown the maps it wants."""

    card = CARD

    def __init__(self, scene: ShadowScene, wants: Callable[[Mask, Mask], bool]) -> None:
        self.shadow, self.wants = read_picture(scene.shadow), wants

    def cast(self, picture: RGB, inserted: Mask, occluders: Mask, shadows: Mask) -> RGB:
        for mask in (inserted, occluders, shadows):
            assert (mask.dtype, mask.shape) == (np.bool_, picture.shape[:2])
        return self.shadow if self.wants(occluders, shadows) else picture


class Attention:
    """Finds the true maps, or nothing."""

    card = CARD

    def __init__(self, scene: ShadowScene, sees: bool) -> None:
        maps = [read_soft_mask(file) * np.float32(sees) for file in (scene.robject, scene.rshadow)]
        self.found = Maps(*maps)

    def maps(self, picture: RGB, inserted: Mask) -> Maps:
        assert inserted.shape == picture.shape[:2]
        return self.found


@pytest.fixture(scope="module")
def scored(world: World) -> dict[str, Scored]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world.root)
        weights = {name: world.models(name) / "best.pt" for name in NETWORKS}
        return {name: evaluator(name)(name, weights[name], world.params) for name in NETWORKS}


@pytest.fixture
def pair(world: World) -> PairCase:
    return PairCase("p", "g", fixed_pairs(world.params, "test"), 0)


@pytest.fixture
def scene() -> ShadowScene:
    return read_shadow_scenes(SPLIT, "test")[0]


def with_pairs(params: Params, per_epoch: int) -> Params:
    pairs = params.pairs.model_copy(update={"per_epoch": per_epoch})
    return params.model_copy(update={"pairs": pairs})


def test_every_background_of_the_test_part_is_used_alike(world: World) -> None:
    pairs = fixed_pairs(world.params, "test")
    backgrounds = read_scene_files(SCENE_SPLIT / "split.csv", CUTOUTS, BACKGROUNDS, "test")[1]
    assert pairs.count == OF_EACH * PARTS["test"] <= MOST
    names = [pairs.name(index) for index in range(pairs.count)]
    assert len(set(names)) == pairs.count
    for background in backgrounds:
        assert sum(background.file.stem in name for name in names) == OF_EACH


def test_pairs_are_the_same_whatever_training_does(world: World) -> None:
    other = with_pairs(world.params.model_copy(update={"seed": 77}), per_epoch=1)
    one, two = fixed_pairs(world.params, "test"), fixed_pairs(other, "test")
    assert one.count == two.count
    made = [pairs.make(3) for pairs in (one, two)]
    np.testing.assert_array_equal(made[0].x, made[1].x)
    assert (one.make(0).x != one.make(PARTS["test"]).x).any()  # of one background


def test_a_perfect_removal_scores_best_and_none_scores_as_the_unchanged_picture(
    pair: PairCase,
) -> None:
    made = pair.make()
    perfect = RemovalJudge(Remover(lambda _: made.y)).examine(pair).judged.scores
    lazy = RemovalJudge(Remover(lambda picture: picture)).examine(pair).judged.scores
    assert perfect[OURS]["psnr"] == perfect[OURS]["psnr_inside"] == BEST_PSNR
    assert perfect[OURS]["rmse_inside"] == 0
    assert lazy[OURS] == lazy["unchanged"]
    assert lazy["unchanged"]["rmse_inside"] == rmse(made.x, made.y, made.mask) > 20
    assert lazy["opencv_inpainting"]["psnr"] > lazy["unchanged"]["psnr"]


def test_a_perfect_shadow_scores_best_both_ways(scene: ShadowScene) -> None:
    true = [read_soft_mask(file) for file in (scene.robject, scene.rshadow)]

    def are_true(*maps: Mask) -> bool:
        return all(map(np.array_equal, maps, true))

    seeing = (
        ShadowJudge(Caster(scene, are_true), Attention(scene, sees=True))
        .examine(scene)
        .judged.scores
    )
    blind = (
        ShadowJudge(Caster(scene, are_true), Attention(scene, sees=False))
        .examine(scene)
        .judged.scores
    )
    assert seeing[OURS]["rmse"] == seeing[OURS]["rmse_inside_true_maps"] == 0
    assert blind[OURS]["rmse_inside_true_maps"] == 0
    assert blind[OURS]["rmse_inside"] == blind["unchanged"]["rmse_inside"] > 20
    assert set(blind) == {OURS, "unchanged"}


def test_the_true_shadow_is_where_a_channel_differs_by_more_than_twelve() -> None:
    plain, shaded = np.full((2, 3, 3), 100, np.uint8), np.full((2, 3, 3), 100, np.uint8)
    shaded[0, 0, 1], shaded[0, 1, 2], shaded[1, 2] = 88, 87, 140
    expected = [[False, True, False], [False, False, True]]
    np.testing.assert_array_equal(shadow_mask(plain, shaded), expected)


def test_without_attention_only_the_true_maps_are_scored_and_the_reports_say_so(
    world: World,
) -> None:
    weights = world.models("shadow") / "best.pt"
    world.skip("shadow_attention", "no occluders")
    found = evaluator("shadow")("shadow", weights, world.params)
    numbers, kind = summarise(found.judged), KINDS["shadow"]
    assert found.notes == {"attention": "skipped: no occluders"}
    assert numbers["rmse_inside"] is None
    assert isinstance(numbers["rmse_inside_true_maps"], float)
    assert list(score_table(found.judged, kind)[0]) == kind.columns
    metrics = {**numbers, **found.notes}
    reports = world.root / "reports/shadow"
    reports.mkdir(parents=True)
    write_reports(reports, "shadow", found, metrics, world.params)
    groups = pd.read_csv(reports / "groups.csv")
    assert set(groups.metric) <= {"rmse_inside_true_maps"}
    card = (reports / "model_card.md").read_text()
    assert "could not be had (skipped: no occluders)" in card
    table = summary_table(world.root / "reports", world.params.report)
    table.to_csv(world.root / "reports/summary.csv", index=False)
    write_page(world.root / "reports")
    page = (world.root / "reports/index.html").read_text()
    assert "RMSE inside with true maps, lower is better" in page
    assert "could not be had (skipped: no occluders)" in page
    (world.root / "models/shadow_attention/skipped.json").unlink()


def test_attention_is_scored_over_both_maps(scene: ShadowScene) -> None:
    means = [np.ones((8, 8), np.float32), np.zeros((8, 8), np.float32)]
    judged = (
        AttentionJudge(Attention(scene, sees=True), means, load_params().evaluate)
        .examine(scene)
        .judged
    )
    assert [judged.scores[OURS][f"jaccard_{name}"] for name in MAPS] == [1, 1]
    occluders = read_soft_mask(scene.robject)
    shadows = read_soft_mask(scene.rshadow)
    everywhere = judged.scores["mean_mask"]
    assert everywhere["jaccard_occluders"] == pytest.approx(occluders.mean())
    assert everywhere["jaccard_shadows"] == 0
    together = occluders.sum() / (occluders.size + shadows.sum())
    assert everywhere["jaccard"] == pytest.approx(together)
    assert judged.scores["grabcut"]["jaccard_shadows"] < 0.5


@pytest.mark.parametrize("network", NETWORKS)
def test_every_test_picture_is_judged_once_in_all_columns(
    network: str, scored: dict[str, Scored]
) -> None:
    judged, kind = scored[network].judged, KINDS[network]
    count = PARTS["test"] * (OF_EACH if network == "car_removal" else 1)
    assert len({one.picture for one in judged}) == len(judged) == count
    assert all(list(row) == kind.columns for row in score_table(judged, kind))
    assert {name for one in judged for name in one.scores} == {OURS, *kind.baselines}
    assert scored[network].card.network == network
    assert scored[network].examples.shape[0] > 200 * min(len(judged), 10)


def test_scores_are_of_the_picture_as_it_is_stored(
    scene: ShadowScene, scored: dict[str, Scored]
) -> None:
    """Read by OpenCV, as somebody else would check the table."""
    files = scene.noshadow, scene.shadow
    before, after = (cv2.imread(str(file)).astype(float) for file in files)
    changed = (np.abs(before - after) > 12).any(axis=2)
    expected = np.sqrt(np.mean((before - after)[changed] ** 2))
    judged = scored["shadow"].judged[0]
    assert judged.scores["unchanged"]["rmse_inside"] == pytest.approx(expected, abs=0.5)


@pytest.fixture
def squeezenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Untrained weights where a download would leave the published ones."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.manual_seed(0)
    state = squeezenet1_1(weights=None).state_dict()
    torch.save(state, tmp_path / "hub/checkpoints/squeezenet1_1-b8a52dc0.pth")


@pytest.mark.usefixtures("squeezenet")
@pytest.mark.parametrize("network", ["car_removal", "shadow"])
def test_the_perceptual_distance_is_one_more_score_where_it_is_wanted(
    network: str, world: World
) -> None:
    how = world.params.evaluate.model_copy(update={"lpips": "squeeze"})
    params = world.params.model_copy(update={"evaluate": how})
    world.models("shadow_attention")
    judged = evaluator(network)(network, world.models(network) / "best.pt", params).judged
    table = score_table(judged, KINDS[network])
    assert all(float(str(row["lpips"])) > 0 for row in table)
    metrics = summarise(judged)
    assert float(str(metrics["lpips"])) > 0
    assert summarised(KINDS[network], metrics)[-1].startswith("lpips")
