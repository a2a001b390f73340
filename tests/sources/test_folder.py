"""Folders of one's own pictures: what is usable, what is not, and what the user is told."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import BadPicture, MissingFolder, PipelineError
from pipeline.sources.folder import (
    Pair,
    Reject,
    inspect_pair,
    inspect_pairs,
    list_pairs,
    refuse_if_too_many,
)
from pipeline.workspace import file_hash


def save(file: Path, width: int = 40, height: int = 30, value: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (width, height), value).save(file)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good pair, `ann_1`, with room for bad ones."""
    save(tmp_path / "images" / "ann_1.jpg", value=90)
    save(tmp_path / "masks" / "ann_1.png", value=255)
    return tmp_path


def test_pictures_and_masks_are_matched_by_stem_and_sorted(people_root: Path) -> None:
    folder = people_root / "people"
    pairs, rejects = list_pairs(folder)
    names = [pair.name for pair in pairs]
    assert names == sorted(names)
    assert len(names) == 24
    assert rejects == []
    assert pairs[0] == Pair("a_00", folder / "images" / "a_00.jpg", folder / "masks" / "a_00.png")


def test_every_suffix_of_a_picture_counts_in_either_case_and_other_files_do_not(
    folder: Path,
) -> None:
    for name in ("b.JPG", "c.PNG", "d.webp", "e.tif", "f.bmp", "g.jpeg"):
        save(folder / "images" / name)
        save(folder / "masks" / f"{name[0]}.png")
    for name in (".DS_Store", ".hidden.png", "Thumbs.db", "notes.txt"):
        (folder / "images" / name).write_text("no picture")
    pairs, rejects = list_pairs(folder)
    assert [pair.name for pair in pairs] == ["ann_1", "b", "c", "d", "e", "f", "g"]
    assert rejects == []


def test_a_picture_without_a_mask_and_a_mask_without_a_picture_are_rejects(folder: Path) -> None:
    lonely, orphan = save(folder / "images" / "lonely.jpg"), save(folder / "masks" / "orphan.png")
    pairs, rejects = list_pairs(folder)
    assert [pair.name for pair in pairs] == ["ann_1"]
    assert rejects == [
        Reject(str(lonely), f"no mask {folder}/masks/lonely.*; add or remove one"),
        Reject(str(orphan), f"no picture {folder}/images/orphan.*; add or remove one"),
    ]


@pytest.mark.parametrize("part", ["images", "masks"])
def test_two_files_of_one_stem_are_a_reject_that_names_both(folder: Path, part: str) -> None:
    second = save(folder / part / "ann_1.tif")
    _, rejects = list_pairs(folder)
    first = "ann_1.jpg" if part == "images" else "ann_1.png"
    assert rejects == [Reject(str(second), f"{first} has the same stem; rename it")]


@pytest.mark.parametrize("part", ["images", "masks"])
def test_a_missing_folder_is_refused_with_the_way_out(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    with pytest.raises(MissingFolder, match=f"{part}: no such folder .*clearscene preset photos"):
        list_pairs(folder)


def test_an_empty_folder_is_refused_with_the_suffixes_that_count(tmp_path: Path) -> None:
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    with pytest.raises(PipelineError, match=r"images: holds no pictures \(\.bmp, \.jpeg, \.jpg"):
        list_pairs(tmp_path)


def test_a_pair_is_described_as_far_as_a_split_needs(folder: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[:15, :10] = 255
    Image.fromarray(mask).save(folder / "masks" / "ann_1.png")
    facts = inspect_pair(list_pairs(folder)[0][0], folder)
    with Image.open(folder / "images" / "ann_1.jpg") as picture:
        phash = str(imagehash.phash(picture))
    assert facts == (
        *("ann_1", "ann", "images/ann_1.jpg", "masks/ann_1.png", 40, 30, 0.125, phash),
        file_hash(folder / "images" / "ann_1.jpg"),
        file_hash(folder / "masks" / "ann_1.png"),
    )


@pytest.mark.parametrize(("stem", "group"), [("berlin_07_b", "berlin"), ("IMG0042", "all")])
def test_the_group_is_what_stands_before_the_first_underscore(
    tmp_path: Path, stem: str, group: str
) -> None:
    picture, mask = (save(tmp_path / part / f"{stem}.png") for part in ("images", "masks"))
    assert inspect_pair(Pair(stem, picture, mask), tmp_path).group == group


def add_bad_pairs(folder: Path) -> dict[str, str]:
    """Bad files by name, with the reason that is to be given."""
    for name in ("resized", "soft", "text", "cut", "tiny", "empty_mask"):
        save(folder / "images" / f"{name}.png")
        save(folder / "masks" / f"{name}.png")
    save(folder / "masks" / "resized.png", width=30)
    save(folder / "masks" / "soft.png", value=7)
    (folder / "images" / "text.png").write_text("<html>")
    whole = (folder / "images" / "cut.png").read_bytes()
    (folder / "images" / "cut.png").write_bytes(whole[:45])
    for part in ("images", "masks"):
        save(folder / part / "tiny.png", width=15)
    (folder / "masks" / "empty_mask.png").write_bytes(b"")
    return {
        "images/cut.png": "cannot be decoded",
        "masks/empty_mask.png": "not a picture, whatever its name says",
        "masks/resized.png": "the mask is 30×30, its picture resized.png is 40×30; make them the",
        "masks/soft.png": "not a mask: holds the value 7",
        "images/text.png": "not a picture, whatever its name says",
        "images/tiny.png": "15×30 is too small, give 16 or more",
    }


def test_every_bad_pair_is_a_reject_by_name_and_reason_and_the_good_ones_stay(
    folder: Path,
) -> None:
    expected = add_bad_pairs(folder)
    pairs, unpaired = list_pairs(folder)
    facts, rejects = inspect_pairs(pairs, folder)
    assert unpaired == []
    assert [fact.name for fact in facts] == ["ann_1"]
    assert [Path(reject.file).relative_to(folder).as_posix() for reject in rejects] == [*expected]
    for reject, reason in zip(rejects, expected.values(), strict=True):
        assert reject.reason.startswith(reason)
        assert len(reject.reason.splitlines()) == 1


def test_reading_over_all_cores_leaves_the_warnings_of_the_process_as_they_were(
    people_root: Path,
) -> None:
    """`warnings.catch_warnings` in two threads at once restores the wrong filters."""
    folder, before = people_root / "people", list(warnings.filters)
    facts, _ = inspect_pairs(list_pairs(folder)[0] * 20, folder)
    assert len(facts) == 24 * 20
    assert warnings.filters == before


def test_one_bad_pair_raises_where_one_pair_is_asked_for(folder: Path) -> None:
    save(folder / "masks" / "ann_1.png", width=41)
    with pytest.raises(BadPicture, match=r"masks/ann_1\.png: the mask is 41×30"):
        inspect_pair(list_pairs(folder)[0][0], folder)


def test_too_many_rejects_are_refused_with_the_file_the_counts_and_the_parameter() -> None:
    rejects = [Reject(f"masks/{i}.png", "not a mask") for i in range(3)]
    with pytest.raises(PipelineError) as raised:
        refuse_if_too_many(rejects, 20, 0.1, "person_split.max_bad_share")
    text = str(raised.value)
    assert text.startswith("masks/0.png: not a mask (and 2 more); ")
    assert "3 of 20" in text
    assert "person_split.max_bad_share (now 0.1)" in text
    assert len(text.splitlines()) == 1


def test_a_single_reject_is_not_said_to_have_others() -> None:
    with pytest.raises(PipelineError, match=r"^masks/0\.png: not a mask; mend it"):
        refuse_if_too_many([Reject("masks/0.png", "not a mask")], 20, 0.0, "key")


@pytest.mark.parametrize(
    ("bad", "total", "share"), [(0, 20, 0.0), (1, 20, 0.05), (2, 20, 0.1), (3, 10, 0.3)]
)
def test_rejects_up_to_the_share_pass(bad: int, total: int, share: float) -> None:
    rejects = [Reject(f"{i}.png", "bad") for i in range(bad)]
    refuse_if_too_many(rejects, total, share, "key")
    with pytest.raises(PipelineError):
        refuse_if_too_many([*rejects, Reject("more.png", "bad")], total, share, "key")


def test_the_share_is_exact_where_binary_fractions_are_not() -> None:
    """0.29 × 100 is 28.999999999999996, and 29 of 100 are no more than 0.29."""
    refuse_if_too_many([Reject(f"{i}.png", "bad") for i in range(29)], 100, 0.29, "key")
