"""Calls of the editing commands that make no sense: one line that says what to do, and exit 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import photos
from pipeline.editing.catalogue import ARCHITECTURES
from pipeline.editing.options import PERSON_MODELS
from pipeline.paths import MODELS
from pipeline.serving.commands import choices, cutout, naming, serve
from pipeline.video import kinds
from tests.serving.conftest import Clearscene, assert_one_line, write_scene

CUTOUT: dict[str, tuple[list[str], str]] = {
    "no such input": (["nowhere.png", "out.png"], "nowhere.png: no such file or folder"),
    "input is output": (["photo.png", "photo.png"], "is an original"),
    "input is output by another way": (["photo.png", "./in/../photo.png"], "is an original"),
    "hard link": (["photo.png", "linked.png"], "is an original"),
    "unknown suffix": (["photo.png", "out.gif"], "written as .png, .webp or .jpg"),
    "no suffix": (["photo.png", "out"], "written as .png, .webp or .jpg"),
    "contradiction": (["photo.png", "out.jpg", "--format", "png"], "contradict each other"),
    "device as output": (["photo.png", "/dev/null"], "no ordinary file"),
    "folder to stream": (["in", "-"], "its results go into a folder"),
    "folder to file": (["in", "photo.png"], "name a folder"),
    "folder into itself": (["in", "in"], "lies in in"),
    "folder into its child": (["in", "in/out"], "lies in in"),
    "stream to folder": (["-", "in"], "name a file for what comes from"),
    "no pictures": (["texts", "out"], "holds no pictures (1 other files)"),
    "two become one": (["clash", "out"], "would both become out/a.png"),
    "mask and background": (
        ["photo.png", "out.png", "--mask", "--background", "white"],
        "exclude each other",
    ),
    "margin without crop": (["photo.png", "out.png", "--margin", "0.1"], "--margin is for --crop"),
    "quality of PNG": (["photo.png", "out.png", "--quality", "50"], "PNG loses nothing"),
    "no colour": (["photo.png", "out.png", "--background", "#12"], "is no colour"),
    "no background": (["photo.png", "out.png", "--background", "beach"], "no such picture file"),
    "film behind a photo": (
        ["photo.png", "out.png", "--background", "beach.mp4"],
        "a film goes behind films only",
    ),
    "no weights": (["photo.png", "out.png", "--weights", "my.pt"], "my.pt: no such file"),
    "no backend": (["photo.png", "out.png", "--backend", "abacus"], "abacus"),
    "watching a file": (["photo.png", "out.png", "--watch"], "--watch wants a folder"),
    "photo to film": (["photo.png", "out.mp4"], "written as .png, .webp or .jpg"),
    "film to photo": (["film.mp4", "out.png"], "name a film for it"),
    "film to stream": (["film.mp4", "-"], "is a film"),
}
CAST: dict[str, tuple[list[str], str]] = {
    "no place": (["photo.png", "c.png", "out.png", "--at", "here"], "two numbers such as"),
    "half a place": (["photo.png", "c.png", "out.png", "--at", "3"], "two numbers such as"),
    "endless place": (["photo.png", "c.png", "out.png", "--at", "nan,3"], "two numbers such as"),
    "no size": (["photo.png", "c.png", "out.png", "--at", "3,3", "--scale", "0"], "--scale 0"),
    "one stream for two": (["-", "-", "out.png", "--at", "3,3"], "cannot both come from"),
    "no cutout": (["photo.png", "d.png", "out.png", "--at", "3,3"], "d.png: no such file"),
    "a folder": (["in", "c.png", "out.png", "--at", "3,3"], "in is a folder"),
    "a film": (["film.mp4", "c.png", "out.mp4", "--at", "3,3"], "film.mp4 is a film"),
    "over the cutout": (["photo.png", "c.png", "c.png", "--at", "3,3"], "is an original"),
    "layer over the result": (
        ["photo.png", "c.png", "out.png", "--at", "3,3", "--layer", "out.png"],
        "would both become out.png",
    ),
    "layer over the scene": (
        ["photo.png", "c.png", "out.png", "--at", "3,3", "--layer", "photo.png"],
        "is an original",
    ),
    "layer as JPEG": (
        ["photo.png", "c.png", "out.png", "--at", "3,3", "--layer", "layer.jpg"],
        "JPEG has no transparency",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one stands: photos, folders of photos, and traps."""
    monkeypatch.chdir(tmp_path)
    for name in ("photo.png", "c.png", "in/a.png", "clash/a.png", "clash/a.jpg"):
        write_scene(Path(name))
    write_scene(Path("over/a/b.png"))
    write_scene(Path("over/a/a/b.png"))
    os.link("photo.png", "linked.png")
    Path("texts").mkdir()
    Path("texts/a.txt").touch()
    Path("film.mp4").touch()
    return tmp_path


@pytest.mark.parametrize("case", CUTOUT)
def test_a_cutout_that_makes_no_sense(
    case: str, here: Path, models: Path, clearscene: Clearscene
) -> None:
    arguments, says = CUTOUT[case]
    before = sorted(here.rglob("*"))
    outcome = clearscene("cutout", *arguments, "--models", models, "--no-download")
    assert_one_line(outcome, 2, says)
    assert sorted(here.rglob("*")) == before


def test_a_folder_whose_results_would_replace_its_inputs(
    here: Path, clearscene: Clearscene
) -> None:
    """over/a/a/b.png would become over/a/b.png, which is an input, too."""
    outcome = clearscene("cutout", "over/a", "over")
    assert_one_line(outcome, 2, "is an original")


@pytest.mark.parametrize("case", CAST)
def test_a_shadow_that_makes_no_sense(
    case: str, here: Path, models: Path, clearscene: Clearscene
) -> None:
    arguments, says = CAST[case]
    before = sorted(here.rglob("*"))
    assert_one_line(clearscene("cast-shadow", *arguments, "--models", models), 2, says)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("command", ["cutout", "remove-cars"])
def test_without_weights_the_remedies_are_named(
    command: str, here: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene(command, "in", "out", "--models", "nowhere", "--no-download")
    assert_one_line(outcome, 2, "dvc repro train@")
    assert not Path("out").exists()


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/version").exists(), reason="needs /proc")
def test_a_result_that_cannot_be_written_ends_the_run(
    here: Path, models: Path, clearscene: Clearscene
) -> None:
    outcome = clearscene(
        "cutout", "in", "/proc/clearscene", "--models", models, "--backend", "torch"
    )
    assert outcome.exit_code == 1
    assert "cannot be written" in outcome.err.splitlines()[-1]


def test_names_that_are_repeated_for_a_quick_start_are_the_real_ones() -> None:
    assert cutout.NETWORKS == PERSON_MODELS
    assert tuple(ARCHITECTURES) == serve.NETWORKS
    assert dict(naming.FORMAT_OF) == dict(photos.SUFFIXES)
    assert set(naming.SUFFIX_OF) == set(photos.FORMATS)
    assert kinds.SUFFIXES.keys() | kinds.READ_ONLY == naming.FILMS
    assert kinds.SUFFIXES.keys() == naming.KEPT
    assert choices.MODELS == MODELS
