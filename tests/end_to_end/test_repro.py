"""The whole pipeline through real `dvc repro`, on a miniature demo world."""

from __future__ import annotations

import csv
import json

import pytest
from ruamel.yaml import YAML

from pipeline.images import read_picture
from tests.end_to_end.conftest import Repository
from tests.miniature import NETWORKS

MASK_SCORES = ["jaccard", "f1", "accuracy", "precision", "recall"]
PICTURE_SCORES = ["psnr", "ssim", "rmse", "psnr_inside", "ssim_inside"]
STAGES = [
    "check_params", "demo_world", "scrape@backgrounds", "scrape@cars", "frames", "archives",
    "backgrounds", "coco_annotations", "coco_split", "coco_pictures", "fetch@people",
    "fetch@shadows", "person_split", "cutouts", "scene_split", "pairs", "shadow_set",
    *(f"{stage}@{name}" for stage in ("train", "evaluate") for name in NETWORKS), "report",
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(collected: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """What is left to do once there is data."""
    repository = collected.copy(tmp_path_factory.mktemp("finished") / "repository")
    repository.run("dvc", "repro")
    return repository


def test_every_stage_has_run(finished: Repository) -> None:
    lock = YAML(typ="safe").load((finished.root / "dvc.lock").read_text())
    assert sorted(lock["stages"]) == sorted(STAGES)


def test_a_second_repro_runs_nothing(finished: Repository) -> None:
    output = finished.run("dvc", "repro").stdout
    assert "Running stage" not in output
    assert "Data and pipelines are up to date." in output


@pytest.mark.parametrize("network", NETWORKS)
def test_the_reports_hold_what_the_contract_says(finished: Repository, network: str) -> None:
    reports = finished.root / "reports" / network
    metrics = json.loads((reports / "metrics.json").read_text())
    with (reports / "scores.csv").open() as stream:
        scores = list(csv.DictReader(stream))
    wanted = PICTURE_SCORES if network in ("car_removal", "shadow") else MASK_SCORES
    assert list(scores[0])[:7] == ["picture", "group", *wanted]
    assert len(scores) == metrics["pictures"] > 0
    mean = sum(float(row[wanted[0]]) for row in scores) / len(scores)
    assert metrics[wanted[0]] == pytest.approx(mean, abs=1e-5)
    for baseline in metrics["baseline"].values():
        assert set(wanted) <= set(baseline)
    assert len((reports / "history.csv").read_text().splitlines()) == 1 + 2
    for picture in ("examples.png", "progress.png"):
        assert read_picture(reports / picture).shape[1] > 400
    kept = len((reports / "per_epoch.csv").read_text().splitlines()) - 1
    assert (kept > 0) == (network == "central_person")


def test_the_summary_holds_every_metric_within_its_interval(finished: Repository) -> None:
    with (finished.root / "reports" / "summary.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    columns = "network,metric,value,low,high,baseline,reference,source"
    assert list(rows[0])[:8] == columns.split(",")
    for network in NETWORKS:
        found = [row["metric"] for row in rows if row["network"] == network]
        wanted = PICTURE_SCORES if network in ("car_removal", "shadow") else MASK_SCORES
        assert found[:5] == wanted
    for row in rows:
        metrics = finished.root / "reports" / row["network"] / "metrics.json"
        if json.loads(metrics.read_text())["pictures"] > 1:  # of one there is no interval
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert row["source"]


def test_one_mlflow_run_holds_parameters_curves_scores_and_reports(finished: Repository) -> None:
    import mlflow

    runs = finished.mlflow_runs()
    assert sorted(run.data.tags["network"] for run in runs) == sorted(NETWORKS)
    (run,) = (run for run in runs if run.data.tags["network"] == "person_se")
    client = mlflow.MlflowClient(f"sqlite:///{finished.root}/mlflow.db")
    metrics = json.loads((finished.root / "reports/person_se/metrics.json").read_text())
    assert run.info.status == "FINISHED"
    assert float(run.data.params["lr"]) == 0.001
    assert run.data.metrics["test_jaccard"] == metrics["jaccard"]
    assert [m.step for m in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {
        "confusion.csv", "environment.txt", "environment_evaluated.txt", "epoch_0002.png",
        "examples.png", "groups.csv", "history.csv", "metrics.json", "model", "model_card.md",
        "per_epoch.csv", "pr_curve.csv", "progress.png", "scores.csv", "worst.png",
    }  # fmt: skip
    assert run.data.tags["network"] == "person_se"
    assert run.data.tags["git_revision"].startswith(
        finished.run("git", "rev-parse", "HEAD").stdout.strip()
    )


def test_collections_and_splits_were_tracked_as_data(collected: Repository) -> None:
    runs = {run.info.run_name: run.data.metrics for run in collected.mlflow_runs("clearscene-data")}
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
    titles = (
        "Loss of person_se by epoch", "Precision and recall of car_mask",
        "Pixels of central_person by truth", "IoU of shadow_attention by picture",
    )  # fmt: skip
    assert [title for title in titles if title not in page] == []
    assert "reports/person_se/worst.png" in page
