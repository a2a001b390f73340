"""Who becomes `best`, in a real registry in SQLite."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipeline.evaluation import KINDS
from pipeline.recipes import RECIPES, recipe
from pipeline.reporting.tracked import SPLITS
from pipeline.tracking import Contender, Restored, TrainedOn, add_evaluation, registry
from pipeline.tracking.registry import Place

NAME = "clearscene-person_se"
PAST = Restored({}, {}, [], TrainedOn(Path("data/person_split/split.csv"), "data"))


@pytest.fixture(autouse=True)
def weightless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's folder is `tests/inference/test_pyfunc.py`'s matter, and costs a second."""

    def save(folder: Path, *_: object) -> None:
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text("flavors: {}")

    monkeypatch.setattr(registry, "save_pyfunc", save)


def rival(
    contender: Contender, weights: str, score: float, data: str = "data", test: float = 0.4
) -> Contender:
    scores = {"val_jaccard": score}
    card = replace(contender.card, weights_sha256=weights, data_sha256=data, scores=scores)
    return contender._replace(card=card, tests={"test_jaccard": test})


def enter(*contenders: Contender) -> None:
    for one in contenders:
        add_evaluation(one, one.tests, [], PAST)


def versions(client: MlflowClient) -> list[ModelVersion]:
    return sorted(client.search_model_versions(f"name='{NAME}'"), key=lambda one: one.version)


def best(client: MlflowClient) -> ModelVersion:
    return client.get_model_version_by_alias(NAME, "best")


def test_the_first_weights_are_the_best_and_say_what_they_are(
    client: MlflowClient, contender: Contender
) -> None:
    enter(contender)
    (version,) = versions(client)
    assert version.tags == {
        "network": "person_se",
        "weights_sha256": contender.weights_sha256,
        "data_sha256": "data",
        "git_revision": "abc",
        "ranked_by": "val_jaccard",
        "val_jaccard": "0.5",
        "val_loss": "0.3",
        "test_jaccard": "0.4",
    }
    assert version.description == "# Card"
    assert best(client).version == version.version
    run = client.get_run(version.run_id or "")
    assert run.data.tags["weights_sha256"] == contender.weights_sha256
    assert version.source == f"{run.info.artifact_uri}/model"


def test_validation_decides_and_not_the_test_part(
    client: MlflowClient, contender: Contender
) -> None:
    enter(rival(contender, "a", 0.5, test=0.4), rival(contender, "b", 0.4, test=0.9))
    assert [one.tags["weights_sha256"] for one in versions(client)] == ["a"]
    enter(rival(contender, "c", 0.6, test=0.1))
    assert [one.tags["weights_sha256"] for one in versions(client)] == ["a", "c"]
    assert best(client).tags["weights_sha256"] == "c"


def test_weights_that_are_not_the_best_are_not_copied_into_the_store(
    client: MlflowClient, contender: Contender
) -> None:
    enter(rival(contender, "a", 0.5), rival(contender, "b", 0.4))
    (experiment,) = client.search_experiments(filter_string="name = 'clearscene'")
    runs = client.search_runs([experiment.experiment_id])
    held = {
        run.data.tags["weights_sha256"]: [
            file.path for file in client.list_artifacts(run.info.run_id) if file.is_dir
        ]
        for run in runs
    }
    assert held == {"a": ["model"], "b": []}


def test_the_same_weights_are_registered_once_and_get_their_new_scores(
    client: MlflowClient, contender: Contender
) -> None:
    enter(contender, contender._replace(tests={"test_jaccard": 0.7}, description="# New"))
    (version,) = versions(client)
    assert version.tags["test_jaccard"] == "0.7"
    assert version.description == "# New"
    enter(contender._replace(description=""))
    assert versions(client)[0].description == "# New", "what nobody passed is not erased"


def test_only_versions_on_the_data_evaluated_last_are_compared(
    client: MlflowClient, contender: Contender
) -> None:
    enter(rival(contender, "a", 0.9), rival(contender, "b", 0.5, data="new"))
    assert best(client).tags["weights_sha256"] == "b"
    enter(rival(contender, "c", 0.4, data="new"))
    assert best(client).tags["weights_sha256"] == "b"
    enter(rival(contender, "d", 0.8))
    assert best(client).tags["weights_sha256"] == "a", "an experiment with other data has passed"
    assert len(versions(client)) == 2


def test_what_others_registered_meanwhile_is_not_overlooked(
    client: MlflowClient, contender: Contender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two evaluations at once: the better one ends while the other still uploads its model."""
    save = registry.save_pyfunc

    def slowly(*arguments: object) -> None:
        monkeypatch.setattr(registry, "save_pyfunc", save)
        enter(rival(contender, "better", 0.9))
        save(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(registry, "save_pyfunc", slowly)
    enter(rival(contender, "worse", 0.6))
    assert len(versions(client)) == 2
    assert best(client).tags["weights_sha256"] == "better"


def test_a_tag_that_somebody_edited_is_no_score(client: MlflowClient, contender: Contender) -> None:
    enter(rival(contender, "a", 0.9))
    client.set_model_version_tag(NAME, "1", "val_jaccard", "0,95")
    enter(rival(contender, "b", 0.5))
    assert best(client).tags["weights_sha256"] == "b"


def test_a_lost_alias_comes_back(client: MlflowClient, contender: Contender) -> None:
    enter(rival(contender, "a", 0.5), rival(contender, "b", 0.6))
    client.delete_registered_model_alias(NAME, "best")
    enter(rival(contender, "a", 0.5))
    assert best(client).tags["weights_sha256"] == "b"


def test_a_model_whose_versions_were_all_deleted_gets_new_ones(
    client: MlflowClient, contender: Contender
) -> None:
    enter(rival(contender, "a", 0.5))
    client.delete_model_version(NAME, "1")
    enter(rival(contender, "a", 0.5))
    assert best(client).tags["weights_sha256"] == "a"
    assert int(best(client).version) == 2


def test_lower_may_be_better_and_weights_without_the_score_come_last() -> None:
    card: object = None
    lower = Contender(Path(), card, "val_rmse", False, {})  # type: ignore[arg-type]
    assert lower.rank({"val_rmse": 3.0}) > lower.rank({"val_rmse": 4.0})
    assert lower.rank({"val_rmse": 400.0}) > lower.rank({"val_rmse": float("nan")})
    assert lower.rank({}) == lower.rank({"val_rmse": float("nan")})


def test_of_equals_the_earlier_wins() -> None:
    places = [Place(0.4, -1), Place(0.5, -2), Place(0.5, -3)]
    assert max(places).number == 2


def test_a_shadow_without_attention_is_not_registered(
    client: MlflowClient, contender: Contender, caplog: pytest.LogCaptureFixture
) -> None:
    architecture = {"name": "shadow_generator"}
    card = replace(contender.card, network="shadow", architecture=architecture)
    with caplog.at_level(logging.INFO):
        enter(contender._replace(card=card))
    assert "it needs shadow_attention, which was not trained" in caplog.text
    assert client.search_registered_models() == []
    enter(contender._replace(card=card, attention=Path("best.pt")))
    assert client.get_model_version_by_alias("clearscene-shadow", "best").version


def test_a_registry_that_refuses_costs_a_warning(
    client: MlflowClient,
    contender: Contender,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("no registry here")

    monkeypatch.setattr(MlflowClient, "create_model_version", refuse)
    with caplog.at_level(logging.WARNING):
        enter(contender)
    assert caplog.text.count("does not take this run: no registry here") == 1
    monkeypatch.undo()


@pytest.mark.parametrize("network", RECIPES)
def test_every_network_is_known_by_its_data(network: str) -> None:
    assert SPLITS[network] / "split.csv" == recipe(network).split
    assert KINDS[network].main
