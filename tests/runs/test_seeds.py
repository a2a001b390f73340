"""Which seeds are there already, what is run for the others, and their spread."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import PipelineError, UsageError
from pipeline.runs.seeds import Plan, experiment_command, is_done, run_seeds, run_to_the_end
from pipeline.runs.spread import SEEDS_FILE, spreads, write_spreads
from tests.interrupts import heed_interrupts
from tests.runs.reports import Checkout, write_metrics

PARAMS = "seed: {seed}\nlr: {lr}\nnetworks:\n  person_se: {{k: 0.0}}\n"
PLAN = Plan(["person_se"], [1, 2])


@pytest.fixture
def trained(checkout: Checkout) -> Checkout:
    """Seeds 1 and 2 of person_se are there: 0.6 and 0.8 on one picture."""
    for seed, score in ((1, 0.6), (2, 0.8)):
        checkout.report([score])
        checkout.experiment(f"seeds-person_se-{seed}", PARAMS.format(seed=seed, lr="1e-03"))
    return checkout


def test_what_is_there_is_not_run_again(trained: Checkout) -> None:
    told: list[str] = []
    run_seeds(PLAN, told.append)  # would fail: there is no stage to run
    assert told == [
        "[1/2] person_se, seed 1: seeds-person_se-1 is there already",
        "[2/2] person_se, seed 2: seeds-person_se-2 is there already",
    ]


def test_numbers_are_compared_as_numbers(trained: Checkout) -> None:
    assert is_done(Plan(["person_se"], [1, 2], {"lr": "1e-3"}), "person_se", 1)
    assert is_done(Plan(["person_se"], [1, 2], {"networks.person_se.k": "0"}), "person_se", 1)


def test_a_seed_that_is_not_there_is_to_be_run(trained: Checkout) -> None:
    assert not is_done(Plan(["person_se"], [1, 3]), "person_se", 3)
    assert not is_done(Plan(["shadow"], [1, 2]), "shadow", 1)
    assert not is_done(Plan(["person_se"], [1, 2], name="other"), "person_se", 1)
    trained.commit("on")
    assert not is_done(PLAN, "person_se", 1), "experiments belong to the commit they start from"


def test_an_experiment_with_other_parameters_is_not_taken_for_this_one(trained: Checkout) -> None:
    with pytest.raises(PipelineError, match=r"lr is 0\.001 there and would be 1e-05.*dvc exp remo"):
        run_seeds(Plan(["person_se"], [1, 2], {"lr": "1e-5"}), print)


def test_changed_code_makes_another_experiment(trained: Checkout) -> None:
    code = trained.root / "pipeline" / "code.py"
    code.write_text("one = 2\n")
    with pytest.raises(PipelineError, match=r"code or dvc\.yaml has changed since"):
        is_done(PLAN, "person_se", 1)
    code.write_text("one = 1\n")
    assert is_done(PLAN, "person_se", 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Plan(["cats"], [1, 2]), "unknown network 'cats'; there are car_removal"),
        (lambda: Plan(["person_se"], [1]), "two different seeds"),
        (lambda: Plan(["person_se"], [1, 1]), "two different seeds"),
        (lambda: Plan(["person_se"], [1, 2], {"seed": "3"}), "-S seed=… has no place here"),
        (lambda: is_done(Plan(["person_se"], [1, 2], {"ls": "3"}), "person_se", 1), "-S ls: no"),
        (lambda: is_done(Plan(["person_se"], [1, 2], {"lr": "[1"}), "person_se", 1), "is no YAML"),
    ],
)
def test_a_wrong_plan_is_refused(checkout: Checkout, make: Callable[[], object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()


def test_elsewhere_than_in_the_repository_it_says_where_to_go(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.root / "pipeline")
    with pytest.raises(PipelineError, match="go to the root of the repository"):
        run_seeds(PLAN, print)


def test_dvc_is_asked_for_a_copy_with_the_seed_and_the_changes() -> None:
    dvc, *arguments = experiment_command(Plan(["shadow"], [4, 5], {"lr": "1e-5"}), "shadow", 5)
    assert Path(dvc) == Path(sys.executable).with_name("dvc")
    assert arguments == [
        "exp", "run", "--temp", "--name", "seeds-shadow-5", "-S", "seed=5", "-S", "lr=1e-5",
        "evaluate@shadow",
    ]  # fmt: skip


def test_a_failure_of_dvc_stops_and_says_how_to_go_on(checkout: Checkout) -> None:
    told: list[str] = []
    with pytest.raises(PipelineError, match=r"seeds-person_se-1: dvc ended with 2.* goes on from"):
        run_seeds(PLAN, told.append)  # DVC is not set up here
    assert len(told) == 1


def test_at_ctrl_c_the_program_is_waited_for(tmp_path: Path) -> None:
    """DVC puts the workspace back then, which takes longer than Python waits by itself."""
    child = (
        "import pathlib, signal, time\n"
        "pathlib.Path('started').touch()\n"
        "try: time.sleep(60)\n"
        "except KeyboardInterrupt: time.sleep(1); pathlib.Path('tidied').touch()\n"
    )
    program = (
        "import sys; from pipeline.runs.seeds import run_to_the_end\n"
        f"run_to_the_end([sys.executable, '-c', {child!r}])"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while not (tmp_path / "started").exists():
        assert started.poll() is None
        time.sleep(0.05)
    subprocess.run(["kill", "-INT", "--", f"-{started.pid}"], check=True)
    _, errors = started.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert (tmp_path / "tidied").exists()


def test_programs_find_the_python_of_this_environment(tmp_path: Path) -> None:
    found = tmp_path / "python"
    assert run_to_the_end(["sh", "-c", f"command -v python > {found}; exit 3"]) == 3
    assert Path(found.read_text().strip()) == Path(sys.executable).with_name("python")


def test_the_spread_is_of_what_the_experiments_hold(trained: Checkout) -> None:
    found = {one.metric: one for one in spreads(PLAN)}
    assert "boundary_f" not in found, "no run could measure it"
    assert found["jaccard"].values == {1: 0.6, 2: 0.8}
    assert found["jaccard"].shown() == {
        "network": "person_se", "metric": "jaccard", "mean ± sd": "0.7000 ± 0.1414",
        "lowest to highest": "0.6000 to 0.8000", "seeds": "1 2",
    }  # fmt: skip


def table() -> dict[tuple[str, str, str], dict[str, str]]:
    with SEEDS_FILE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {(row["name"], row["network"], row["metric"]): row for row in rows}


def test_the_table_keeps_rows_of_other_plans(trained: Checkout) -> None:
    slow = Plan(["person_se"], [1, 2], {"lr": "1e-5"}, "slow")
    for seed, score in ((1, 0.1), (2, 0.3)):
        trained.report([score])
        trained.experiment(f"slow-person_se-{seed}", PARAMS.format(seed=seed, lr="1e-05"))
    write_spreads(spreads(PLAN), PLAN)
    before = table()
    assert before["seeds", "person_se", "jaccard"] == {
        "network": "person_se", "metric": "jaccard", "seeds": "1 2", "mean": "0.7",
        "sd": "0.141421", "lowest": "0.6", "highest": "0.8", "values": "0.6 0.8",
        "name": "seeds", "changes": "",
    }  # fmt: skip
    write_spreads(spreads(slow), slow)
    write_spreads(spreads(slow), slow)
    after = table()
    assert after["slow", "person_se", "jaccard"]["changes"] == "lr=1e-5"
    assert {key: row for key, row in after.items() if key[0] == "seeds"} == before
    assert len(after) == 2 * len(before)


def test_a_seed_without_scores_is_named(trained: Checkout) -> None:
    with pytest.raises(PipelineError, match="seeds-person_se-3: no such experiment"):
        spreads(Plan(["person_se"], [1, 3]))
    write_metrics(trained.root / "reports", "shadow", {"skipped": "no pictures"})
    for seed in (1, 2):
        trained.experiment(f"seeds-shadow-{seed}", PARAMS.format(seed=seed, lr="1e-05"))
        write_metrics(trained.root / "reports", "shadow", {"skipped": "no pictures"})
    with pytest.raises(PipelineError, match="seeds-shadow-1: shadow was skipped, no pictures"):
        spreads(Plan(["shadow"], [1, 2]))
