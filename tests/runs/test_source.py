"""Runs are found in folders, in Git and among DVC's experiments."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.runs.source import open_run, read_scores
from tests.runs.reports import Checkout, write_metrics, write_report

PARAMS = "seed: 2\n"


def jaccard(name: str) -> float:
    scores = read_scores(open_run(name), "person_se")
    assert scores is not None
    return scores.pictures["person_0"]["jaccard"]


def test_a_run_is_what_stands_here_a_folder_a_revision_or_an_experiment(checkout: Checkout) -> None:
    checkout.report([0.1])
    first = checkout.commit()
    checkout.git("tag", "before")
    checkout.report([0.2])
    checkout.experiment("lucky-name", PARAMS)
    checkout.report([0.3])
    write_report(checkout.root.parent / "elsewhere" / "reports", [0.4], "person_se")
    found = {
        name: jaccard(name)
        for name in (
            "before", first[:8], "HEAD", "main", "lucky-name", "workspace", ".", "reports",
            "../elsewhere", "../elsewhere/reports",
        )
    }  # fmt: skip
    assert list(found.values()) == [0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.3, 0.3, 0.4, 0.4]


def test_reports_are_found_below_the_root_of_git(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.root / "project").mkdir()
    write_report(checkout.root / "project" / "reports", [0.6], "person_se")
    checkout.commit()
    monkeypatch.chdir(checkout.root / "project")
    assert jaccard("HEAD") == 0.6


def test_of_experiments_of_one_name_that_of_this_commit_is_meant(checkout: Checkout) -> None:
    checkout.report([0.1])
    old = checkout.experiment("twice", PARAMS)
    checkout.commit("on")
    checkout.report([0.2])
    checkout.experiment("twice", PARAMS)
    assert jaccard("twice") == 0.2
    checkout.commit("and on")
    with pytest.raises(PipelineError, match="twice: 2 experiments have that name") as problem:
        open_run("twice")
    assert old[:10] in str(problem.value)
    assert jaccard(old[:10]) == 0.1


@pytest.mark.parametrize("name", ["nothing", "--all", "HEAD~9", "", "refs/exps", "../checkout"])
def test_what_is_no_run_is_told_in_one_line(checkout: Checkout, name: str) -> None:
    with pytest.raises(PipelineError) as problem:
        open_run(name)
    assert "no folder with reports, no Git revision and no experiment" in str(problem.value)


def test_a_commit_without_reports_says_so(checkout: Checkout) -> None:
    with pytest.raises(PipelineError, match="main: no reports there"):
        open_run("main")
    with pytest.raises(PipelineError, match="workspace: no reports there"):
        open_run("workspace")


def test_outside_git_only_folders_are_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    write_report(tmp_path / "reports", [0.5], "person_se")
    assert jaccard("reports") == 0.5
    with pytest.raises(PipelineError, match=r"main: .* stands in no Git repository"):
        open_run("main")


def test_without_git_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PipelineError, match="git is not installed"):
        open_run("main")


def test_what_could_not_be_measured_is_not_a_number(checkout: Checkout) -> None:
    checkout.report([0.5, None])
    scores = read_scores(open_run("."), "person_se")
    assert scores is not None
    assert isnan(scores.pictures["person_1"]["jaccard"])
    assert "make" not in scores.pictures["person_0"]
    assert read_scores(open_run("."), "shadow") is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metrics.json", "{"),
        ("metrics.json", "<<<<<<< HEAD"),
        ("scores.csv", "picture,group,jaccard\na,b,much\n"),
        ("scores.csv", "name,jaccard\na,0.5\n"),
        ("scores.csv", "picture,group,jaccard\na,b,0.5\na,b,0.6\n"),
    ],
)
def test_a_spoilt_report_is_named(checkout: Checkout, file: str, text: str) -> None:
    checkout.report([0.5])
    (checkout.root / "reports" / "person_se" / file).write_text(text)
    with pytest.raises(PipelineError, match="the reports of person_se cannot be read"):
        read_scores(open_run("."), "person_se")


def test_a_network_that_was_skipped_says_why(checkout: Checkout) -> None:
    write_metrics(checkout.root / "reports", "shadow", {"skipped": "no pictures"})
    scores = read_scores(open_run("."), "shadow")
    assert scores is not None
    assert (scores.skipped, scores.pictures) == ("no pictures", {})
