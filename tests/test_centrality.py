"""The rule of the central instance, as predictors use it; the split's is in test_central_person."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.centrality import central_instance, centrality


def test_the_score_is_the_area_by_the_fourth_power_of_the_distance() -> None:
    centres = np.array([[53.0, 34.0], [50.0, 30.0], [52.0, 30.0]])
    scores = centrality(centres, np.array([1250.0, 1.0, 32.0]), np.array([[100.0, 60.0]]))
    assert scores.tolist() == [1250 / 5**4, np.inf, 2.0]


@pytest.mark.parametrize(
    ("boxes", "areas", "place"),
    [
        ([[0, 0, 10, 10], [40, 20, 62, 42], [0, 0, 90, 60]], [90.0, 400.0, 5000.0], 1),
        # With the right and bottom edges confused, as the reference does, the first would win.
        ([[44, 0, 56, 20], [40, 20, 62, 42]], [200.0, 200.0], 1),
        ([[10, 10, 20, 20], [10, 10, 20, 20]], [50.0, 50.0], 0),
        ([[10, 10, 20, 20], [0, 0, 20, 20]], [0.0, 1.0], 1),
        ([[10, 10, 20, 20]], [0.0], None),
        (np.zeros((0, 4)), [], None),
    ],
)
def test_the_most_central_instance(boxes: object, areas: list[float], place: int | None) -> None:
    found = central_instance(
        np.asarray(boxes, np.float64), np.asarray(areas, np.float64), height=60, width=100
    )
    assert found == place
