"""The drive-by clip: its truth is true, and the same seed gives the same clip."""

from __future__ import annotations

import numpy as np

from pipeline.sources.demo.scenery.drive_by import drive_by


def test_frames_differ_from_the_ground_only_where_masks_say() -> None:
    moments = list(drive_by(3, "pan", 8, 2, 96, 160))
    assert any(moment.cars.any() for moment in moments)
    assert any(moment.shadow.any() for moment in moments)
    for moment in moments:
        off = np.abs(moment.frame.astype(int) - moment.ground).max(axis=2)
        assert (
            off[~(moment.cars | moment.shadow)].max(initial=0) <= 20
        )  # at soft edges, where a mask begins
        assert not (moment.cars & moment.shadow).any()
        if moment.cars.sum() > 200:
            assert off[moment.cars].mean() > 20


def test_the_same_seed_gives_the_same_clip() -> None:
    one, other = (list(drive_by(5, "still", 3, 1, 64, 112)) for _ in range(2))
    assert all(np.array_equal(a.frame, b.frame) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0].ground, next(drive_by(6, "still", 3, 1, 64, 112)).ground)


def test_a_still_camera_sees_one_ground_and_a_pan_does_not() -> None:
    for camera, same in (("still", True), ("pan", False)):
        first, *_, last = drive_by(3, camera, 3, 1, 64, 112)  # type: ignore[arg-type]
        off = np.abs(first.ground.astype(int) - last.ground).mean()
        assert bool(off < 3) is same
