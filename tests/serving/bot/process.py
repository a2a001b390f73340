"""The bot as a process: `python -m tests.serving.bot.process MODELS SERVER PER_MINUTE`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from pipeline.editing.studio import Studio
from pipeline.serving.bot import TOKEN_VARIABLE, BotLimits, run


def main() -> None:
    models, server, per_minute = sys.argv[1:]
    logging.basicConfig(level=logging.DEBUG)
    studio = Studio(Path(models), backend="torch", download=False)
    run(studio, os.environ[TOKEN_VARIABLE], BotLimits(per_minute=int(per_minute)), server)


if __name__ == "__main__":
    main()
