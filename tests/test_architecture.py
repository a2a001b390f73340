"""The shape of the house: who imports whom, and that the pipeline's wiring names real parts."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import grimp
import pytest
from ruamel.yaml import YAML

from pipeline.evaluators import EVALUATORS
from pipeline.params import Networks
from pipeline.recipes import RECIPES, recipe

REPOSITORY = Path(__file__).parents[1]
WIRING = YAML(typ="safe", pure=True).load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))
TRAINED: Mapping[str, Mapping[str, str]] = WIRING["vars"][0]["networks"]
PARAMS = YAML(typ="safe", pure=True).load((REPOSITORY / "params.yaml").read_text(encoding="utf-8"))
FOREACH = {
    "${networks}": {name: {**PARAMS["networks"][name], **TRAINED[name]} for name in TRAINED},
    "${scrape}": PARAMS["scrape"],
}

DECIDES_NO_NUMBERS = {
    "pipeline.errors",
    "pipeline.params",  # DVC follows the parameters themselves
    "pipeline.sources.progress",
    "pipeline.recipes",  # the page of the network is a dependency, not the list of pages
    "pipeline.stages.door",
    "pipeline.tracking",
    "pipeline.workspace",
}


class Stage(NamedTuple):
    """One stage as DVC runs it, `foreach` unrolled."""

    name: str
    command: str
    dependencies: list[str]

    @property
    def module(self) -> str:
        """The Python module that the command runs."""
        found = re.match(r"python -m (pipeline\.stages\.\w+)", self.command)
        assert found is not None, f"{self.name} runs {self.command}"
        return found[1]

    def covers(self, module: str) -> bool:
        """Whether a change of that module runs this stage again."""
        file = module.replace(".", "/")
        return any(
            f"{file}.py" == dependency or f"{file}/".startswith(f"{dependency}/")
            for dependency in self.dependencies
        )


def unrolled() -> Iterator[Stage]:
    for name, stage in WIRING["stages"].items():
        if "foreach" not in stage:
            yield Stage(name, stage["cmd"], [_path(one) for one in stage["deps"]])
            continue
        for key, values in items(stage["foreach"]):
            texts = [stage["do"]["cmd"], *(_path(one) for one in stage["do"]["deps"])]
            command, *dependencies = [_filled(text, values) for text in texts]
            yield Stage(f"{name}@{key}", command, dependencies)


def items(foreach: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What DVC puts in for `key` and `item`."""
    if isinstance(foreach, list):
        yield from ((item, {"item": item}) for item in foreach)
        return
    for key, item in FOREACH[foreach].items():
        yield key, {"key": key, **{f"item.{part}": str(value) for part, value in item.items()}}


def _path(dependency: Any) -> str:
    return str(next(iter(dependency)) if isinstance(dependency, dict) else dependency)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(.+?)\}", lambda found: values.get(found[1], found[0]), text)


STAGES = list(unrolled())
stage_by_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("pipeline", cache_dir=None)


def test_imports_only_go_down() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout


@stage_by_stage
def test_every_code_dependency_of_a_stage_exists(stage: Stage) -> None:
    code = [one for one in stage.dependencies if one.startswith("pipeline/")]
    assert code
    assert [one for one in code if not (REPOSITORY / one).exists()] == []
    assert len(code) == len(set(code))


@stage_by_stage
def test_a_stage_runs_again_when_its_own_module_changes(stage: Stage) -> None:
    assert stage.covers(stage.module)
    assert (REPOSITORY / f"{stage.module.replace('.', '/')}.py").is_file()


@stage_by_stage
def test_a_stage_runs_again_when_code_changes_that_decides_its_numbers(
    stage: Stage, imports: grimp.ImportGraph
) -> None:
    used = imports.find_modules_directly_imported_by(stage.module)
    if stage.name.startswith("train@"):
        page = f"pipeline.recipes.{stage.name.removeprefix('train@')}"
        used = used | imports.find_modules_directly_imported_by(page)
    if stage.name.startswith("evaluate@"):
        page = f"pipeline.evaluators.{EVALUATORS[stage.name.removeprefix('evaluate@')]}"
        used = used | imports.find_modules_directly_imported_by(page)
    missed = {
        module
        for module in used - DECIDES_NO_NUMBERS
        if not module.startswith("pipeline.sections") and not stage.covers(module)
    }
    assert missed == set()


@stage_by_stage
def test_no_stage_works_before_the_parameters_are_checked(stage: Stage) -> None:
    assert stage.name == "check_params" or "data/params_checked" in stage.dependencies


def test_every_stage_module_is_wired() -> None:
    files = (REPOSITORY / "pipeline" / "stages").glob("*.py")
    modules = {f"pipeline.stages.{file.stem}" for file in files} - {"pipeline.stages.__init__"}
    assert {stage.module for stage in STAGES} == modules - {
        "pipeline.stages.door",
    }


def test_every_trained_network_is_wired_has_a_recipe_and_has_parameters() -> None:
    params = YAML(typ="safe", pure=True).load((REPOSITORY / "params.yaml").read_text("utf-8"))
    assert set(TRAINED) == set(RECIPES) == set(params["networks"]) == set(Networks.model_fields)
    for name in RECIPES:
        assert recipe(name).name == name
        assert recipe(name).__module__ == f"pipeline.recipes.{name}"


@pytest.mark.parametrize("name", RECIPES)
def test_training_runs_again_when_a_parameter_changes_that_it_uses(name: str) -> None:
    followed = {_filled(key, _values(name)) for key in WIRING["stages"]["train"]["do"]["params"]}
    used = {"seed", "lr", "training", f"networks.{name}", *recipe(name).uses}
    assert followed >= used
    assert followed - used <= {"splits"}, "what all have, whether they use it or not"


def _values(name: str) -> Mapping[str, str]:
    return next(values for key, values in items("${networks}") if key == name)


def test_the_summary_waits_for_the_scores_of_every_network() -> None:
    report = next(stage for stage in STAGES if stage.name == "report")
    assert {f"reports/{name}" for name in TRAINED} <= set(report.dependencies)


def test_training_has_cached_outputs_only() -> None:
    """One uncached or persisted output would switch DVC's run cache off for it."""
    assert WIRING["stages"]["train"]["do"]["outs"] == ["models/${key}"]


def modules_after(code: str) -> set[str]:
    """Names of everything that a fresh interpreter has imported after some code."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_the_command_line_starts_without_torch_mlflow_and_dvc() -> None:
    help_shown = (
        "import contextlib\n"
        "from pipeline.serving import cli\n"
        "sys.argv = ['clearscene', '--help']\n"
        "with contextlib.suppress(SystemExit): cli.main()"
    )
    loaded = modules_after(help_shown)
    assert "pipeline.serving.cli" in loaded
    assert loaded.isdisjoint({"torch", "mlflow", "dvc", "lightning", "albumentations", "cv2"})


@pytest.mark.parametrize("stage", ["check_params", "demo_world"])
def test_stages_that_neither_train_nor_track_start_without_torch_and_mlflow(stage: str) -> None:
    loaded = modules_after(f"import pipeline.stages.{stage}")
    assert loaded.isdisjoint({"torch", "mlflow", "lightning", "albumentations"})


def test_training_starts_where_mlflow_and_dvc_are_not_installed() -> None:
    missing = "sys.modules.update(dict.fromkeys(('mlflow', 'dvc')))"
    assert "torch" in modules_after(f"{missing}\nimport pipeline.stages.train")


def test_no_test_can_speak_to_another_machine() -> None:
    """192.0.2.1 is kept for documentation and belongs to nobody."""
    with socket.socket() as one, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        one.connect(("192.0.2.1", 80))
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
