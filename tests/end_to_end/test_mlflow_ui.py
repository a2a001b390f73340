"""The MLflow UI in a real browser shows the runs side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mlflow.entities import Run
from playwright.sync_api import Page

from tests.browser import chromium, needs_chromium
from tests.end_to_end.conftest import Repository
from tests.end_to_end.servers import mlflow_process

pytestmark = [pytest.mark.long, needs_chromium]


@pytest.fixture(scope="module")
def runs(experiments: Repository) -> list[Run]:
    """Of the two experiments, `base` and `slow`."""
    found = experiments.mlflow_runs()
    return [run for run in found if run.data.tags["dvc_experiment"] in ("base", "slow")]


@pytest.fixture(scope="module")
def server(experiments: Repository) -> Iterator[str]:
    """`mlflow ui` on the store of the repository, as `make ui` starts it."""
    store = f"sqlite:///{experiments.root}/mlflow.db"
    with mlflow_process(experiments, "ui", "--backend-store-uri", store) as address:
        yield address


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1600, "height": 2400})
        page.set_default_timeout(60_000)
        yield page


def test_the_comparison_shows_both_rates_and_test_scores(
    runs: list[Run], server: str, page: Page
) -> None:
    ids = "%22,%22".join(run.info.run_id for run in runs)
    experiment = runs[0].info.experiment_id
    page.goto(f"{server}/#/compare-runs?runs=[%22{ids}%22]&experiments=[%22{experiment}%22]")
    for rate in ("1e-05", "0.001"):
        page.get_by_text(rate, exact=True).first.wait_for()
    page.get_by_text("test_jaccard", exact=True).first.wait_for()
    for run in runs:
        score = run.data.metrics["test_jaccard"]
        page.get_by_text(f"{score:.3f}", exact=True).first.wait_for()


def test_a_run_shows_its_curves(runs: list[Run], server: str, page: Page) -> None:
    run = runs[0]
    page.goto(
        f"{server}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/model-metrics"
    )
    page.get_by_text("val_loss", exact=True).first.wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
