"""`make bench`: print a table of ratios and write reports/bench.csv."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from tests.benchmarks.coco import annotations, person_masks
from tests.benchmarks.collecting import collecting
from tests.benchmarks.films import films
from tests.benchmarks.inference import backends, memory
from tests.benchmarks.multiply import multiplication
from tests.benchmarks.networks import head_order, training_steps
from tests.benchmarks.pairs import pairs
from tests.benchmarks.scores import scores
from tests.benchmarks.serving import against_rembg, doors
from tests.benchmarks.tracking import tracking


def main() -> None:
    jobs = (
        scores,
        head_order,
        training_steps,
        backends,
        memory,
        against_rembg,
        doors,
        films,
        tracking,
        collecting,
        annotations,
        person_masks,
        multiplication,
        pairs,
    )
    table = pd.DataFrame([timing for job in jobs for timing in job()])
    table.to_csv(Path("reports/bench.csv"), index=False)
    sys.stdout.write(f"{table.to_string(index=False)}\n")


if __name__ == "__main__":
    main()
