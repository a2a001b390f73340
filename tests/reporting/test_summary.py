"""The table of all networks: ours beside what was measured and published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import KINDS, OURS
from pipeline.evaluation.judging import Judged
from pipeline.params import Report
from pipeline.reporting.summary import COLUMNS, GROUP_COLUMNS, group_rows, summary_table

HOW = Report(interval=0.95, resamples=200)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_scored(network: str, scores: dict[str, list[float]], metrics: dict[str, object]) -> None:
    folder = Path("reports", network)
    folder.mkdir(parents=True)
    pd.DataFrame(scores).to_csv(folder / "scores.csv", index=False)
    (folder / "metrics.json").write_text(json.dumps(metrics))


def test_the_summary_takes_the_strongest_baseline_whichever_way_is_better() -> None:
    kind = KINDS["car_removal"]
    values = {name: [1.0, 3.0] for name in [*kind.scores, "psnr_inside_other"]}
    weak, strong, told = (dict.fromkeys(kind.scores, value) for value in (10.0, 20.0, 30.0))
    baselines = {"unchanged": weak, "other": strong, "opencv_inpainting": told}
    metrics = {**dict.fromkeys(kind.scores, 2.0), "baseline": baselines}
    write_scored("car_removal", values, metrics)
    shadow = KINDS["shadow"]
    columns = [*shadow.scores, "rmse_inside_unchanged"]
    values = {name: [4.0, float("nan"), 6.0] for name in columns}
    errors = dict.fromkeys(shadow.scores, 9.0)
    means = {**dict.fromkeys(shadow.scores, 5.0), "rmse_inside": None}
    write_scored("shadow", values, {**means, "baseline": {"unchanged": errors}})
    summary = summary_table(Path("reports"), HOW).set_index(["network", "metric"])
    removal = summary.loc["car_removal"]
    assert list(removal.index) == list(kind.summarised)
    assert set(removal.baseline_name) == {"other"}
    assert removal.baseline["psnr_inside"] == 20
    assert removal.informed["psnr_inside"] == 30
    assert set(removal.informed_name) == {"opencv_inpainting"}
    assert removal.better.to_dict() == {
        f"{score}{region}": better
        for region in ("", "_inside", "_outside")
        for score, better in (("psnr", "higher"), ("ssim", "higher"), ("rmse", "lower"))
    }  # fmt: skip
    shadows = summary.loc["shadow"]
    assert list(shadows.index) == [
        *kind.summarised, "ber", "ber_inside", "ber_outside", "rmse_true_maps",
        "rmse_inside_true_maps", "ber_true_maps",
    ]  # fmt: skip
    assert (shadows.better[["ber", "rmse"]] == "lower").all()
    assert shadows.baseline["rmse_inside_true_maps"] == 9
    assert shadows.informed.isna().all()
    assert pd.isna(shadows.value["rmse_inside"])
    assert 4 <= shadows.low["psnr"] <= 5 <= shadows.high["psnr"] <= 6
    assert shadows.reference.isna().all()
    assert shadows.source.str.startswith("none published").all()


def test_the_summary_of_persons_stands_beside_the_published_scores() -> None:
    kind = KINDS["central_person"]
    values = {name: [0.5, 0.7] for name in [*kind.scores, "jaccard_grabcut"]}
    baseline = {"grabcut": dict.fromkeys(kind.scores, 0.1)}
    metrics = {**dict.fromkeys(kind.scores, 0.6), "baseline": baseline}
    write_scored("central_person", values, metrics)
    summary = summary_table(Path("reports"), HOW).set_index("metric")
    assert list(summary.columns[:7]) == [
        "network", "value", "low", "high", "baseline", "reference", "source",
    ]  # fmt: skip
    assert summary.reference["jaccard"] == 0.865928
    assert summary.reference.drop("jaccard").isna().all()
    assert "chosen on these very pictures" in summary.source["jaccard"]


def scored(**columns: list[float]) -> None:
    """`person_se` and GrabCut on the same pictures."""
    kind = KINDS["person_se"]
    values = dict.fromkeys(kind.scores, columns["ours"]) | {"jaccard_grabcut": columns["rival"]}
    means = dict.fromkeys(kind.scores, float(np.mean(columns["ours"])))
    rival = {"grabcut": dict.fromkeys(kind.scores, float(np.mean(columns["rival"])))}
    write_scored("person_se", values, {**means, "baseline": rival})


def verdict() -> str:
    summary = summary_table(Path("reports"), HOW).set_index("metric")
    assert summary.verdict.drop("jaccard").isna().all()
    return str(summary.verdict["jaccard"])


def test_the_verdict_compares_with_the_baseline_picture_by_picture() -> None:
    scored(ours=[0.8, 0.7, 0.9, 0.6] * 5, rival=[0.4, 0.5, 0.3, 0.7] * 5)
    assert verdict().startswith("the network is better than grabcut: Jaccard +0.2750")
    assert "better on 15, worse on 5" in verdict()


def test_where_it_cannot_be_told_the_verdict_says_so() -> None:
    scored(ours=[0.8, 0.4] * 8, rival=[0.4, 0.8] * 8)
    assert "no difference can be told" in verdict()


def test_the_table_says_what_is_comparable_and_keeps_its_columns() -> None:
    scored(ours=[0.8, 0.7], rival=[0.4, 0.5])
    table = summary_table(Path("reports"), HOW)
    assert tuple(table.columns) == COLUMNS
    assert COLUMNS[:8] == (
        "network", "metric", "value", "low", "high", "baseline", "reference", "source",
    )  # fmt: skip
    assert table.comparable.str.contains("the pictures are others").all()


def test_without_any_report_the_table_is_empty() -> None:
    assert tuple(summary_table(Path("reports"), HOW).columns) == COLUMNS


def judged(number: int, jaccard: float, size: float) -> Judged:
    scores = {OURS: {"jaccard": jaccard}, "grabcut": {"jaccard": 0.1}, "mean_mask": {"jaccard": 0}}
    traits: dict[str, float | str] = {"size": size, "position": 0.1, "brightness": float("nan")}
    return Judged(f"p{number}", "ab"[number % 2], scores, traits=traits)


def test_groups_have_means_intervals_and_the_baseline_on_the_same_pictures() -> None:
    kind = KINDS["person_se"]
    rows = group_rows([judged(n, n / 10, n / 9) for n in range(9)], kind, HOW)
    assert all(tuple(row) == GROUP_COLUMNS for row in rows)
    named = {(row["grouping"], row["group"]): row for row in rows}
    assert set(named) == {
        ("source", "a"), ("source", "b"), ("size", "small"), ("size", "middle"), ("size", "large"),
    }  # fmt: skip
    small = named["size", "small"]
    assert (small["pictures"], small["value"], small["baseline"]) == (3, 0.1, 0.1)
    assert float(str(small["low"])) <= 0.1 <= float(str(small["high"]))
    assert (small["from"], small["to"]) == (0, pytest.approx(2 / 9))


def test_of_one_picture_there_is_no_interval() -> None:
    rows = group_rows([judged(n, n / 10, 0.5) for n in range(3)], KINDS["person_se"], HOW)
    alone = next(row for row in rows if row["pictures"] == 1)
    assert (alone["value"], alone["low"], alone["high"]) == (0.1, None, None)


def test_without_attention_the_true_maps_stand_for_the_network() -> None:
    kind = KINDS["shadow"]
    values = {
        name: [4.0, 5.0, 6.0] if "true_maps" in name else [float("nan")] * 3 for name in kind.scores
    }
    means = {name: 5.0 if "true_maps" in name else None for name in kind.scores}
    baseline = {"unchanged": dict.fromkeys(kind.scores, 9.0)}
    scores = {**values, "rmse_inside_unchanged": [9.0] * 3}
    write_scored("shadow", scores, {**means, "baseline": baseline})
    summary = summary_table(Path("reports"), HOW).set_index("metric")
    assert pd.isna(summary.low["rmse_inside"])
    assert pd.isna(summary.verdict["rmse_inside"])
    assert "too few pictures (3)" in summary.verdict["rmse_inside_true_maps"]


def test_no_pictures_make_no_groups() -> None:
    assert group_rows([], KINDS["person_se"], HOW) == []
