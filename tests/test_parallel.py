from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.errors import BadPicture, UsageError
from pipeline.parallel import HERE, each
from pipeline.sections.parallel import ParallelSection


def power(exponent: int, base: int) -> tuple[int, int]:
    return base**exponent, os.getpid()


def refuse(number: int) -> int:
    if number == 5:
        raise BadPicture(Path(f"{number}.jpg"), "is five")
    return number


def how(backend: str, workers: int = 2, address: str = "") -> ParallelSection:
    return ParallelSection.model_validate(
        {"backend": backend, "workers": workers, "address": address}
    )


@pytest.fixture(scope="module")
def dask_address() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def results(section: ParallelSection, count: int = 40) -> tuple[list[int], set[int]]:
    pairs = list(each(partial(power, 2), range(count), section))
    return [value for value, _ in pairs], {process for _, process in pairs}


SQUARES = [number**2 for number in range(40)]


def test_one_worker_is_this_process() -> None:
    assert results(HERE) == (SQUARES, {os.getpid()})


def test_processes_of_this_machine_give_results_in_order() -> None:
    values, processes = results(how("loky"))
    assert values == SQUARES
    assert os.getpid() not in processes


def test_no_workers_named_means_every_core() -> None:
    assert results(how("loky", workers=0))[0] == SQUARES


def test_a_dask_cluster_gives_the_same_from_other_processes(dask_address: str) -> None:
    values, processes = results(how("dask", address=dask_address))
    assert values == SQUARES
    assert os.getpid() not in processes


def test_nothing_to_do_is_no_work() -> None:
    assert results(how("loky"), count=0) == ([], set())


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_what_a_worker_raises_arrives_whole(backend: str, dask_address: str) -> None:
    address = dask_address if backend == "dask" else ""
    with pytest.raises(BadPicture, match=r"5\.jpg: is five") as caught:
        list(each(refuse, range(10), how(backend, address=address)))
    assert caught.value.file == Path("5.jpg")


def test_errors_about_pictures_survive_the_way_between_processes() -> None:
    there = pickle.loads(pickle.dumps(BadPicture(Path("a.png"), "is broken")))
    assert (there.file, there.reason, str(there)) == (
        Path("a.png"), "is broken", "a.png: is broken",
    )  # fmt: skip


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("pipeline.parallel._PATIENCE", 0.5)
    with pytest.raises(UsageError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        list(each(refuse, range(4), how("dask", address="tcp://127.0.0.1:9")))


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_backend_that_is_not_installed_is_named(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = {"dask": "distributed", "ray": "ray"}[backend]
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UsageError, match=rf"pip install -e '\.\[{backend}\]'"):
        list(each(refuse, range(4), how(backend)))


@pytest.mark.long
def test_ray_gives_the_same_from_other_processes() -> None:
    pytest.importorskip("ray")
    values, processes = results(how("ray"), count=40)
    assert values == SQUARES
    assert os.getpid() not in processes
