"""Train recipes in miniature, each in a process that kills itself in the middle of the training.

`python -m tests.training.self_killing EPOCH FOLDER`: FOLDER holds a NETWORK.yaml for each, and gets
the state of each resume beside it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.recipes.samples import train


def train_until_killed(network: str, params: str, folder: Path, epoch: int) -> None:
    def on_epoch(row: Any) -> None:
        if row["epoch"] == epoch:  # its end is not yet on disk
            os.kill(os.getpid(), signal.SIGKILL)

    train(network, params, folder, on_epoch)


def main(epoch: int, folder: Path) -> None:
    for file in sorted(folder.glob("*.yaml")):
        process = os.fork()  # one import of everything is enough for all
        if not process:
            train_until_killed(file.stem, file.read_text(), folder / file.stem, epoch)
            os._exit(1)
        _, status = os.waitpid(process, 0)
        assert os.WIFSIGNALED(status), f"{file.stem} was not killed"


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
