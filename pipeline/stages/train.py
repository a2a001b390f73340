"""Stage `train@NETWORK`: from a split to best and last weights, their cards and the history."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd
from lightning.pytorch import seed_everything

from pipeline.card import Card
from pipeline.checkpoint import SKIPPED, load_weights, save_weights, state_hash
from pipeline.errors import NothingToLearnFrom
from pipeline.params import Params, flatten, load_params
from pipeline.paths import MODELS
from pipeline.recipes import RECIPES, recipe
from pipeline.recipes.start import start_hash, weights_file
from pipeline.sections.base import NOTHING
from pipeline.stages.door import only_argument, run_stage
from pipeline.tracking import START_TAG, WEIGHTS_TAG, TrainedOn, training_run
from pipeline.training.engine import Weights, fit, resolved_precision, trained
from pipeline.training.module import Datasets, Recipe
from pipeline.training.resume import ResumeState
from pipeline.workspace import (
    STATE,
    code_hash,
    content_hash,
    git_revision,
    is_main_process,
    only_user,
    place_file,
    repository_root,
    whole_directory,
    work_key,
    write_whole,
)  # fmt: skip

DECIDES_NUMBERS = (
    "checkpoint.py", "datasets", "images.py", "losses", "metrics/masks.py", "metrics/pictures.py",
    "metrics/shadows.py", "networks", "recipes", "training",
)  # fmt: skip
"""Parts of `pipeline` whose change makes an interrupted run another one."""

RUN_NOTE = "mlflow_run"
ALWAYS = ("seed", "lr", "training")
log = logging.getLogger(__name__)


def train(network: str, params: Params) -> None:
    """Train, or go on, and write `models/<network>/`; without any data, write why not."""
    seed_everything(params.seed, workers=True, verbose=False)
    try:
        module = recipe(network)(params)
        datasets = module.datasets()
    except NothingToLearnFrom as reason:
        log.warning("train@%s is skipped: %s", network, reason)
        with whole_directory(MODELS / network) as output:
            text = json.dumps({"skipped": str(reason)}, indent=2)
            write_whole(output / SKIPPED, f"{text}\n".encode())
        return
    used = used_params(module, params)
    data = content_hash([module.split, *module.reads()])
    key = work_key(
        params=used, data=data, start=start_hash(getattr(params.networks, network).checkpoint),
        code=code_hash(*DECIDES_NUMBERS), torch=version("torch"),
    )  # fmt: skip
    resume = ResumeState(repository_root() / STATE / "resume" / network / key)
    if is_main_process():
        with only_user(resume.folder):  # an experiment beside may train the same
            _train_tracked(module, datasets, params, used, data, resume)
            write(module, used, data, resume)
            resume.clear()
    else:
        _fit(module, datasets, params, resume)


def _train_tracked(
    module: Recipe,
    datasets: Datasets,
    params: Params,
    used: dict[str, Any],
    data: str,
    resume: ResumeState,
) -> None:
    tags = {"dvc_stage": f"train@{module.name}"}
    checkpoint = getattr(params.networks, module.name).checkpoint
    if checkpoint != NOTHING:
        tags[START_TAG] = load_weights(weights_file(checkpoint))[1].weights_sha256
    engine = params.training
    effective = {
        "effective_lr": module.lr,
        "effective_precision": resolved_precision(engine.precision, engine.accelerator),
    }
    flat = {**flatten(used), **effective}
    trained_on, before = TrainedOn(module.split, data), resume.noted(RUN_NOTE)
    with training_run(module.name, flat, tags, trained_on, before) as run:
        if run.run_id:
            resume.note(RUN_NOTE, run.run_id)
        _fit(module, datasets, params, resume, run.metrics, lambda file: run.files([file]))
        best = trained(resume).best
        run.tags({WEIGHTS_TAG: state_hash(best.state)})
        run.metrics({"best_epoch": best.epoch})


def _fit(
    module: Recipe,
    datasets: Datasets,
    params: Params,
    resume: ResumeState,
    on_epoch: Any = lambda _: None,
    on_preview: Any = lambda _: None,
) -> None:
    section = getattr(params.networks, module.name)
    fit(
        module,
        datasets,
        params.training,
        batch_size=section.batch_size,
        epochs=section.epochs,
        seed=params.seed,
        resume=resume,
        on_epoch=on_epoch,
        on_preview=on_preview,
    )


def used_params(module: Recipe, params: Params) -> dict[str, Any]:
    """The parameters that this training depends on, nested as in params.yaml."""
    return params.model_dump(
        include=_nested([*ALWAYS, *module.uses, f"networks.{module.name}"]),
    )


def _nested(keys: Sequence[str]) -> dict[str, Any]:
    """Dotted keys as pydantic wants them."""
    include: dict[str, Any] = {}
    for key in keys:
        section, _, rest = key.partition(".")
        if rest:
            include.setdefault(section, {})[rest] = True
        else:
            include[section] = True
    return include


def write(module: Recipe, used: dict[str, Any], data: str, resume: ResumeState) -> None:
    """Write weights, cards, history and previews, all or nothing."""
    result = trained(resume)

    def card(weights: Weights) -> Card:
        return Card(
            network=module.name,
            architecture=module.architecture,
            frame=module.frame,
            params=used,
            data_sha256=data,
            git_revision=git_revision(),
            weights_sha256=state_hash(weights.state),
            epoch=weights.epoch,
            scores=weights.scores,
        )

    with whole_directory(MODELS / module.name) as output:
        save_weights(output / "best.pt", result.best.state, card(result.best))
        save_weights(output / "last.pt", result.last.state, card(result.last))
        pd.DataFrame(result.history).to_csv(output / "history.csv", index=False)
        if module.per_picture:
            pd.DataFrame(module.per_picture).to_csv(output / "per_epoch.csv", index=False)
        (output / "previews").mkdir()
        for file in sorted(resume.previews.glob("*.png")):
            place_file(file, output / "previews" / file.name)


if __name__ == "__main__":
    name = only_argument(", ".join(RECIPES))
    run_stage(f"train@{name}", lambda: train(name, load_params()))
