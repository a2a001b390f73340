"""Atomic outputs, one process a stage, and what names a state of the code."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from pipeline import workspace
from pipeline.errors import AlreadyRunning
from pipeline.workspace import (
    code_hash,
    content_hash,
    file_hash,
    git_revision,
    repository_root,
    single_process,
    whole_directory,
    work_key,
    write_whole,
)

HOLD = """
import pathlib, sys, time
from pipeline.workspace import single_process
with single_process(sys.argv[1]):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    pathlib.Path("first is done").touch()
"""


class Stop(Exception):
    """Anything that goes wrong in the middle of a stage."""


@pytest.fixture(autouse=True)
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_directory_appears_only_when_it_is_whole(workdir: Path) -> None:
    target = workdir / "data" / "split"
    with whole_directory(target) as folder:
        (folder / "a.csv").write_text("new")
        assert not target.exists()
    assert contents(workdir) == {"data/split/a.csv": "new"}


def test_a_new_directory_replaces_the_old_one_whole(workdir: Path) -> None:
    target = workdir / "split"
    target.mkdir()
    (target / "old.csv").write_text("old")
    with whole_directory(target) as folder:
        (folder / "a.csv").write_text("new")
        assert contents(target) == {"old.csv": "old"}
    assert contents(workdir) == {"split/a.csv": "new"}


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_directory_and_nothing_half_written(
    workdir: Path, error: type[BaseException]
) -> None:
    target = workdir / "split"
    target.mkdir()
    (target / "old.csv").write_text("old")
    with pytest.raises(error), whole_directory(target) as folder:
        (folder / "a.csv").write_text("half")
        raise error
    assert [path.name for path in workdir.iterdir()] == ["split"]
    assert contents(workdir) == {"split/old.csv": "old"}


def test_what_a_killed_run_left_beside_the_target_does_not_get_into_it(workdir: Path) -> None:
    with whole_directory(workdir / "probe") as folder:
        left_over = workdir / folder.name.replace("probe", "split")
    left_over.mkdir()
    (left_over / "stale.csv").write_text("stale")
    with whole_directory(workdir / "split") as folder:
        (folder / "a.csv").write_text("new")
    assert contents(workdir) == {"split/a.csv": "new"}


def test_a_file_is_written_whole_with_the_folders_it_needs(workdir: Path) -> None:
    file = workdir / "reports" / "net" / "metrics.json"
    for content in (b"first", b"second"):
        write_whole(file, content)
        assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == ["metrics.json"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(workdir: Path) -> None:
    file = workdir / "metrics.json"
    write_whole(file, b"old")
    with pytest.raises(TypeError):
        write_whole(file, "text where bytes belong")  # type: ignore[arg-type]
    assert file.read_bytes() == b"old"
    assert [one.name for one in workdir.iterdir()] == [file.name]  # no part of it either


@contextmanager
def held_by_another_process(stage: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, stage, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_second_process_is_refused_by_name_until_the_first_is_killed(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_by_another_process("train@person_se", 60) as holder:
        with monkeypatch.context() as impatient:
            impatient.setattr(workspace, "PATIENCE", 0.2)
            with pytest.raises(AlreadyRunning) as raised, single_process("train@person_se"):
                pytest.fail("two processes hold one lock")
            with single_process("train@shadow"):
                pass
        holder.kill()
        holder.wait()
        with single_process("train@person_se"):
            pass
    lock = workdir / ".clearscene" / "locks" / "train@person_se.lock"
    assert str(raised.value).startswith(f"train@person_se is already running (lock {lock}); wait")
    assert raised.value.exit_code != 0


def test_a_second_process_waits_for_a_first_that_soon_ends(workdir: Path) -> None:
    with held_by_another_process("report", 0.5), single_process("report"):
        assert (workdir / "first is done").exists()


def test_a_lock_is_free_again_after_an_error() -> None:
    with pytest.raises(Stop), single_process("report"):
        raise Stop
    with single_process("report"):
        pass


def test_the_repository_is_where_the_command_runs_unless_dvc_says_otherwise(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository_root() == workdir
    monkeypatch.setenv("DVC_ROOT", str(workdir / "real" / ".." / "repository"))
    assert repository_root() == workdir / "repository"


def test_a_file_hash_is_that_of_sha256sum(workdir: Path) -> None:
    (workdir / "a.txt").write_bytes(b"abc")
    assert file_hash(workdir / "a.txt") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.fixture
def copied(workdir: Path) -> ModuleType:
    """The module as part of a package of its own, whose files may be changed."""
    package = workdir / "package"
    (package / "losses").mkdir(parents=True)
    (package / "losses" / "dice.py").write_text("one = 1")
    (package / "losses" / "notes.md").write_text("not code")
    (package / "images.py").write_text("two = 2")
    shutil.copy(str(workspace.__file__), package / "workspace.py")
    spec = importlib.util.spec_from_file_location("copied_workspace", package / "workspace.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_key_depends_on_everything_that_makes_a_run() -> None:
    what = {"params": {"lr": 1e-4}, "data": "a", "code": "b"}
    assert work_key(**what) == work_key(**what)
    others = [{**what, "params": {"lr": 1e-5}}, {**what, "data": "c"}, {**what, "code": "c"}]
    assert len({work_key(**what), *(work_key(**other) for other in others)}) == 4


def test_the_content_hash_is_of_bytes_and_names_wherever_they_are(workdir: Path) -> None:
    for place in ("one", "other"):
        (workdir / place / "deep").mkdir(parents=True)
        (workdir / place / "deep" / "a.txt").write_text("a")
    one, other = workdir / "one", workdir / "other"
    before = content_hash([one])
    assert content_hash([other]) == before
    (other / "deep" / "a.txt").rename(other / "deep" / "b.txt")
    assert content_hash([other]) != before
    (one / "deep" / "a.txt").write_text("b")
    assert content_hash([one]) != before
    assert content_hash([one / "deep" / "a.txt"]) != content_hash([one])


def test_the_code_hash_changes_with_every_python_file_it_covers(
    copied: ModuleType, workdir: Path
) -> None:
    def now() -> str:
        text: str = copied.code_hash("losses", "images.py")
        return text

    losses, seen = workdir / "package" / "losses", [now()]
    for change in (
        lambda: (losses / "dice.py").write_text("one = 2"),
        lambda: (losses / "dice.py").rename(losses / "jaccard.py"),
        lambda: (losses / "new.py").write_text(""),
        lambda: (workdir / "package" / "images.py").write_text("two = 3"),
    ):
        change()
        seen.append(now())
    assert len(set(seen)) == 5


def test_the_code_hash_ignores_what_is_not_code_or_not_covered(
    copied: ModuleType, workdir: Path
) -> None:
    before = copied.code_hash("losses")
    (workdir / "package" / "losses" / "notes.md").write_text("other notes")
    (workdir / "package" / "losses" / "__pycache__").mkdir()
    (workdir / "package" / "losses" / "__pycache__" / "dice.pyc").write_bytes(b"x")
    (workdir / "package" / "images.py").write_text("two = 3")
    assert copied.code_hash("losses") == before


def test_the_code_hash_does_not_depend_on_where_it_is_asked(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_hash("losses", "images.py")
    monkeypatch.chdir("/")
    assert code_hash("losses", "images.py") == before
    assert code_hash("images.py", "losses") == before


@pytest.fixture
def git(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Git that sees neither the user's settings nor a repository around the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workdir.parent))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")
    yield


def run_git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.usefixtures("git")
def test_the_revision_is_the_commit_and_says_when_tracked_files_differ(workdir: Path) -> None:
    run_git("init", "--quiet")
    (workdir / "code.py").write_text("one = 1")
    run_git("add", "code.py")
    run_git("commit", "--quiet", "--message", "First")
    run_git("tag", "--annotate", "v1", "--message", "A tag does not take its place")
    commit = run_git("rev-parse", "HEAD")
    assert git_revision() == commit
    (workdir / "untracked.txt").write_text("of no account")
    assert git_revision() == commit
    (workdir / "code.py").write_text("one = 2")
    assert git_revision() == f"{commit}-dirty"


@pytest.mark.usefixtures("git")
def test_what_the_pipeline_writes_is_no_change_of_the_code(workdir: Path) -> None:
    run_git("init", "--quiet")
    (workdir / "reports").mkdir()
    for name in ("code.py", "dvc.lock", "params.yaml", "reports/scores.csv"):
        (workdir / name).write_text("one")
    run_git("add", ".")
    run_git("commit", "--quiet", "--message", "First")
    commit = run_git("rev-parse", "HEAD")
    for name in ("dvc.lock", "params.yaml", "reports/scores.csv"):
        (workdir / name).write_text("two")
    assert git_revision() == commit
    (workdir / "code.py").write_text("two")
    assert git_revision() == f"{commit}-dirty"


@pytest.mark.usefixtures("git")
def test_the_revision_is_unknown_without_a_repository_a_commit_or_git(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert git_revision() == "unknown"
    run_git("init", "--quiet")
    assert git_revision() == "unknown"
    monkeypatch.setenv("PATH", "")
    assert git_revision() == "unknown"
