"""The whole pipeline through real `dvc repro`, on a miniature demo world."""

from __future__ import annotations

import csv
import json

import pytest

from pipeline.images import read_picture
from tests.end_to_end.conftest import Repository

SCORE_COLUMNS = ["picture", "group", "jaccard", "f1", "accuracy", "precision", "recall"]
STAGES = (
    "check_params", "demo_world", "scrape@backgrounds", "scrape@cars", "frames", "archives",
    "backgrounds", "coco_annotations", "coco_split", "coco_pictures", "fetch@people",
    "fetch@shadows", "person_split", "train@person_se", "evaluate@person_se",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(repository: Repository) -> Repository:
    output = repository.run("dvc", "repro").stdout
    for stage in (*STAGES, "report"):
        assert f"Running stage '{stage}'" in output
    return repository


def test_a_second_repro_runs_nothing(finished: Repository) -> None:
    output = finished.run("dvc", "repro").stdout
    assert "Running stage" not in output
    assert "Data and pipelines are up to date." in output


def test_the_reports_hold_what_the_contract_says(finished: Repository) -> None:
    reports = finished.root / "reports" / "person_se"
    metrics = json.loads((reports / "metrics.json").read_text())
    with (reports / "scores.csv").open() as stream:
        scores = list(csv.DictReader(stream))
    assert list(scores[0]) == SCORE_COLUMNS
    assert len(scores) == metrics["pictures"] == 4
    mean = sum(float(row["jaccard"]) for row in scores) / len(scores)
    assert metrics["jaccard"] == pytest.approx(mean, abs=1e-5)
    assert set(metrics["baseline"]) == {"grabcut", "mean_mask"}
    assert len((reports / "history.csv").read_text().splitlines()) == 1 + 2
    assert read_picture(reports / "examples.png").shape[1] > 500


def test_the_summary_holds_every_metric_within_its_interval(finished: Repository) -> None:
    with (finished.root / "reports" / "summary.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    columns = "network,metric,value,low,high,baseline,reference,source,baseline_name"
    assert list(rows[0]) == columns.split(",")
    assert [row["metric"] for row in rows] == ["jaccard", "f1", "accuracy", "precision", "recall"]
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert row["source"]


def test_one_mlflow_run_holds_parameters_curves_scores_and_reports(finished: Repository) -> None:
    import mlflow

    (run,) = finished.mlflow_runs()
    client = mlflow.MlflowClient(f"sqlite:///{finished.root}/mlflow.db")
    metrics = json.loads((finished.root / "reports/person_se/metrics.json").read_text())
    assert run.info.status == "FINISHED"
    assert float(run.data.params["lr"]) == 0.001
    assert run.data.metrics["test_jaccard"] == metrics["jaccard"]
    assert [m.step for m in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {"examples.png", "history.csv", "metrics.json", "scores.csv"}
    assert run.data.tags["network"] == "person_se"
    assert run.data.tags["git_revision"].startswith(
        finished.run("git", "rev-parse", "HEAD").stdout.strip()
    )


def test_collections_and_splits_were_tracked_as_data(finished: Repository) -> None:
    runs = {run.info.run_name: run.data.metrics for run in finished.mlflow_runs("clearscene-data")}
    split = {"train": 32.0, "val": 4.0, "test": 4.0, "rejected": 0.0}
    assert runs["person_split"] == split
    assert runs["scrape@cars"] == {"pictures": 12.0, "failed": 0.0, "unwanted": 0.0}


def test_the_collection_knows_where_everything_comes_from(finished: Repository) -> None:
    for source, site in (("backgrounds", "gallery"), ("cars", "catalogue")):
        folder = finished.root / "data/scrape" / source
        with (folder / "manifest.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 12
        for row in rows:
            assert (folder / row["file"]).stat().st_size == int(row["bytes"])
            assert row["site"] == site
            assert row["url"].startswith("http://127.0.0.1/")
            assert row["page"].startswith("http://127.0.0.1/")
            assert row["group"]
            assert row["licence"]
    rejects = (finished.root / "data/scrape/backgrounds/rejects.csv").read_text()
    for reason in ("not a picture", "the same bytes as", "too small", "robots.txt"):
        assert reason in rejects


def test_plots_and_metrics_open(finished: Repository) -> None:
    shown = finished.run("dvc", "metrics", "show").stdout
    assert "person_se" in shown
    finished.run("dvc", "plots", "show")
    page = (finished.root / "dvc_plots" / "index.html").read_text()
    assert "Loss of person_se by epoch" in page
