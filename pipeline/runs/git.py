"""Reading from Git; experiments of DVC are commits under `refs/exps`."""

from __future__ import annotations

import subprocess

from pipeline.errors import PipelineError


def git(*arguments: str) -> str | None:
    """What Git prints; None if it refuses.

    Raises:
        PipelineError: There is no program of that name.
    """
    try:
        result = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, encoding="utf-8", check=False
        )
    except FileNotFoundError:
        raise PipelineError("git is not installed; install it and try again") from None
    return None if result.returncode else result.stdout


def is_repository() -> bool:
    """Whether one stands in a Git repository."""
    return git("rev-parse", "--git-dir") is not None


def commit_of(revision: str) -> str | None:
    """The commit that a branch, tag or hash names; None if it names none."""
    found = git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return found.strip() if found else None


def file_at(commit: str, file: str) -> str | None:
    """Text of a file, by its path from here; None if the commit does not hold it."""
    return git("show", f"{commit}:./{file}")


def experiments(name: str) -> dict[str, str]:
    """DVC's experiments of a name: their commits by the commit that each started from."""
    # refs/exps/<2 digits>/<38 digits>/<name>; others, such as refs/exps/exec, are DVC's own.
    listed = git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/*/*/*")
    pairs = [line.split(" ") for line in (listed or "").splitlines() if line.endswith(f"/{name}")]
    return {"".join(reference.split("/")[2:4]): commit for commit, reference in pairs}


def experiment(name: str) -> str | None:
    """The commit of DVC's experiment: one that started from HEAD before any other.

    Raises:
        PipelineError: Several have that name, none of them from HEAD.
    """
    found = experiments(name)
    here = found.get(commit_of("HEAD") or "")
    if here or len(found) < 2:
        return here or next(iter(found.values()), None)
    commits = ", ".join(commit[:10] for commit in found.values())
    raise PipelineError(
        f"{name}: {len(found)} experiments have that name, none from this commit; say which by its "
        f"hash: {commits}"
    )
