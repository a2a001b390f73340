"""Stage `cutouts` from a collection to its outputs, in this process, on small photos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.cutouts import cut as cutting
from pipeline.cutouts.networks import Checkpoint
from pipeline.errors import PipelineError
from pipeline.images import RGB, read_mask, read_picture, read_rgba
from pipeline.matting import Map
from pipeline.metrics.masks import boundary_f_score, confusion_counts, jaccard_score
from pipeline.sources.manifest import read_manifest
from pipeline.stages import cutouts
from tests.cutouts.conftest import CARS, HEIGHT, WIDTH, Garage, our_weights, photo

COLUMNS = [
    "file", "source", "group", "segmenter", "confidence", "coverage", "border", "sharpness",
    "left", "top", "width", "height", "picture_width", "picture_height", "phash", "url", "licence",
]  # fmt: skip


def manifest(garage: Garage) -> pd.DataFrame:
    return pd.read_csv(garage.output / "manifest.csv", dtype={"phash": str}, keep_default_na=False)


def rejects(garage: Garage) -> pd.DataFrame:
    return pd.read_csv(garage.output / "rejects.csv", keep_default_na=False)


def summary(garage: Garage) -> dict[str, object]:
    return dict(json.loads((garage.reports / "cutouts.json").read_text()))


def placed(garage: Garage, row: pd.Series) -> np.ndarray:
    mask = np.zeros((row.picture_height, row.picture_width), bool)
    alpha = read_rgba(garage.output / row.file)[..., 3]
    mask[row.top : row.top + row.height, row.left : row.left + row.width] = alpha >= 128
    return mask


def truth_of(garage: Garage, row: pd.Series) -> np.ndarray:
    return read_mask(garage.masks / row.url)


def test_every_car_becomes_a_cutout_that_says_where_it_is_from(garage: Garage) -> None:
    cutouts.main()
    table = manifest(garage)
    assert list(table.columns) == COLUMNS
    assert len(table) == CARS
    found = {f"images/{one.facts.name}": one for one in read_manifest(garage.cars)}
    for row in table.itertuples():
        one = found[row.source]
        assert (row.phash, row.url, row.group) == (
            one.facts.phash, one.origin.url, one.origin.group,
        )  # fmt: skip
        assert (row.picture_width, row.picture_height) == (WIDTH, HEIGHT)
        assert row.segmenter == "grabcut"
        with Image.open(garage.output / row.file) as image:
            assert (image.mode, image.size) == ("RGBA", (row.width, row.height))
    assert set(garage.output.glob("images/*")) == {garage.output / file for file in table.file}


def test_a_cutout_is_the_photo_where_it_is_solid_and_nothing_where_it_is_not(
    garage: Garage,
) -> None:
    cutouts.main()
    for _, row in manifest(garage).iterrows():
        rgba, picture = read_rgba(garage.output / row.file), read_picture(garage.cars / row.source)
        window = picture[row.top : row.top + row.height, row.left : row.left + row.width]
        solid = rgba[..., 3] == 255
        assert solid.any()
        np.testing.assert_array_equal(rgba[solid][:, :3], window[solid])
        assert not rgba[rgba[..., 3] == 0].any()


def test_scores_are_those_of_the_cutouts_beside_the_true_masks(garage: Garage) -> None:
    cutouts.main()
    scores = pd.read_csv(garage.reports / "cutouts_scores.csv").set_index("picture")
    assert list(scores.columns) == [
        "group", "segmenter", "jaccard", "f1", "accuracy", "precision", "recall", "boundary_f",
    ]  # fmt: skip
    assert len(scores) == CARS
    for _, row in manifest(garage).iterrows():
        mask, truth = placed(garage, row), truth_of(garage, row)
        score = scores.loc[Path(row.source).name]
        counts = confusion_counts(mask, truth)
        assert score.jaccard == pytest.approx(jaccard_score(counts), abs=1e-6)
        assert score.boundary_f == pytest.approx(boundary_f_score(mask, truth), abs=1e-6)
        assert score.jaccard > 0.9
    found = summary(garage)
    assert found["jaccard"] == pytest.approx(scores.jaccard.mean(), abs=1e-5)
    assert found["boundary_f"] == pytest.approx(scores.boundary_f.mean(), abs=1e-5)
    assert (found["pictures"], found["cutouts"], found["scored"]) == (CARS, CARS, CARS)
    assert "unrefined" in found


def test_without_masks_nothing_is_scored_and_the_tables_are_there(garage: Garage) -> None:
    nothing = garage.root / "none"
    nothing.mkdir()
    garage.set_params({"inputs.car_masks": str(nothing)})
    cutouts.main()
    assert len(pd.read_csv(garage.reports / "cutouts_scores.csv")) == 0
    assert summary(garage)["scored"] == 0
    assert "jaccard" not in summary(garage)
    assert len(manifest(garage)) == CARS


def test_without_pictures_the_outputs_are_empty_and_valid(garage: Garage) -> None:
    for file in garage.originals.iterdir():
        file.unlink()
    garage.collect()
    cutouts.main()
    assert list(manifest(garage).columns) == COLUMNS
    assert len(manifest(garage)) == len(rejects(garage)) == 0


def test_where_masks_are_used_they_cut_and_the_segmenter_is_still_scored(garage: Garage) -> None:
    (garage.masks / "a_0.png").unlink()
    garage.set_params({"cutouts.use_masks": True})
    cutouts.main()
    table = manifest(garage)
    assert table.set_index("url").segmenter.to_dict() == {
        f"{'ab'[n % 2]}_{n}.png": "mask" if n else "grabcut" for n in range(CARS)
    }
    for _, row in table[table.segmenter == "mask"].iterrows():
        counts = confusion_counts(placed(garage, row), truth_of(garage, row))
        assert jaccard_score(counts) > 0.97
        assert row.confidence == 1
    scores = pd.read_csv(garage.reports / "cutouts_scores.csv")
    assert set(scores.segmenter) == {"grabcut"}
    assert len(scores) == CARS - 1


def spoil_masks(garage: Garage) -> dict[str, str]:
    """Five masks that cannot be used, and what must be said of each."""
    _, mask = photo(0)
    files = sorted(garage.masks.iterdir())
    files[0].write_bytes(files[0].read_bytes()[:60])
    files[1].write_bytes(b"")
    Image.fromarray(mask[:-1]).save(files[2])
    Image.fromarray(mask.astype(np.uint8) * 200).save(files[3])
    Image.fromarray(np.swapaxes(mask, 0, 1)).save(files[4])
    said = ("cannot be decoded", "not a picture", f"is {WIDTH}×{HEIGHT - 1}", "the value 200")
    return dict(zip((str(f) for f in files), (*said, f"is {HEIGHT}×{WIDTH}"), strict=True))


def test_masks_that_cannot_be_used_are_named_and_their_pictures_cut_all_the_same(
    garage: Garage,
) -> None:
    said = spoil_masks(garage)
    garage.set_params({"cutouts.use_masks": True, "cutouts.max_bad_share": 0.5})
    cutouts.main()
    table = rejects(garage)
    assert set(table.kind) == {"failed"}
    reasons = dict(zip(table.file, table.reason, strict=True))
    assert reasons.keys() == said.keys()
    for file, text in said.items():
        assert text in reasons[file]
    assert (summary(garage)["failed"], summary(garage)["bad_masks"]) == (5, 5)
    assert set(manifest(garage).segmenter) == {"grabcut"}


def test_masks_of_other_depths_and_modes_are_read(garage: Garage) -> None:
    """16 bits, a palette, RGBA and RGB hold black and white as well as anything."""
    files = sorted(garage.masks.iterdir())
    masks = [read_mask(file) for file in files]
    Image.fromarray(masks[0].astype(np.uint16) * 65535).save(files[0])
    Image.fromarray(masks[1].astype(np.uint8) * 255).convert("P").save(files[1])
    Image.fromarray(masks[2].astype(np.uint8) * 255).convert("RGB").save(files[2])
    Image.fromarray(masks[3].astype(np.uint8) * 255).convert("RGBA").save(files[3])
    garage.set_params({"cutouts.use_masks": True})
    cutouts.main()
    assert len(rejects(garage)) == 0
    assert set(manifest(garage).segmenter) == {"mask"}


def test_pictures_of_other_depths_and_modes_are_cut(garage: Garage) -> None:
    files = sorted(garage.originals.iterdir())
    pictures = [Image.open(file).copy() for file in files]
    pictures[0].convert("P", palette=Image.Palette.ADAPTIVE).save(files[0])
    pictures[1].convert("RGBA").save(files[1])
    grey = np.asarray(pictures[2].convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(files[2])
    pictures[3].convert("CMYK").save(files[3].with_suffix(".jpg"), quality=98)
    files[3].unlink()
    garage.collect()
    garage.set_params({"cutouts.use_masks": True})
    cutouts.main()
    assert len(rejects(garage)) == 0
    assert set(manifest(garage).segmenter) == {"mask"}


def test_a_turned_picture_is_upright_before_its_mask_is_laid_on(garage: Garage) -> None:
    picture, mask = photo(0)
    (garage.originals / "a_0.png").unlink()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    stored = np.rot90(picture)
    Image.fromarray(stored).save(garage.originals / "a_0.jpg", quality=98, exif=exif)
    garage.collect()
    garage.set_params({"cutouts.use_masks": True})
    cutouts.main()
    row = manifest(garage).set_index("url").loc["a_0.jpg"]
    assert (row.segmenter, row.picture_width, row.picture_height) == ("mask", WIDTH, HEIGHT)
    assert jaccard_score(confusion_counts(placed(garage, row), mask)) > 0.97
    Image.fromarray(np.rot90(mask)).save(garage.masks / "a_0.png")
    with pytest.raises(PipelineError, match="1 of 6 pictures and masks cannot be used"):
        cutouts.main()
    assert f"its picture upright {WIDTH}×{HEIGHT}" in rejects(garage).reason[0]


def test_a_broken_picture_is_named_and_too_many_of_them_end_the_stage(garage: Garage) -> None:
    broken, other = (one.file for one in read_manifest(garage.cars)[:2])
    broken.write_bytes(broken.read_bytes()[:200])
    other.unlink()
    garage.set_params({"cutouts.max_bad_share": 0.4})
    cutouts.main()
    table = rejects(garage)
    assert sorted(Path(file).name for file in table.file) == sorted([broken.name, other.name])
    assert set(table.kind) == {"failed"}
    assert len(manifest(garage)) == CARS - 2
    garage.set_params({"cutouts.max_bad_share": 0.39})
    with pytest.raises(PipelineError, match=r"2 of 5 .* cutouts\.max_bad_share \(now 0\.39\)"):
        cutouts.main()


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("min_coverage", 0.8, "is below cutouts.min_coverage (0.8)"),
        ("max_coverage", 0.06, "is above cutouts.max_coverage (0.06)"),
        ("min_sharpness", 90.0, "is below cutouts.min_sharpness (90)"),
    ],
)
def test_what_is_not_good_enough_is_left_out_with_value_and_parameter(
    garage: Garage, limit: str, value: float, reason: str
) -> None:
    garage.set_params({"cutouts.max_coverage": 0.95, f"cutouts.{limit}": value})
    with pytest.raises(PipelineError, match="none of 5 pictures gives a cutout"):
        cutouts.main()
    table = rejects(garage)
    assert set(table.kind) == {"unwanted"}
    assert len(table) == CARS
    assert all(text.endswith(reason) for text in table.reason)
    assert summary(garage)["failed"] == 0


def test_a_picture_without_a_car_gives_none_and_scores_nothing(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(_: object, pictures: Sequence[RGB]) -> list[Map]:
        return [np.zeros(picture.shape[:2], np.float32) for picture in pictures]

    monkeypatch.setattr("pipeline.cutouts.grabcut.GrabCut.probability", blind)
    with pytest.raises(PipelineError, match="none of 5 pictures"):
        cutouts.main()
    assert set(rejects(garage).reason) == {"grabcut finds no car of cutouts.threshold (0.5)"}
    assert summary(garage)["jaccard"] == 0


def test_any_number_of_workers_gives_the_same_bytes(garage: Garage) -> None:
    cutouts.main()
    alone = garage.bytes()
    (garage.root / ".clearscene").rename(garage.root / "elsewhere")
    garage.set_params({"parallel.workers": 2})
    cutouts.main()
    assert garage.bytes() == alone


def test_what_is_done_is_not_done_again(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    cutouts.main()
    before = garage.bytes()
    monkeypatch.setattr(cutting, "_cut", lambda *_: pytest.fail("done again"))
    cutouts.main()
    assert garage.bytes() == before
    garage.set_params({"cutouts.max_coverage": 0.94})  # chooses among what is done
    cutouts.main()
    garage.set_params({"cutouts.edge": 0.02})
    with pytest.raises(pytest.fail.Exception, match="done again"):
        cutouts.main()


def test_a_half_written_record_is_made_again(garage: Garage) -> None:
    cutouts.main()
    before = garage.bytes()
    (store,) = (p for p in (garage.root / ".clearscene" / "cutouts").iterdir() if p.is_dir())
    records, images = sorted(store.glob("*.json")), sorted(store.glob("*.png"))
    records[0].write_bytes(records[0].read_bytes()[:20])
    images[1].unlink()
    cutouts.main()
    assert garage.bytes() == before


def test_a_new_mask_makes_its_picture_anew(garage: Garage) -> None:
    cutouts.main()
    before = summary(garage)["jaccard"]
    Image.fromarray(np.roll(read_mask(garage.masks / "a_0.png"), 9, axis=1)).save(
        garage.masks / "a_0.png"
    )
    cutouts.main()
    assert isinstance(before, float)
    assert summary(garage)["jaccard"] < before - 0.01  # type: ignore[operator]


def test_the_sheet_lies_on_magenta(garage: Garage) -> None:
    cutouts.main()
    sheet = read_picture(garage.reports / "cutouts.png")
    magenta = (sheet == (255, 0, 255)).all(axis=-1).mean()
    assert 0.01 < magenta < 0.6


def ours(garage: Garage) -> dict[str, object]:
    """Parameters for a network of ours with random weights, which finds a car everywhere."""
    weights = our_weights(garage.root)
    return {
        "cutouts.segmenter": "checkpoint", "cutouts.checkpoint": str(weights),
        "cutouts.batch_size": 2, "cutouts.threshold": 0.01, "cutouts.max_coverage": 1.0,
        "cutouts.max_border": 1.0, "cutouts.min_confidence": 0.0,
    }  # fmt: skip


def test_a_network_works_in_batches_and_goes_on_where_it_was(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    garage.set_params(ours(garage))
    cutouts.main()
    before = garage.bytes()
    assert set(manifest(garage).segmenter) == {"checkpoint"}
    assert len(manifest(garage)) == CARS
    jobs = [file.stem for file in sorted(garage.root.glob(".clearscene/cutouts/*/*.json"))]
    (garage.root / next(garage.root.glob(f".clearscene/cutouts/*/{jobs[0]}.json"))).unlink()
    seen: list[int] = []
    real = Checkpoint.probability

    def counted(self: Checkpoint, pictures: Sequence[RGB]) -> list[Map]:
        seen.append(len(pictures))
        return real(self, pictures)

    monkeypatch.setattr(Checkpoint, "probability", counted)
    garage.set_params({**ours(garage), "parallel.workers": 2})
    cutouts.main()
    assert len(seen) == 1  # the batch that the missing one is in
    assert garage.bytes() == before


def test_a_network_is_told_of_a_broken_picture_only_once_it_is_named(garage: Garage) -> None:
    broken = read_manifest(garage.cars)[1].file
    broken.write_bytes(broken.read_bytes()[:200])
    garage.set_params({**ours(garage), "cutouts.max_bad_share": 0.2})
    cutouts.main()
    assert [Path(file).name for file in rejects(garage).file] == [broken.name]
    assert len(manifest(garage)) == CARS - 1
