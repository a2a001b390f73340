"""The same scores for the network and its baselines, as tables, means and examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import nan

import numpy as np
import pytest

from pipeline.evaluation import KINDS, MAPS, OURS, PICTURE_SCORES
from pipeline.evaluation.judging import (
    Judged,
    confusion_table,
    judge_masks,
    judge_pictures,
    ranking,
    representative,
    score_table,
    summarise,
    worst_first,
)
from pipeline.metrics.masks import Counts, confusion_counts, jaccard_score
from pipeline.published import PUBLISHED

TRUTH = np.zeros((4, 10), bool)
TRUTH[:, :5] = True
PERSONS, REMOVAL, SHADOW = KINDS["person_se"], KINDS["car_removal"], KINDS["shadow"]


def first_columns(number: int) -> np.ndarray:
    return np.arange(10)[None].repeat(4, 0) < number


def with_jaccards(percents: Sequence[int]) -> list[Judged]:
    return [
        Judged(f"p{index:02d}", "g", {OURS: {"jaccard": percent / 100}})
        for index, percent in enumerate(percents)
    ]


def grey(level: int) -> np.ndarray:
    return np.full((12, 12, 3), level, np.uint8)


@pytest.fixture
def judged() -> list[Judged]:
    good, bad, all_ = first_columns(4), first_columns(1), first_columns(10)
    exact = first_columns(5)
    return [
        judge_masks("good", "a", {OURS: exact, "grabcut": bad, "mean_mask": good}, TRUTH),
        judge_masks("bad", "b", {OURS: bad, "grabcut": bad, "mean_mask": all_}, TRUTH),
    ]


@pytest.fixture
def cars() -> list[Judged]:
    """Of two pictures, the first without a car."""
    car = np.zeros((12, 12), bool)
    seen = car.copy()
    seen[:6] = True
    return [
        judge_pictures(
            name, "g", {OURS: grey(ours), "unchanged": grey(50), "opencv_inpainting": grey(90)},
            grey(100), inside,
        )
        for name, ours, inside in (("empty", 70, car), ("car", 97, seen))
    ]  # fmt: skip


def test_every_method_is_counted_against_the_same_truth(judged: list[Judged]) -> None:
    assert judged[0].counts[OURS] == Counts(20, 0, 0, 20)
    assert judged[0].counts["mean_mask"] == Counts(16, 0, 4, 20)
    assert judged[1].counts[OURS] == Counts(4, 0, 16, 20)
    assert judged[1].counts["mean_mask"] == Counts(20, 20, 0, 0)
    assert [one.scores[OURS]["jaccard"] for one in judged] == [1.0, 0.2]


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        judge_masks("odd", "a", {OURS: np.zeros((3, 10), bool)}, TRUTH)


def test_two_maps_are_scored_as_one_mask_and_each_by_itself() -> None:
    truth = np.stack([first_columns(5), first_columns(2)])
    found = np.stack([first_columns(4), first_columns(8)])
    one = judge_masks("p", "g", {OURS: found}, truth, MAPS)
    assert one.scores[OURS]["jaccard"] == pytest.approx((16 + 8) / (20 + 32))
    assert one.scores[OURS]["jaccard_occluders"] == pytest.approx(16 / 20)
    assert one.scores[OURS]["jaccard_shadows"] == pytest.approx(8 / 32)
    together = confusion_counts(found.reshape(8, 10), truth.reshape(8, 10))
    assert one.scores[OURS]["jaccard"] == jaccard_score(together)
    assert set(KINDS["shadow_attention"].scores) == set(one.scores[OURS])


def test_the_table_has_a_row_per_picture_with_the_columns_of_the_report(
    judged: list[Judged],
) -> None:
    table = score_table(judged, PERSONS)
    columns = [
        "picture", "group", "jaccard", "f1", "accuracy", "precision", "recall", "boundary_f",
        "jaccard_grabcut", "jaccard_mean_mask", "size", "position", "brightness",
    ]  # fmt: skip
    assert PERSONS.columns == columns
    assert [list(row) for row in table] == [columns, columns]
    assert [(row["picture"], row["group"]) for row in table] == [("good", "a"), ("bad", "b")]
    assert table[1]["jaccard"] == 0.2
    assert table[1]["recall"] == 0.2
    assert table[1]["precision"] == 1.0
    assert [row["jaccard_mean_mask"] for row in table] == [0.8, 0.5]


def test_the_table_of_pictures_begins_with_the_columns_of_the_report(cars: list[Judged]) -> None:
    table = score_table(cars, REMOVAL)
    columns = [
        "picture", "group", *PICTURE_SCORES, "psnr_inside_unchanged",
        "psnr_inside_opencv_inpainting", "size", "position", "brightness", "make", "weather",
    ]  # fmt: skip
    assert REMOVAL.columns == list(table[0]) == columns
    assert np.isnan(float(str(table[0]["rmse_inside"])))
    assert table[1]["rmse_inside"] == 3
    both = (*PICTURE_SCORES, "ber", "ber_inside", "ber_outside")
    assert SHADOW.columns[2:26] == [*both, *(f"{name}_true_maps" for name in both)]


def test_the_summary_holds_means_over_pictures_pooled_scores_and_baselines(
    judged: list[Judged],
) -> None:
    summary = summarise(judged)
    assert summary["jaccard"] == pytest.approx((1 + 0.2) / 2)
    assert summary["iou"] == pytest.approx(24 / 40)
    assert summary["miou"] == pytest.approx((24 / 40 + 40 / 56) / 2, abs=1e-6)
    assert summary["pictures"] == 2
    assert "pictures_inside" not in summary
    baseline = summary["baseline"]
    assert isinstance(baseline, dict)
    assert list(baseline) == ["grabcut", "mean_mask"]
    assert baseline["mean_mask"]["jaccard"] == pytest.approx((0.8 + 0.5) / 2)
    assert set(baseline["mean_mask"]) == {*PERSONS.scores, "iou", "miou"}


def test_the_summary_agrees_with_the_table(judged: list[Judged]) -> None:
    table, summary = score_table(judged, PERSONS), summarise(judged)
    for metric in PERSONS.scores:
        mean = np.mean([float(str(row[metric])) for row in table])
        assert summary[metric] == pytest.approx(mean, abs=2e-6)


def test_pictures_without_anything_inside_are_left_out_of_that_mean_and_counted(
    cars: list[Judged],
) -> None:
    summary = summarise(cars)
    assert summary["rmse"] == pytest.approx((30 + 3) / 2)
    assert summary["rmse_inside"] == 3
    assert (summary["pictures"], summary["pictures_inside"]) == (2, 1)
    assert summary["baseline"]["unchanged"]["rmse_inside"] == 50  # type: ignore[index]
    nothing = summarise(cars[:1])
    assert nothing["rmse_inside"] is None
    assert nothing["pictures_inside"] == 0
    json.dumps(nothing, allow_nan=False)


def test_the_strongest_baseline_is_the_best_by_the_main_score() -> None:
    jaccards = {"grabcut": {"jaccard": 0.3}, "mean_mask": {"jaccard": 0.4}}
    assert PERSONS.strongest(jaccards) == "mean_mask"
    ratios = {"unchanged": {"psnr_inside": 9.0}, "opencv_inpainting": {"psnr_inside": 20.0}}
    assert REMOVAL.strongest(ratios | {"other": {"psnr_inside": 8.0}}) == "unchanged"
    assert SHADOW.strongest({"unchanged": {"rmse_inside": 9}, "x": {"rmse_inside": 3}}) == "x"


def test_a_baseline_that_is_told_more_than_the_network_is_no_rival_but_a_landmark() -> None:
    ratios = {"unchanged": {"psnr_inside": 9.0}, "opencv_inpainting": {"psnr_inside": 20.0}}
    assert REMOVAL.strongest(ratios) == "unchanged"
    assert REMOVAL.strongest(ratios, informed=True) == "opencv_inpainting"
    assert PERSONS.strongest({"grabcut": {"jaccard": 0.3}}, informed=True) is None


def test_examples_go_evenly_from_best_to_worst_then_the_worst() -> None:
    chosen = representative(with_jaccards(range(0, 100, 5)), PERSONS, spread=3, worst=2)
    jaccards = [one.scores[OURS]["jaccard"] for _, one in chosen]
    assert jaccards == [0.95, 0.45, 0.0, 0.05, 0.1]
    assert chosen[0][0] == "rank 1 of 20: p19, Jaccard 0.950"
    assert chosen[2][0] == "rank 20 of 20: p00, Jaccard 0.000"
    assert chosen[3][0] == "among the worst, rank 19: p01, Jaccard 0.050"


def test_where_lower_is_better_examples_begin_with_the_lowest() -> None:
    errors = {"a": 9.0, "b": 3.0, "c": nan, "d": 6.0}
    shadows = [Judged(name, "g", {OURS: {"rmse_inside": value}}) for name, value in errors.items()]
    chosen = representative(shadows, SHADOW, spread=6, worst=4)
    assert [one.picture for _, one in chosen] == ["b", "d", "a"]
    assert chosen[0][0] == "rank 1 of 3: b, RMSE inside 3.000"


def test_without_attention_examples_are_ranked_by_the_true_maps() -> None:
    shadows = [
        Judged(name, "g", {OURS: {"rmse_inside": nan, "rmse_inside_true_maps": value}})
        for name, value in (("a", 9.0), ("b", 4.0))
    ]
    chosen = representative(shadows, SHADOW, spread=2, worst=0)
    assert [caption for caption, _ in chosen] == [
        "rank 1 of 2: b, RMSE inside with true maps 4.000",
        "rank 2 of 2: a, RMSE inside with true maps 9.000",
    ]


def test_pictures_are_never_ranked_by_two_scores() -> None:
    measured = Judged("a", "g", {OURS: {"rmse_inside": 5.0, "rmse_inside_true_maps": 1.0}})
    other = Judged("b", "g", {OURS: {"rmse_inside": nan, "rmse_inside_true_maps": 2.0}})
    assert ranking([measured, other], SHADOW) == ("rmse_inside", [measured])


@pytest.mark.parametrize("pictures", [1, 2, 5, 6, 7, 10, 11, 40])
def test_no_picture_is_shown_twice_and_best_and_worst_always_are(pictures: int) -> None:
    judged = with_jaccards(range(pictures))
    names = [one.picture for _, one in representative(judged, PERSONS, spread=6, worst=4)]
    assert len(names) == len(set(names)) == min(pictures, 10)
    assert {judged[0].picture, judged[-1].picture} <= set(names)


def test_equal_scores_are_ranked_by_name() -> None:
    tied = with_jaccards([50, 50, 50])
    backwards = representative(tied[::-1], PERSONS, spread=3, worst=0)
    assert [one.picture for _, one in backwards] == ["p00", "p01", "p02"]


@pytest.mark.parametrize("network", KINDS)
def test_what_the_summary_holds_of_a_network_is_measured(network: str) -> None:
    kind = KINDS[network]
    assert set(kind.summarised) <= set(kind.scores)
    assert kind.main in kind.summarised
    assert set(PUBLISHED[network].scores) <= set(kind.summarised)
    assert PUBLISHED[network].source


def test_the_worst_come_first_and_no_more_than_asked() -> None:
    chosen = worst_first(with_jaccards(range(0, 100, 5)), PERSONS, 3)
    assert [one.scores[OURS]["jaccard"] for _, one in chosen] == [0.0, 0.05, 0.1]
    assert chosen[0][0] == "rank 20 of 20: p00, Jaccard 0.000"
    assert len(worst_first(with_jaccards([1, 2]), PERSONS, 20)) == 2


def test_confusion_holds_every_pixel_once(judged: list[Judged]) -> None:
    rows = confusion_table(judged)
    assert [(row["actual"], row["predicted"], row["pixels"]) for row in rows] == [
        ("inside", "inside", 24), ("inside", "outside", 16),
        ("outside", "inside", 0), ("outside", "outside", 40),
    ]  # fmt: skip
    assert [row["share"] for row in rows] == [0.6, 0.4, 0.0, 1.0]


def test_pictures_have_no_confusion(cars: list[Judged]) -> None:
    assert confusion_table(cars) == []


def test_a_further_baseline_gets_a_column_of_its_own(judged: list[Judged]) -> None:
    more = judged[0]._replace(scores={**judged[0].scores, "deeplabv3": {"jaccard": 0.9}})
    (row,) = score_table([more], PERSONS)
    assert row["jaccard_deeplabv3"] == 0.9
