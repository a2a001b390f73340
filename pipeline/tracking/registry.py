"""The best weights of every network as versions of a registered model, under the alias `best`.

Best is who has the highest validation score of those that were trained on the same data; the test
part must not choose. Weights that were evaluated and are not the best stay in DVC alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from math import inf, isnan, nan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from pipeline.tracking.packaging import needs_attention, save_pyfunc
from pipeline.tracking.tracker import DATA_TAG, NETWORK_TAG, WEIGHTS_TAG, Tracker, costs_a_warning

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

    from pipeline.card import Card

log = logging.getLogger(__name__)

BEST = "best"
FOLDER = "model"
"""Where in the run the model is."""
RANKED_BY_TAG = "ranked_by"
LONGEST_DESCRIPTION = 5000
"""Characters that MLflow's tables hold."""


class Contender(NamedTuple):
    """Evaluated weights, which are registered if they are the best.

    Attributes:
        weights: The `.pt` file, with its card beside it.
        card: That card.
        ranked_by: The validation score that ranks weights. Not the loss, whose terms and weights
            are parameters.
        higher_is_better: Of that score.
        tests: Test scores of the network itself, by name.
        description: What people read of this version: the text of a model card in Markdown.
        attention: For `shadow`, the `.pt` file of `shadow_attention`, if there is one.
    """

    weights: Path
    card: Card
    ranked_by: str
    higher_is_better: bool
    tests: Mapping[str, float]
    description: str = ""
    attention: Path | None = None

    @property
    def network(self) -> str:
        """That the weights are of."""
        return self.card.network

    @property
    def weights_sha256(self) -> str:
        """See `checkpoint.state_hash`."""
        return self.card.weights_sha256

    def rank(self, scores: Mapping[str, float]) -> float:
        """Of validation scores: higher is better, infinitely bad without the one that ranks."""
        value = scores.get(self.ranked_by, nan)
        if isnan(value):
            return -inf
        return value if self.higher_is_better else -value

    @property
    def text(self) -> str:
        """The description, cut to what MLflow takes."""
        return self.description[:LONGEST_DESCRIPTION]

    @property
    def tags(self) -> dict[str, str]:
        """Of the version."""
        return {
            NETWORK_TAG: self.network,
            WEIGHTS_TAG: self.weights_sha256,
            DATA_TAG: self.card.data_sha256,
            "git_revision": self.card.git_revision,
            RANKED_BY_TAG: self.ranked_by,
            **{name: str(value) for name, value in {**self.card.scores, **self.tests}.items()},
        }


class Place(NamedTuple):
    """Of a version in the ranking: the greatest wins, of equals the earliest."""

    rank: float
    later: int

    @property
    def number(self) -> int:
        """Of the version."""
        return -self.later


@costs_a_warning
def register(tracker: Tracker, contender: Contender) -> None:
    """Make the weights a version of their network's model if they are the best on their data.

    Weights that are a version already get their new test scores. In the end the alias is on the
    best version on these data, also where an earlier try broke off before that.
    """
    client, name = tracker.client, f"clearscene-{contender.network}"
    versions = client.search_model_versions(f"name='{name}'")
    known = next((v for v in versions if v.tags.get(WEIGHTS_TAG) == contender.weights_sha256), None)
    ours = contender.rank(contender.card.scores)
    if known:
        _renew(client, known, contender)
    elif all(ours > one.rank for one in rivals(versions, contender)):
        if contender.attention is None and needs_attention(contender.card):
            log.info("%s: not registered, it needs shadow_attention, which was not trained", name)
            return
        _create(tracker, name, contender)
    # Asked again: making a version takes a while, and others may have made theirs.
    places = rivals(client.search_model_versions(f"name='{name}'"), contender)
    if places:
        client.set_registered_model_alias(name, BEST, str(max(places).number))


def rivals(versions: Iterable[ModelVersion], contender: Contender) -> list[Place]:
    """The versions that were trained on the same data."""
    data = contender.card.data_sha256
    return [_place(one, contender) for one in versions if one.tags.get(DATA_TAG) == data]


def _place(version: ModelVersion, contender: Contender) -> Place:
    """By the score that ranks today, which may be another than when it was registered."""
    score = _number(version.tags.get(contender.ranked_by, ""))
    rank = contender.rank({contender.ranked_by: score})
    return Place(rank, -int(version.version))


def _number(text: str) -> float:
    """What a tag says, which people may have edited."""
    try:
        return float(text)
    except ValueError:
        return nan


def _renew(client: MlflowClient, version: ModelVersion, contender: Contender) -> None:
    number = str(version.version)
    for tag, value in contender.tags.items():
        if version.tags.get(tag) != value:
            client.set_model_version_tag(version.name, number, tag, value)
    if contender.text and contender.text != version.description:
        client.update_model_version(version.name, number, contender.text)


def _create(tracker: Tracker, name: str, contender: Contender) -> None:
    """Put the model into the run, and make it a version."""
    client, run_id = tracker.client, tracker.open_run()
    with TemporaryDirectory() as folder:
        save_pyfunc(Path(folder, FOLDER), contender.weights, contender.card, contender.attention)
        client.log_artifacts(run_id, str(Path(folder, FOLDER)), FOLDER)
    _ensure_model(client, name, contender.network)
    source = f"{client.get_run(run_id).info.artifact_uri}/{FOLDER}"
    version = client.create_model_version(
        name, source, run_id, tags=contender.tags, description=contender.text or None
    )
    log.info("%s: registered as version %s of %s", contender.network, version.version, name)


def _ensure_model(client: MlflowClient, name: str, network: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, tags={NETWORK_TAG: network})
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
