"""The rule of the central instance by itself; the split's use of it is in test_central_person."""

from __future__ import annotations

import numpy as np

from pipeline.centrality import centrality


def test_the_score_is_the_area_by_the_fourth_power_of_the_distance() -> None:
    centres = np.array([[53.0, 34.0], [50.0, 30.0], [52.0, 30.0]])
    scores = centrality(centres, np.array([1250.0, 1.0, 32.0]), np.array([[100.0, 60.0]]))
    assert scores.tolist() == [1250 / 5**4, np.inf, 2.0]
