"""`clearscene versus` and `clearscene seeds`, as they are typed."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from pipeline.serving import cli
from tests.runs.reports import make_checkout, write_report

SCORES = [0.3 + place / 100 for place in range(12)]
BETTER = [score + 0.1 for score in SCORES]


class Outcome(NamedTuple):
    """What a call printed and returned."""

    exit_code: int
    out: str
    err: str


class Clearscene(Protocol):
    """Type `clearscene ARGUMENTS…` in a folder."""

    def __call__(self, where: Path, *arguments: str) -> Outcome: ...


@pytest.fixture
def clearscene(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clearscene:
    def call(where: Path, *arguments: str) -> Outcome:
        monkeypatch.chdir(where)
        monkeypatch.setattr(sys, "argv", ["clearscene", *arguments])
        with pytest.raises(SystemExit) as raised:
            cli.main()
        return Outcome(int(raised.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Where two folders of reports are: `a` and `b`."""
    for network in ("person_se", "car_mask"):
        write_report(tmp_path / "a", SCORES, network)
        write_report(tmp_path / "b", BETTER, network)
    return tmp_path


def test_two_runs_are_compared_for_people_and_for_programs(
    both: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene(both, "versus", "a", "b", "--csv", "exact.csv")
    assert (outcome.exit_code, outcome.err) == (0, "")
    first, _, heading, *rows, _, note = outcome.out.splitlines()
    assert first == "A is a, B is b."
    assert heading.split()[:4] == ["network", "metric", "A", "B"]
    assert [row.split()[0] for row in rows] == ["person_se", "car_mask"]
    assert all(row.endswith("  B is better than A") for row in rows)
    assert note.startswith("2 comparisons at 95%: of equal runs about one in 20 ")
    with (both / "exact.csv").open(encoding="utf-8", newline="") as stream:
        exact = list(csv.DictReader(stream))
    assert [row["outcome"] for row in exact] == ["better", "better"]


def test_one_network_as_a_table_of_github(both: Path, clearscene: Clearscene) -> None:
    outcome = clearscene(
        both, "versus", "a", "b", "--md", "--network", "car_mask", "--metric", "f1"
    )
    lines = outcome.out.splitlines()
    assert lines[0] == "A is `a`, B is `b`."
    assert lines[3] == "| --- | --- | --- | --- | --- | --- | --- | --- |"
    assert lines[4].startswith("| car_mask | f1 | 0.3550 | 0.4550 | +0.1000 (+0.1000 to +0.1000) |")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["versus", "a", "nothing"], 1, "nothing: no folder with reports"),
        (["versus", "a", "b", "--network", "cats"], 2, "unknown network 'cats'"),
        (["versus", "a", "b", "--metric", "cats"], 2, "unknown metric 'cats'"),
        (["versus", "a", "b", "--level", "95"], 2, "--level 95.0: must lie between 0 and 1"),
        (["seeds", "person_se", "--seeds", "1,b"], 2, "--seeds 1,b: give whole numbers"),
        (["seeds", "person_se", "--seeds", "1"], 2, "give two different seeds or more"),
        (["seeds", "person_se", "-S", "lr"], 2, "-S lr: give KEY=VALUE"),
        (["seeds", "cats"], 2, "unknown network 'cats'"),
        (["seeds", "person_se"], 1, "go to the root of the repository"),
    ],
)
def test_a_mistake_is_one_line(
    both: Path, clearscene: Clearscene, arguments: list[str], code: int, says: str
) -> None:
    outcome = clearscene(both, *arguments)
    assert outcome.exit_code == code
    assert outcome.out == ""
    assert outcome.err.startswith("clearscene: ")
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_seeds_that_are_there_are_told_and_written(tmp_path: Path, clearscene: Clearscene) -> None:
    checkout = make_checkout(tmp_path / "checkout")
    for seed, score in ((1, 0.6), (2, 0.8)):
        checkout.report([score])
        params = f"seed: {seed}\nlr: 0.001\nnetworks:\n  person_se: {{k: 0.0}}\n"
        checkout.experiment(f"mine-person_se-{seed}", params)
    outcome = clearscene(
        checkout.root, "seeds", "person_se", "--seeds", "1,2", "--name", "mine", "-S", "lr=1e-3"
    )
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert "person_se  jaccard    0.7000 ± 0.1414  0.6000 to 0.8000   1 2" in outcome.out
    assert outcome.out.endswith("-> reports/seeds.csv\n")
    assert (checkout.root / "reports" / "seeds.csv").exists()
