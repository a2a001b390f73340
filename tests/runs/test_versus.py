"""Two runs side by side: what is said of each network."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.runs.source import open_run
from pipeline.runs.versus import How, Row, compare_runs
from tests.runs.reports import Checkout, write_metrics

BASE = [round(float(value), 6) for value in np.random.default_rng(0).uniform(0.3, 0.8, 30)]
BETTER = [value + 0.05 for value in BASE]
HOW = How(resamples=500)


def rows(*networks: str, how: How = HOW) -> list[Row]:
    return compare_runs(open_run("HEAD"), open_run("."), networks, how)


def only(network: str = "person_se", how: How = HOW) -> Row:
    (row,) = rows(network, how=how)
    return row


@pytest.fixture
def base(checkout: Checkout) -> Checkout:
    """What is committed; tests change what stands here."""
    checkout.report(BASE)
    checkout.commit()
    return checkout


def test_a_row_for_each_network_that_either_run_reports_on(base: Checkout) -> None:
    base.report(BETTER)
    base.report(BASE, "car_mask")
    found = {row.network: row.words for row in rows()}
    assert found == {"person_se": "B is better than A", "car_mask": "no report in A"}


def test_cells_for_people_and_for_programs(base: Checkout) -> None:
    base.report(BETTER)
    row = only()
    mean = np.mean(BASE)
    assert row.shown() == {
        "network": "person_se", "metric": "jaccard", "A": f"{mean:.4f}", "B": f"{mean + 0.05:.4f}",
        "B − A": "+0.0500 (+0.0500 to +0.0500)", "p": "0.002", "better/worse/equal": "30/0/0",
        "verdict": "B is better than A",
    }  # fmt: skip
    exact = row.exact()
    assert float(exact["mean_a"]) == pytest.approx(mean, abs=1e-6)
    assert (exact["better"], exact["left_out"], exact["outcome"]) == ("30", "0", "better")
    assert exact["verdict"].startswith("B is better than A: Jaccard +0.0500, ")


def test_another_metric_has_its_own_direction_and_name(base: Checkout) -> None:
    base.report(BETTER)
    row = only(how=HOW._replace(metric="f1"))
    assert row.metric == "f1"
    assert row.sentence.startswith("B is better than A: f1 +0.05")


def test_what_is_unknown_is_a_wrong_call(base: Checkout) -> None:
    with pytest.raises(UsageError, match="unknown metric 'f2'; there are jaccard, f1"):
        only(how=HOW._replace(metric="f2"))
    with pytest.raises(UsageError, match="unknown metric 'make'"):
        only(how=HOW._replace(metric="make"))
    with pytest.raises(UsageError, match="unknown network 'cats'; there are car_removal"):
        only("cats")


def test_only_pictures_of_both_are_compared(base: Checkout) -> None:
    base.report(BETTER, first=4)
    row = only()
    assert row.comparison is not None
    assert row.comparison.pictures == 26
    assert row.words.endswith("; 4 pictures are only in A; 4 pictures are only in B")


def test_other_test_pictures_are_never_compared(base: Checkout) -> None:
    base.report(BASE, first=100)
    assert only().words == "no picture is in both: they were scored on different test pictures"
    assert only().comparison is None


def test_pictures_of_one_name_that_are_others_are_noticed(base: Checkout) -> None:
    base.report(BETTER, grabcut="0.6")
    assert only().words.endswith("the baseline grabcut differs too: are these the same pictures?")


def test_pictures_that_one_could_not_measure_are_counted(base: Checkout) -> None:
    base.report([None, None, *BETTER[2:]])
    row = only()
    assert row.words == "B is better than A; not measured in both: 2"
    assert row.sentence.count("not measured") == 1


def test_what_is_not_there_is_said(base: Checkout) -> None:
    reports = base.root / "reports"
    write_metrics(reports, "shadow", {"skipped": "no pictures"})
    assert only("shadow").words == "no report in A"
    assert only("car_mask").words == "no report in A"
    base.commit()
    assert only("shadow").words == "skipped in A: no pictures"
    write_metrics(reports, "person_se", {"skipped": "no people"})
    assert only().words == "skipped in B: no people"
    assert only().exact()["mean_a"] == ""


def test_a_run_before_scores_by_picture_says_so(base: Checkout) -> None:
    (base.root / "reports" / "person_se" / "scores.csv").unlink()
    assert only().words == "no scores by picture in B"


def test_a_score_that_only_one_run_has_is_named(base: Checkout) -> None:
    table = base.root / "reports" / "person_se" / "scores.csv"
    table.write_text(table.read_text().replace(",recall,", ",boundary_f,", 1))
    assert only(how=HOW._replace(metric="boundary_f")).words == "no boundary_f in A"
    assert only(how=HOW._replace(metric="recall")).words == "no recall in B"
