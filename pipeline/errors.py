"""Everything that a user can mend is a PipelineError whose text says what is wrong and what to do.

The doors (stages, command line) print that text as one line and exit with `exit_code`; any other
exception is a defect of the program and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class PipelineError(Exception):
    """A mistake in the input or the surroundings that the user can mend."""

    exit_code = 1


class ParamsError(PipelineError):
    """`params.yaml` holds a wrong key, type or range."""

    exit_code = 2

    def __init__(self, file: Path, problems: Sequence[str]) -> None:
        super().__init__(f"{file.name}: {'; '.join(problems)}")


class UsageError(PipelineError):
    """The call itself was wrong."""

    exit_code = 2


class BadPicture(PipelineError):
    """A picture or mask that cannot be used.

    Attributes:
        file: The offending file.
        reason: What is wrong with it, without its name (for a rejects table).
    """

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason

    def __reduce__(self) -> tuple[type[BadPicture], tuple[Path, str]]:
        """Errors come back from other processes, and are made again there from these."""
        return type(self), (self.file, self.reason)


class TooLarge(BadPicture):
    """A picture of more pixels or bytes than are read."""


class NotAPicture(BadPicture):
    """A file of a kind that is not read, whatever its name says."""


class NothingToLearnFrom(PipelineError):
    """There are no data at all for a network: it is skipped, and the reports say why."""


class MissingFolder(PipelineError):
    """A folder that the parameters name is not there."""

    def __init__(self, folder: Path, purpose: str) -> None:
        super().__init__(
            f"{folder}: no such folder ({purpose}); create it, or name another one in params.yaml "
            "(`clearscene preset photos --root DIR` names all that there are below DIR)"
        )


class AlreadyRunning(PipelineError):
    """Another process holds the lock of this stage."""

    def __init__(self, stage: str, lock: Path) -> None:
        super().__init__(
            f"{stage} is already running (lock {lock}); wait until that process has ended, "
            "or stop it, and start again"
        )
