"""Stage `train@NETWORK`: from a split to best and last weights, their cards and the history."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from lightning.pytorch import seed_everything

from pipeline.checkpoint import Card, save_weights, state_hash
from pipeline.params import Params, flatten, load_params
from pipeline.recipes import RECIPES, recipe
from pipeline.stages.door import only_argument, run_stage
from pipeline.stages.paths import MODELS, PERSON_SPLIT
from pipeline.tracking import WEIGHTS_TAG, training_run
from pipeline.training.engine import Trained, Weights, fit, resolved_precision
from pipeline.training.resume import ResumeState
from pipeline.workspace import (
    STATE,
    code_hash,
    file_hash,
    git_revision,
    repository_root,
    whole_directory,
    work_key,
)  # fmt: skip

SPLIT = PERSON_SPLIT / "split.csv"
DECIDES_NUMBERS = (
    "checkpoint.py", "datasets", "images.py", "losses", "metrics.py", "networks", "recipes",
    "training",
)  # fmt: skip
"""Parts of `pipeline` whose change makes an interrupted run another one."""

RUN_NOTE = "mlflow_run"


def train(network: str, params: Params) -> None:
    """Train, or go on, and write `models/<network>/`."""
    seed_everything(params.seed, workers=True, verbose=False)
    module = recipe(network)(params)
    used = used_params(network, params)
    key = work_key(
        params=used, data=file_hash(SPLIT), code=code_hash(*DECIDES_NUMBERS), torch=version("torch")
    )
    resume = ResumeState(repository_root() / STATE / "resume" / network / key)
    tags = {"dvc_stage": f"train@{network}", "data_sha256": file_hash(SPLIT)}
    engine = params.training
    effective = {
        "effective_lr": module.lr,
        "effective_precision": resolved_precision(engine.precision, engine.accelerator),
    }
    flat = {**flatten(used), **effective}
    with training_run(network, flat, tags, resume.noted(RUN_NOTE)) as run:
        if run.run_id:
            resume.note(RUN_NOTE, run.run_id)
        trained = fit(
            network,
            module,
            *module.datasets(SPLIT, Path(params.inputs.people)),
            batch_size=module.batch_size,
            epochs=module.epochs,
            seed=params.seed,
            workers=engine.workers,
            accelerator=engine.accelerator,
            precision=engine.precision,
            resume=resume,
            on_epoch=run.metrics,
        )
        write(network, trained, module, used)
        run.tags({WEIGHTS_TAG: state_hash(trained.best.state)})
        run.metrics({"best_epoch": trained.best.epoch})
    resume.clear()


def used_params(network: str, params: Params) -> dict[str, Any]:
    """The parameters that this training depends on, nested as in params.yaml."""
    return params.model_dump(
        include={
            "inputs": {"people": True},
            "seed": True,
            "lr": True,
            "splits": True,
            "person_split": True,
            "training": True,
            "networks": {network: True},
        }
    )


def write(network: str, trained: Trained, module: Any, used: dict[str, Any]) -> None:
    """Write weights, cards and history, all or nothing."""

    def card(weights: Weights) -> Card:
        return Card(
            network=network,
            architecture=module.architecture,
            size=module.size,
            params=used,
            data_sha256=file_hash(SPLIT),
            git_revision=git_revision(),
            weights_sha256=state_hash(weights.state),
            epoch=weights.epoch,
            scores=weights.scores,
        )

    with whole_directory(MODELS / network) as output:
        save_weights(output / "best.pt", trained.best.state, card(trained.best))
        save_weights(output / "last.pt", trained.last.state, card(trained.last))
        pd.DataFrame(trained.history).to_csv(output / "history.csv", index=False)


if __name__ == "__main__":
    name = only_argument(", ".join(RECIPES))
    run_stage(f"train@{name}", lambda: train(name, load_params()))
