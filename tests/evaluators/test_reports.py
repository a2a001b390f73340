"""What evaluation leaves in `reports/`, and the table over all networks."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from pipeline.checkpoint import load_weights
from pipeline.errors import PipelineError, UsageError
from pipeline.evaluation import KINDS
from pipeline.evaluators import EVALUATORS
from pipeline.images import read_picture
from pipeline.published import PUBLISHED
from pipeline.reporting.about import ABOUT
from pipeline.reporting.files import draw_progress
from pipeline.sheets import notice
from pipeline.stages import evaluate, report
from tests.evaluators.conftest import World

FILES = [
    "confusion.csv", "examples.png", "groups.csv", "history.csv", "metrics.json", "model_card.md",
    "per_epoch.csv", "pr_curve.csv", "progress.png", "scores.csv", "worst.png",
]  # fmt: skip


def files_of(network: str) -> list[str]:
    return sorted(file.name for file in Path("reports", network).iterdir())


def metrics_of(network: str) -> dict[str, object]:
    text = Path("reports", network, "metrics.json").read_text()
    found: dict[str, object] = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    return found


def test_every_trained_network_can_be_scored_and_put_beside_what_was_published() -> None:
    assert set(EVALUATORS) == set(KINDS) == set(PUBLISHED) == set(ABOUT)


@pytest.mark.parametrize("network", ["car_mask", "central_person"])
def test_the_reports_of_a_network_agree_with_each_other(network: str, world: World) -> None:
    models = world.models(network)
    evaluate.evaluate(network)
    assert files_of(network) == FILES
    scores, metrics = pd.read_csv(f"reports/{network}/scores.csv"), metrics_of(network)
    assert list(scores.columns) == KINDS[network].columns
    assert metrics["pictures"] == len(scores)
    for metric in KINDS[network].scores:
        assert metrics[metric] == pytest.approx(scores[metric].mean(), abs=2e-6)
    for name, baseline in metrics["baseline"].items():  # type: ignore[attr-defined]
        assert baseline["jaccard"] == pytest.approx(scores[f"jaccard_{name}"].mean(), abs=2e-6)
    confusion = pd.read_csv(f"reports/{network}/confusion.csv").set_index(["actual", "predicted"])
    tp, fn = (confusion.pixels["inside", found] for found in ("inside", "outside"))
    fp = confusion.pixels["outside", "inside"]
    assert metrics["iou"] == pytest.approx(tp / max(1, tp + fn + fp), abs=2e-6)
    curve = pd.read_csv(f"reports/{network}/pr_curve.csv")
    assert curve.recall.is_monotonic_decreasing
    assert curve.recall[0] == 1
    groups = pd.read_csv(f"reports/{network}/groups.csv")
    for _, grouping in groups.groupby("grouping"):
        assert grouping.pictures.sum() <= len(scores)
    history = Path("reports", network, "history.csv").read_bytes()
    assert history == (models / "history.csv").read_bytes()


def test_scores_of_each_epoch_and_picture_come_along(world: World) -> None:
    table = world.models("central_person") / "per_epoch.csv"
    table.write_text("epoch,image_id,iou\n1,7,0.5\n")
    evaluate.evaluate("central_person")
    assert files_of("central_person") == FILES
    assert Path("reports/central_person/per_epoch.csv").read_bytes() == table.read_bytes()
    table.unlink()


def test_the_scores_go_to_a_run_of_these_weights(world: World) -> None:
    models = world.models("car_mask")
    evaluate.evaluate("car_mask")
    client = MlflowClient(f"sqlite:///{world.root}/mlflow.db")
    experiment = client.get_experiment_by_name("clearscene")
    assert experiment is not None
    digest = load_weights(models / "best.pt")[1].weights_sha256
    runs = client.search_runs(
        [experiment.experiment_id], filter_string=f"tags.weights_sha256 = '{digest}'"
    )
    assert len(runs) == 1
    assert runs[0].data.metrics["test_jaccard"] == metrics_of("car_mask")["jaccard"]
    assert "versus_grabcut_jaccard" in runs[0].data.metrics
    logged = {file.path for file in client.list_artifacts(runs[0].info.run_id)}
    assert logged == {*FILES, "environment_evaluated.txt", "model"}


def test_progress_shows_sheets_evenly_over_the_epochs(world: World) -> None:
    previews = world.models("car_mask") / "previews"
    sheet = draw_progress(previews)
    single = notice("of 1")
    assert sheet.shape[1] > 4 * single.shape[1]
    assert sheet.shape[1] < 5 * single.shape[1]
    left = sheet[-single.shape[0] :, 6 : 6 + single.shape[1]]
    right = sheet[-single.shape[0] :, -6 - single.shape[1] : -6]
    assert (left == single).all()
    assert (right == notice("of 6")).all()


def test_without_previews_progress_says_so(tmp_path: Path) -> None:
    assert (draw_progress(tmp_path / "previews") < 200).any()


@pytest.mark.parametrize("network", KINDS)
def test_a_skipped_network_leaves_tables_of_nothing_and_says_why(
    network: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    models, kept = Path("models", network), Path("models", f"{network}.kept")
    if models.exists():
        models.rename(kept)
    runs = len(runs_of(world))
    world.skip(network, "there is no such folder")
    with caplog.at_level(logging.INFO):
        evaluate.evaluate(network)
    assert files_of(network) == FILES
    assert metrics_of(network) == {"skipped": "there is no such folder"}
    scores = Path("reports", network, "scores.csv").read_text()
    assert scores == ",".join(KINDS[network].columns) + "\n"
    assert Path("reports", network, "history.csv").read_text().startswith("epoch,lr,")
    card = Path("reports", network, "model_card.md").read_text()
    assert "Skipped, there are no weights: there is no such folder" in card
    for name in ("examples.png", "progress.png", "worst.png"):
        assert (read_picture(Path("reports", network, name)) < 200).any()
    assert f"evaluate@{network}: skipped, there is no such folder" in caplog.messages
    assert len(runs_of(world)) == runs
    report.main()
    summary = pd.read_csv("reports/summary.csv")
    (row,) = summary.to_dict("records")
    assert (row["network"], row["metric"]) == (network, "skipped")
    assert row["source"] == "there is no such folder"
    assert pd.isna(row["value"])
    assert "Skipped: there is no such folder" in Path("reports/index.html").read_text()
    (models / "skipped.json").unlink()
    models.rmdir()
    if kept.exists():
        kept.rename(models)


def runs_of(world: World) -> list[object]:
    client = MlflowClient(f"sqlite:///{world.root}/mlflow.db")
    return list(client.search_runs([one.experiment_id for one in client.search_experiments()]))


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown network 'cats'; known are car_removal, person"):
        evaluate.evaluate("cats")


def test_without_weights_the_way_to_them_is_named(world: World) -> None:
    for file in Path("models/person_bce_dice").glob("*.pt"):
        file.unlink()
    with pytest.raises(PipelineError, match=r"`dvc repro train@person_bce_dice` makes it"):
        evaluate.evaluate("person_bce_dice")
    assert not Path("reports/person_bce_dice/metrics.json").exists()


def test_scoring_starts_without_what_only_training_needs() -> None:
    modules = ", ".join(f"pipeline.evaluators.{name}" for name in sorted(set(EVALUATORS.values())))
    script = (
        f"import sys, pipeline.stages.evaluate, {modules}\n"
        "print(*{'lightning', 'albumentations', 'mlflow', 'dvc'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert run.stdout.strip() == ""
