"""Tiny repositories with reports in them: real Git, nothing is trained."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MASKS = ("jaccard", "f1", "accuracy", "precision", "recall")


@dataclass(frozen=True)
class Checkout:
    """A Git repository with params.yaml, dvc.yaml and reports."""

    root: Path

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid"]
        result = subprocess.run(
            [*command, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return result.stdout.strip()

    def commit(self, message: str = "a run") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def experiment(self, name: str, params: str) -> str:
        """Keep what stands here as DVC keeps an experiment, and put the workspace back."""
        base, before = self.git("rev-parse", "HEAD"), (self.root / "params.yaml").read_text()
        (self.root / "params.yaml").write_text(params)
        made = self.commit(f"experiment {name}")
        self.git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", made)
        self.git("reset", "--quiet", "--hard", base)
        assert (self.root / "params.yaml").read_text() == before
        return made

    def report(
        self,
        scores: Sequence[float | None],
        network: str = "person_se",
        first: int = 0,
        **more: str,
    ) -> None:
        write_report(self.root / "reports", scores, network, first, **more)


def write_report(
    reports: Path,
    scores: Sequence[float | None],
    network: str,
    first: int = 0,
    grabcut: str = "0.4",
) -> None:
    """`scores.csv` and `metrics.json` as `evaluate` writes them; every score has one value."""
    folder = reports / network
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"picture,group,{','.join(MASKS)},jaccard_grabcut,jaccard_mean_mask,make"]
    for place, score in enumerate(scores, first):
        value = "" if score is None else f"{score:.6f}"
        lines.append(f"person_{place},person,{','.join([value] * 5)},{grabcut},0.3,Lada")
    (folder / "scores.csv").write_text("\n".join(lines) + "\n")
    measured = [score for score in scores if score is not None]
    means = {name: round(sum(measured) / len(measured), 6) for name in MASKS}
    write_metrics(reports, network, {**means, "boundary_f": None, "pictures": len(scores)})


def write_metrics(reports: Path, network: str, metrics: Mapping[str, object]) -> None:
    (reports / network).mkdir(parents=True, exist_ok=True)
    (reports / network / "metrics.json").write_text(json.dumps(metrics))


def make_checkout(root: Path) -> Checkout:
    """One commit, no reports."""
    made = Checkout(root)
    (root / "pipeline").mkdir(parents=True)
    (root / "pipeline" / "code.py").write_text("one = 1\n")
    (root / "dvc.yaml").write_text("stages: {}\n")
    (root / "params.yaml").write_text("seed: 1\nlr: 0.001\nnetworks:\n  person_se: {k: 0.0}\n")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit("begin")
    return made
