"""The same counts for the network and its baselines, as tables, means and examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.evaluation import (
    OURS,
    Judged,
    judge,
    representative,
    score_table,
    sheet,
    sheet_row,
    summarise,
)
from pipeline.metrics import Counts, mask_scores
from pipeline.sheets import TILE

TRUTH = np.zeros((4, 10), bool)
TRUTH[:, :5] = True


def first_columns(number: int) -> np.ndarray:
    return np.arange(10)[None].repeat(4, 0) < number


def with_jaccards(percents: Sequence[int]) -> list[Judged]:
    return [
        Judged(f"p{index:02d}", "g", {OURS: Counts(percent, 0, 100 - percent, 0)})
        for index, percent in enumerate(percents)
    ]


@pytest.fixture
def judged() -> list[Judged]:
    return [
        judge("good", "a", {OURS: first_columns(5), "mean_mask": first_columns(4)}, TRUTH),
        judge("bad", "b", {OURS: first_columns(1), "mean_mask": first_columns(10)}, TRUTH),
    ]


def test_every_method_is_counted_against_the_same_truth(judged: list[Judged]) -> None:
    assert judged[0].counts == {OURS: Counts(20, 0, 0, 20), "mean_mask": Counts(16, 0, 4, 20)}
    assert judged[1].counts == {OURS: Counts(4, 0, 16, 20), "mean_mask": Counts(20, 20, 0, 0)}
    assert [one.jaccard for one in judged] == [1.0, 0.2]


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        judge("odd", "a", {OURS: np.zeros((3, 10), bool)}, TRUTH)


def test_the_table_has_a_row_per_picture_with_the_columns_of_the_report(
    judged: list[Judged],
) -> None:
    table = score_table(judged)
    columns = ["picture", "group", "jaccard", "f1", "accuracy", "precision", "recall"]
    assert [list(row) for row in table] == [columns, columns]
    assert [(row["picture"], row["group"]) for row in table] == [("good", "a"), ("bad", "b")]
    assert table[1]["jaccard"] == 0.2
    assert table[1]["recall"] == 0.2
    assert table[1]["precision"] == 1.0


def test_the_summary_holds_means_over_pictures_pooled_scores_and_baselines(
    judged: list[Judged],
) -> None:
    summary = summarise(judged)
    assert summary["jaccard"] == pytest.approx((1 + 0.2) / 2)
    assert summary["iou"] == pytest.approx(24 / 40)
    assert summary["miou"] == pytest.approx((24 / 40 + 40 / 56) / 2, abs=1e-6)
    assert summary["pictures"] == 2
    baseline = summary["baseline"]
    assert isinstance(baseline, dict)
    assert list(baseline) == ["mean_mask"]
    assert baseline["mean_mask"]["jaccard"] == pytest.approx((0.8 + 0.5) / 2)
    assert set(baseline["mean_mask"]) == {*mask_scores(Counts(1, 1, 1, 1)), "iou", "miou"}


def test_the_summary_agrees_with_the_table(judged: list[Judged]) -> None:
    table, summary = score_table(judged), summarise(judged)
    for metric in mask_scores(Counts(1, 1, 1, 1)):
        mean = np.mean([float(str(row[metric])) for row in table])
        assert summary[metric] == pytest.approx(mean, abs=2e-6)


def test_examples_go_evenly_from_best_to_worst_then_the_worst() -> None:
    chosen = representative(with_jaccards(range(0, 100, 5)), spread=3, worst=2)
    assert [one.jaccard for _, one in chosen] == [0.95, 0.45, 0.0, 0.05, 0.1]
    assert chosen[0][0] == "rank 1 of 20"
    assert chosen[2][0] == "rank 20 of 20"
    assert chosen[3][0] == "among the worst, rank 19"


@pytest.mark.parametrize("pictures", [1, 2, 5, 6, 7, 10, 11, 40])
def test_no_picture_is_shown_twice_and_best_and_worst_always_are(pictures: int) -> None:
    judged = with_jaccards(range(pictures))
    names = [one.picture for _, one in representative(judged, spread=6, worst=4)]
    assert len(names) == len(set(names)) == min(pictures, 10)
    assert {judged[0].picture, judged[-1].picture} <= set(names)


def test_equal_scores_are_ranked_by_name() -> None:
    tied = with_jaccards([50, 50, 50])
    backwards = representative(tied[::-1], spread=3, worst=0)
    assert [one.picture for _, one in backwards] == ["p00", "p01", "p02"]


def test_a_sheet_shows_the_picture_and_each_mask_over_it(judged: list[Judged]) -> None:
    picture = np.full((4, 10, 3), (10, 200, 10), np.uint8)
    masks = {OURS: first_columns(5), "truth": TRUTH}
    row = sheet_row("rank 1 of 2", judged[0], picture, masks)
    assert row.caption == "rank 1 of 2: good, Jaccard 1.000"
    np.testing.assert_array_equal(row.pictures[0], picture)
    np.testing.assert_array_equal(row.pictures[1][TRUTH], picture[TRUTH])
    assert (row.pictures[2][~TRUTH] != picture[~TRUTH]).any()
    assert sheet([row, row], list(masks)).shape[1] > 3 * TILE
