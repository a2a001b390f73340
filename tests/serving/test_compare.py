"""`clearscene compare` as it is typed: our weights, GrabCut and another tool's folder of masks."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn import metrics

from pipeline.comparison.methods import NETWORKS, PUBLISHED
from pipeline.images import read_mask, read_picture
from pipeline.inference.off_the_shelf import OFF_THE_SHELF
from pipeline.recipes import RECIPES
from pipeline.serving import cli
from tests.cutouts.conftest import our_weights, photo

NAMES = [f"street_{number}" for number in range(5)]


class Outcome(NamedTuple):
    """What a call printed and returned."""

    exit_code: int
    out: str
    err: str


def process(*arguments: str | Path, cwd: Path) -> Outcome:
    command = [Path(sys.executable).with_name("clearscene"), "compare", *arguments]
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return Outcome(run.returncode, run.stdout, run.stderr)


def grey(mask: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


def make_pictures(root: Path) -> None:
    for folder in ("images", "masks", "tool"):
        (root / folder).mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        picture, mask = photo(seed)
        Image.fromarray(picture).save(root / "images" / f"{name}.png")
        grey(mask).save(root / "masks" / f"{name}.png")


def make_answers(folder: Path) -> None:
    """A tool that is right but once, and fails twice: one missing, one lies on its side."""
    masks = [photo(seed)[1] for seed in range(len(NAMES))]
    grey(masks[0]).save(folder / f"{NAMES[0]}.png")
    cutout = Image.fromarray(photo(1)[0])
    cutout.putalpha(grey(masks[1]))
    cutout.save(folder / f"{NAMES[1]}.png")
    grey(masks[2]).resize((260, 180), Image.Resampling.NEAREST).save(folder / f"{NAMES[2]}.png")
    grey(masks[4].T.copy()).save(folder / f"{NAMES[4]}.png")
    (folder / "times.csv").write_text(
        "picture,seconds\n" + "".join(f"{name},{9 - place}\n" for place, name in enumerate(NAMES))
    )
    (folder / "peak_mb.txt").write_text("77")


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class Compared(NamedTuple):
    """A comparison that has run in a folder."""

    root: Path
    outcome: Outcome

    @property
    def reports(self) -> Path:
        return self.root / "reports" / "compare"

    def summary(self) -> dict[str, dict[str, str]]:
        return {row["method"]: row for row in table(self.reports / "summary.csv")}

    def scores(self, method: str) -> list[dict[str, str]]:
        return [row for row in table(self.reports / "scores.csv") if row["method"] == method]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    root = tmp_path_factory.mktemp("compare")
    make_pictures(root)
    make_answers(root / "tool")
    (root / "models" / "car_mask").mkdir(parents=True)
    our_weights(root / "models" / "car_mask")
    (root / "damaged.pt").write_bytes(b"PK")
    shutil.copy(root / "images" / f"{NAMES[0]}.png", root / "images" / "alone.png")
    shutil.copy(root / "masks" / f"{NAMES[0]}.png", root / "masks" / "lost.png")
    (root / "images" / "broken.jpg").write_text("no picture")
    grey(photo(0)[1]).save(root / "masks" / "broken.png")
    outcome = process(
        "images", "masks", "--category", "car", "--network", "car_mask",
        "--weights", "damaged=damaged.pt", "--masks", "tool=tool", cwd=root,
    )  # fmt: skip
    return Compared(root, outcome)


def test_every_method_is_scored_on_the_same_pictures(compared: Compared) -> None:
    assert compared.outcome.exit_code == 1, compared.outcome.err
    summary = compared.summary()
    assert list(summary) == ["car_mask", "grabcut", "tool"]
    for method, row in summary.items():
        assert row["pictures"] == "5"
        assert [one["picture"] for one in compared.scores(method)] == NAMES
        assert float(row["low"]) <= float(row["jaccard"]) <= float(row["high"])
        assert f"{float(row['jaccard']):.4f}" in compared.outcome.out
    assert float(summary["grabcut"]["jaccard"]) > float(summary["car_mask"]["jaccard"])


def test_what_cannot_be_used_is_listed_and_the_rest_is_done(compared: Compared) -> None:
    rejects = {Path(row["file"]).name: row["reason"] for row in table(
        compared.reports / "rejects.csv"
    )}  # fmt: skip
    assert set(rejects) == {"alone.png", "lost.png", "broken.jpg"}
    assert "there is no masks/alone.*" in rejects["alone.png"]
    assert "Traceback" not in compared.outcome.err
    for name in (*rejects, NAMES[3], NAMES[4]):
        assert name in compared.outcome.err


def test_failures_of_another_tool_count_against_it(compared: Compared) -> None:
    rows = compared.scores("tool")
    assert [float(row["jaccard"]) for row in rows] == pytest.approx([1, 1, 1, 0, 0], abs=0.02)
    assert [row["failed"] for row in rows[:3]] == [""] * 3
    assert "no such file" in rows[3]["failed"]
    assert "130×90" in rows[4]["failed"]
    summary = compared.summary()["tool"]
    assert summary["failed"] == "2"
    assert "tool: 1 masks had another size and were resized" in compared.outcome.out


def test_time_and_memory_are_each_methods_own(compared: Compared) -> None:
    summary = compared.summary()
    for method in ("car_mask", "grabcut"):
        assert float(summary[method]["seconds"]) > 0
        assert float(summary[method]["first_seconds"]) > 0
        assert sum(float(row["seconds"]) > 0 for row in compared.scores(method)) == 5
    # torch is in the memory of the one that needs it, not of the other
    assert float(summary["car_mask"]["peak_mb"]) > float(summary["grabcut"]["peak_mb"]) + 50 > 80
    tool = [float(summary["tool"][key]) for key in ("seconds", "first_seconds", "peak_mb")]
    assert tool == [6.5, 9, 77]


def test_scores_are_those_of_scikit_learn(compared: Compared) -> None:
    name = NAMES[1]
    truth = read_mask(compared.root / "masks" / f"{name}.png").ravel()
    for method in ("car_mask", "grabcut"):
        row = next(row for row in compared.scores(method) if row["picture"] == name)
        mask = read_mask(compared.reports / "masks" / method / f"{name}.png").ravel()
        for score in ("jaccard", "f1", "accuracy", "precision", "recall"):
            more = {} if score == "accuracy" else {"zero_division": 0}
            wanted = getattr(metrics, f"{score}_score")(truth, mask, **more)
            assert float(row[score]) == pytest.approx(wanted, abs=1e-6)


def test_methods_are_compared_with_the_first_picture_by_picture(compared: Compared) -> None:
    rows = table(compared.reports / "paired.csv")
    assert [(row["method"], row["against"]) for row in rows] == [
        ("grabcut", "car_mask"),
        ("tool", "car_mask"),
    ]
    ours, other = compared.scores("car_mask"), compared.scores("grabcut")
    gains = [float(b["jaccard"]) - float(a["jaccard"]) for a, b in zip(ours, other, strict=True)]
    assert float(rows[0]["difference"]) == pytest.approx(np.mean(gains), abs=1e-6)
    assert int(rows[0]["better"]) == sum(gain > 0 for gain in gains)
    assert rows[0]["conclusion"] in compared.outcome.out


def test_a_sheet_shows_every_method(compared: Compared) -> None:
    sheet = read_picture(compared.reports / "examples.png")
    assert sheet.shape[1] == 5 * 198 + 6
    assert sheet.shape[0] > 5 * 192


def test_all_done_is_exit_code_0_and_a_split_chooses_pictures(tmp_path: Path) -> None:
    make_pictures(tmp_path)
    shutil.copytree(tmp_path / "masks", tmp_path / "right")
    (tmp_path / "split.csv").write_text(f"part,name\ntest,{NAMES[2]}\ntrain,{NAMES[0]}\n")
    outcome = process(
        "images", "masks", "--masks", "right=right", "--no-grabcut", "--split", "split.csv",
        "--out", "there", cwd=tmp_path,
    )  # fmt: skip
    assert (outcome.exit_code, outcome.err) == (0, "")
    (row,) = table(tmp_path / "there" / "summary.csv")
    assert (row["pictures"], row["jaccard"], row["boundary_f"]) == ("1", "1.000000", "1.000000")
    assert (row["seconds"], row["peak_mb"], row["failed"]) == ("", "", "0")


def call(monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> int:
    monkeypatch.setattr(sys, "argv", ["clearscene", "compare", *arguments])
    with pytest.raises(SystemExit) as raised:
        cli.main()
    return int(raised.value.code or 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "masks"], "nowhere: no such folder"),
        (["images", "empty"], "has a mask of the same name"),
        (["images", "masks", "--masks", "tool"], "give NAME=PATH"),
        (["images", "masks", "--masks", "../up=tool"], "give NAME=PATH"),
        (["images", "masks", "--masks", "tool=nowhere"], "no such folder"),
        (["images", "masks", "--masks", "grabcut=tool"], "two methods are called grabcut"),
        (["images", "masks", "--masks", "a=tool", "--masks", "a=tool"], "a stands twice"),
        (["images", "masks", "--network", "shadow"], "gives no mask; known are person_se"),
        (["images", "masks", "--network", "person_se"], "`dvc repro train@person_se` makes it"),
        (["images", "masks", "--weights", "mine=gone.pt"], "gone.pt: no such file"),
        (["images", "masks", "--no-grabcut"], "nothing to compare"),
    ],
)
def test_a_wrong_call_is_one_line(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_pictures(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "reports").exists()


def test_weights_that_cannot_be_loaded_leave_the_other_methods(compared: Compared) -> None:
    assert "clearscene: damaged: " in compared.outcome.err
    assert "damaged weights or card" in compared.outcome.err
    assert not (compared.reports / "masks" / "damaged").exists()


def test_the_names_are_those_of_recipes_and_of_ready_made_networks() -> None:
    assert {name for names in NETWORKS.values() for name in names} <= set(RECIPES)
    assert {name for names in PUBLISHED.values() for name in names} == set(OFF_THE_SHELF)


def test_a_method_that_dies_is_listed_and_the_others_are_done(tmp_path: Path) -> None:
    """GrabCut cannot do with pictures one pixel high."""
    for folder in ("images", "masks", "tool"):
        (tmp_path / folder).mkdir()
        line = np.zeros((1, 50), bool)
        line[:, :20] = True
        grey(line).convert("RGB" if folder == "images" else "L").save(tmp_path / folder / "a.png")
    outcome = process("images", "masks", "--masks", "tool=tool", cwd=tmp_path)
    assert outcome.exit_code == 1
    assert "grabcut: error:" in outcome.err
    assert "Traceback" not in outcome.err
    rows = {row["method"]: row for row in table(tmp_path / "reports/compare/summary.csv")}
    assert float(rows["tool"]["jaccard"]) == 1


def test_answers_that_would_be_overwritten_are_refused(compared: Compared) -> None:
    shutil.copytree(compared.root / "tool", compared.root / "out/masks/grabcut")
    outcome = process(
        "images", "masks", "--masks", "old=out/masks/grabcut", "--out", "out", cwd=compared.root
    )
    assert outcome.exit_code == 2
    assert "would be overwritten; give another --out" in outcome.err
