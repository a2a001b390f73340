"""The same training from several seeds: one experiment of DVC each, and the spread of scores."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import PipelineError, UsageError
from pipeline.evaluation import KINDS
from pipeline.params import PARAMS_FILE, flatten
from pipeline.runs.git import commit_of, experiments, file_at, git

DECIDES = ("dvc.yaml", "pipeline", "requirements.txt")
"""What decides scores, beside the parameters."""


@dataclass(frozen=True)
class Plan:
    """Networks to train, from which seeds, with which changes of parameters.

    Attributes:
        changes: Values as they are typed, by dotted key; `seed` is not among them.
        name: Experiments are called `name-network-seed`.
    """

    networks: Sequence[str]
    seeds: Sequence[int]
    changes: Mapping[str, str] = field(default_factory=dict)
    name: str = "seeds"

    def __post_init__(self) -> None:
        unknown = [name for name in self.networks if name not in KINDS]
        if unknown:
            raise UsageError(f"unknown network {unknown[0]!r}; there are {', '.join(KINDS)}")
        if len(set(self.seeds)) < max(2, len(self.seeds)):
            raise UsageError("give two different seeds or more, such as --seeds 1,2,3")
        if "seed" in self.changes:
            raise UsageError("-S seed=… has no place here: --seeds gives them")

    def experiment(self, network: str, seed: int) -> str:
        """What DVC calls it."""
        return f"{self.name}-{network}-{seed}"

    def steps(self) -> list[tuple[str, int]]:
        """Networks and seeds in the order in which they are run."""
        return [(network, seed) for network in self.networks for seed in self.seeds]


def run_seeds(plan: Plan, tell: Callable[[str], None]) -> None:
    """Train and score what is not there yet, one after the other.

    Raises:
        UsageError: A changed parameter is unknown.
        PipelineError: An experiment of that name is another one, or DVC failed.
    """
    done = {step: is_done(plan, *step) for step in plan.steps()}
    for number, (network, seed) in enumerate(plan.steps(), 1):
        name = plan.experiment(network, seed)
        place = f"[{number}/{len(done)}] {network}, seed {seed}"
        if done[network, seed]:
            tell(f"{place}: {name} is there already")
            continue
        command = experiment_command(plan, network, seed)
        tell(f"{place}: {shlex.join(command[1:])}")
        if status := run_to_the_end(command):
            raise PipelineError(
                f"{name}: dvc ended with {status}, it says why above; what is done stays, the "
                "same command goes on from there"
            )


def experiment_command(plan: Plan, network: str, seed: int) -> list[str]:
    """The call of DVC; in a copy, so that the workspace stays as it is."""
    tools = Path(sys.executable).parent
    dvc = shutil.which("dvc", path=str(tools)) or "dvc"
    changes = [f"seed={seed}", *(f"{key}={value}" for key, value in plan.changes.items())]
    options = [part for change in changes for part in ("-S", change)]
    name = plan.experiment(network, seed)
    return [dvc, "exp", "run", "--temp", "--name", name, *options, f"evaluate@{network}"]


def run_to_the_end(command: Sequence[str]) -> int:
    """Its exit status. At Ctrl-C, which the program hears too, it is waited for.

    `subprocess.run` would kill it after a quarter of a second, and DVC would leave the workspace
    without the changes that it had put aside.
    """
    tools = Path(sys.executable).parent  # whose python the stages are to find
    path = os.pathsep.join([str(tools), os.environ.get("PATH", "")])
    with subprocess.Popen(command, env={**os.environ, "PATH": path}) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise


def is_done(plan: Plan, network: str, seed: int) -> bool:
    """Whether the experiment is there, with these parameters, wiring and code.

    Raises:
        UsageError: A changed parameter is unknown.
        PipelineError: One of that name is there, but it is another one.
    """
    values = wanted_params(plan, seed)
    name = plan.experiment(network, seed)
    commit = experiments(name).get(commit_of("HEAD") or "")
    if commit is None:
        return False
    found = flatten(_yaml(file_at(commit, PARAMS_FILE.as_posix()) or "") or {})
    others = [key for key in {**values, **found} if values.get(key) != found.get(key)]
    if others:
        key = others[0]
        difference = f"{key} is {found.get(key)} there and would be {values.get(key)}"
    elif git("diff", "--quiet", commit, "--", *DECIDES) is None:
        difference = "code or dvc.yaml has changed since"
    else:
        return True
    raise PipelineError(
        f"the experiment {name} is there already, but {difference}; call these ones otherwise "
        f"with --name, or remove it: dvc exp remove {name}"
    )


def wanted_params(plan: Plan, seed: int) -> dict[str, Any]:
    """Flat parameters of one experiment: those that stand here, with the changes.

    Raises:
        PipelineError: There are no parameters here.
        UsageError: A changed one is unknown.
    """
    if not Path("dvc.yaml").exists() or not PARAMS_FILE.exists():
        raise PipelineError("no dvc.yaml and params.yaml here: go to the root of the repository")
    values = flatten(_yaml(PARAMS_FILE.read_text(encoding="utf-8")) or {})
    for key, value in {**plan.changes, "seed": str(seed)}.items():
        if key not in values:
            raise UsageError(f"-S {key}: no such parameter in {PARAMS_FILE}")
        values[key] = _yaml(value)
    return values


def _yaml(text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as problem:
        line = str(problem).splitlines()[0]
        raise UsageError(f"{text.splitlines()[0]:.60}: is no YAML ({line})") from None
