"""The stages one after another, in this process, on tiny real files."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import ANY

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from pipeline.checkpoint import load_weights
from pipeline.datasets.people.pictures import read_split
from pipeline.errors import MissingFolder, PipelineError
from pipeline.images import read_picture
from pipeline.inference.masks import MaskPredictor
from pipeline.params import load_params
from pipeline.stages import check_params, demo_world, evaluate, person_split, report, train
from pipeline.stages.door import only_argument, run_stage
from tests.workspace_fixture import Workspace


@pytest.fixture(autouse=True)
def here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(workspace.root)
    workspace.set_params()
    return workspace


@pytest.fixture(scope="module")
def evaluated(workspace: Workspace) -> Workspace:
    """Trained, scored and reported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace.root)
        workspace.set_params()
        train.train("person_se", load_params())
        evaluate.evaluate("person_se")
        report.main()
    return workspace


def test_the_split_names_every_pair_once_with_its_hashes(workspace: Workspace) -> None:
    table = pd.read_csv("data/person_split/split.csv")
    assert list(table.columns) == [
        "part", "name", "group", "picture", "mask", "width", "height", "coverage",
        "phash", "picture_sha256", "mask_sha256",
    ]  # fmt: skip
    assert table.name.is_monotonic_increasing
    assert table.part.value_counts().to_dict() == {"train": 20, "val": 2, "test": 2}
    assert set(table.group) == {"a", "b"}
    assert table.coverage.between(0.05, 0.5).all()


def test_check_params_always_writes_the_same_bytes(here: Workspace) -> None:
    check_params.main()
    first = check_params.OUTPUT.read_bytes()
    here.set_params({"lr": 0.5})
    check_params.main()
    assert check_params.OUTPUT.read_bytes() == first


def test_check_params_wants_the_folders(here: Workspace, tmp_path: Path) -> None:
    here.set_params({"inputs.people": str(tmp_path)})
    with pytest.raises(MissingFolder, match="images"):
        check_params.main()
    here.set_params({"scrape.cars.folder": str(tmp_path / "gone")})
    with pytest.raises(MissingFolder, match=r"gone: no such folder \(scrape\.cars\.folder"):
        check_params.main()


def test_a_network_without_data_is_skipped_and_every_report_says_why(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = workspace.params_text({"inputs.people": "data/nothing"})
    Path("params.yaml").write_text(text)
    check_params.main()
    person_split.main()
    train.train("person_bce_dice", load_params())
    evaluate.evaluate("person_bce_dice")
    report.main()
    why = "there are no pictures of persons: inputs.people in params.yaml names none"
    folder = Path("reports/person_bce_dice")
    assert json.loads((folder / "metrics.json").read_text()) == {"skipped": why}
    assert pd.read_csv(folder / "scores.csv").empty
    (row,) = pd.read_csv("reports/summary.csv").to_dict("records")
    assert (row["network"], row["metric"], row["source"]) == ("person_bce_dice", "skipped", why)
    assert [file.name for file in Path("models/person_bce_dice").iterdir()] == ["skipped.json"]


def test_the_demo_world_is_drawn_only_where_it_is_the_root(here: Workspace) -> None:
    demo_world.main()
    assert not list(Path("data/demo/people").iterdir())
    few = {"demo.people": 12, "demo.cars": 2, "demo.backgrounds": 2, "demo.films": 1}
    here.set_params({"root": "data/demo", **few})
    demo_world.main()
    drawn = ("people/images", "people/masks", "cars/images", "cars/masks", "backgrounds", "video")
    counts = [len(list(Path("data/demo", folder).iterdir())) for folder in drawn]
    assert counts == [12, 12, 2, 2, 2, 1]


def test_training_leaves_weights_with_cards_and_a_history(evaluated: Workspace) -> None:
    state, card = load_weights(Path("models/person_se/best.pt"))
    assert card.network == "person_se"
    assert card.architecture["encoder"] == "resnet18"
    assert card.params["lr"] == load_params().lr
    assert card.scores.keys() == {"val_loss", "val_jaccard"}
    history = pd.read_csv("models/person_se/history.csv")
    assert list(history.columns) == ["epoch", "lr", "train_loss", "val_jaccard", "val_loss"]
    assert card.epoch == history.epoch[history.val_loss.idxmin()]
    assert not list(Path(".clearscene/resume").glob("person_se/*"))
    assert state


def test_training_again_gives_the_same_bytes(evaluated: Workspace) -> None:
    before = {file: file.read_bytes() for file in Path("models/person_se").rglob("*.*")}
    train.train("person_se", load_params())
    after = {file: file.read_bytes() for file in Path("models/person_se").rglob("*.*")}
    assert before == after


def trained_alone(root: Path, workspace: Workspace, missing: tuple[str, ...]) -> tuple[str, str]:
    """Log and hash of the weights of a training in a process of its own, at another place."""
    shutil.copytree(workspace.root / "data", root / "data")
    shutil.copy(workspace.root / "params.yaml", root)
    hide = f"sys.modules.update(dict.fromkeys({missing}))"
    run = "runpy.run_module('pipeline.stages.train', run_name='__main__')"
    process = subprocess.run(
        [sys.executable, "-c", f"import runpy, sys; {hide}; {run}", "person_se"],
        cwd=root, capture_output=True, text=True,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    card = json.loads((root / "models/person_se/best.json").read_text())
    return process.stderr, card["weights_sha256"]


def test_training_needs_neither_mlflow_nor_dvc(here: Workspace, tmp_path: Path) -> None:
    log, weights = trained_alone(tmp_path / "without", here, ("mlflow", "dvc"))
    assert "mlflow is not installed" in log
    assert trained_alone(tmp_path / "with", here, ()) == (ANY, weights)


def test_the_predictor_answers_at_native_size(evaluated: Workspace) -> None:
    predictor = MaskPredictor(Path("models/person_se/best.pt"))
    (picture, *_) = read_split(
        Path("data/person_split/split.csv"), evaluated.pictures / "people", "test"
    )
    image = read_picture(picture.picture)
    probability = predictor.probability(image)
    assert probability.shape == image.shape[:2]
    assert probability.min() >= 0
    assert probability.max() <= 1
    assert predictor.name == "person_se"


def test_the_reports_agree_with_each_other(evaluated: Workspace) -> None:
    folder = Path("reports/person_se")
    metrics = json.loads((folder / "metrics.json").read_text())
    scores = pd.read_csv(folder / "scores.csv")
    summary = pd.read_csv("reports/summary.csv").set_index("metric")
    for metric in ("jaccard", "f1", "accuracy", "precision", "recall"):
        assert metrics[metric] == pytest.approx(scores[metric].mean(), abs=1e-6)
        assert summary.value[metric] == metrics[metric]
        assert summary.low[metric] <= metrics[metric] <= summary.high[metric]
    strongest = max(metrics["baseline"].values(), key=lambda one: one["jaccard"])
    assert summary.baseline["jaccard"] == strongest["jaccard"]
    assert read_picture(folder / "examples.png").shape[1] > 500
    assert not (folder / "new").exists()


def test_the_run_of_the_weights_has_the_test_scores(evaluated: Workspace) -> None:
    client = MlflowClient(f"sqlite:///{evaluated.root}/mlflow.db")
    experiment = client.get_experiment_by_name("clearscene")
    assert experiment is not None
    _, card = load_weights(Path("models/person_se/best.pt"))
    metrics = json.loads(Path("reports/person_se/metrics.json").read_text())
    scored = [
        run
        for run in client.search_runs([experiment.experiment_id])
        if "test_jaccard" in run.data.metrics
    ]
    assert scored
    for run in scored:
        assert run.data.tags["weights_sha256"] == card.weights_sha256
        assert run.data.metrics["test_jaccard"] == metrics["jaccard"]
        baseline = metrics["baseline"]["grabcut"]["jaccard"]
        assert run.data.metrics["versus_grabcut_jaccard"] == baseline


def test_a_dead_tracking_server_costs_a_warning_and_no_training(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    here.set_params({"networks.person_se.epochs": 1})
    with caplog.at_level(logging.WARNING):
        train.train("person_se", load_params())
    warnings = [r for r in caplog.records if "does not take this run" in r.getMessage()]
    assert len(warnings) == 1
    assert Path("models/person_se/best.pt").exists()


def test_the_door_turns_a_users_mistake_into_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> None:
        raise PipelineError("the cat ate it")

    with pytest.raises(SystemExit) as exit_:
        run_stage("some_stage", work)
    assert exit_.value.code == 1


def test_the_door_ends_an_interrupt_with_its_own_code() -> None:
    def work() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as exit_:
        run_stage("some_stage", work)
    assert exit_.value.code == 130


def test_a_stage_of_a_network_wants_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit) as exit_:
        only_argument("person_se")
    assert exit_.value.code == 2
