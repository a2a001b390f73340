"""What a card says of weights, and what it must not say."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.card import Card
from pipeline.evaluation import KINDS
from pipeline.params import Params, load_params
from pipeline.reporting.model_card import model_card, weakest

ROW = {
    "metric": "jaccard", "value": 0.77, "low": 0.7, "high": None, "baseline_name": "grabcut",
    "baseline": 0.4, "reference": None, "verdict": "the network is better", "source": "someone",
    "comparable": "nothing",
}  # fmt: skip


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params()


def group(grouping: str, name: str, value: float, pictures: int = 9) -> dict[str, Any]:
    return {"grouping": grouping, "group": name, "pictures": pictures, "metric": "jaccard",
            "value": value, "low": None, "high": None}  # fmt: skip


def card(params: Params, groups: list[dict[str, Any]], **section: object) -> str:
    used = {
        "inputs": {"people": "data/demo/people"},
        "networks": {"person_se": {"pretrained": False, "checkpoint": "data/nothing", **section}},
    }
    weights = Card("person_se", {"name": "x"}, (64, 96), used, "d" * 64, "abc", "f" * 64, 3, {})
    return model_card(weights, params, {"pictures": 5}, [ROW], groups)


def test_it_names_weights_data_scores_verdict_and_limits(params: Params) -> None:
    text = card(params, [group("size", "small", 0.5), group("size", "large", 0.9)])
    wanted = (
        "f" * 64, "d" * 64, "64×96", "**0.7700**", "0.7000 to –", "grabcut 0.4000",
        "The network is better.", "| size | small | 9 | 0.5000 |", "All persons are one mask",
        "| networks.person_se.pretrained | False |",
    )  # fmt: skip
    assert [said for said in wanted if said not in text] == []
    assert "{" not in text


def test_of_the_demo_alone_it_says_so(params: Params) -> None:
    text = card(params, [])
    assert "It has never seen a photo" in text
    assert "So are the demo's pictures, and these weights" in text


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"pretrained": True}, "weights that torchvision publishes"),
        ({"checkpoint": "/elsewhere/best.pt"}, "the weights in `/elsewhere/best.pt`"),
    ],
)
def test_weights_that_began_elsewhere_are_not_called_drawn(
    params: Params, section: dict[str, object], says: str
) -> None:
    text = card(params, [], **section)
    assert says in text
    assert "never seen a photo" not in text
    assert "and these weights" not in text


def test_names_from_outside_do_not_end_a_cell(params: Params) -> None:
    assert r"| make | A\|B C | 9 |" in card(params, [group("make", "A|B\nC", 0.1)])


def test_the_weakest_is_the_worst_of_those_with_enough_pictures() -> None:
    groups = [group("make", "Audi", 0.1, 4), group("make", "BMW", 0.3), group("make", "Kia", 0.6)]
    assert [one["group"] for one in weakest(groups, KINDS["person_se"])] == ["BMW"]
    assert [one["group"] for one in weakest(groups, KINDS["shadow"])] == ["Kia"]
