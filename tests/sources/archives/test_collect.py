"""Archives of backgrounds, from a server on this machine to a collection; and merging."""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from pydantic import ValidationError

from pipeline.errors import AlreadyRunning, PipelineError
from pipeline.sources.archives.collect import Archive, ArchivesSection, collect_archives
from pipeline.sources.archives.fetch import fetch_archive
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import read_manifest
from pipeline.sources.merge import BackgroundsSection, merge_collections
from tests.sources.loopback import LIMITS, Loopback, serving


def png(seed: int, side: int = 64) -> bytes:
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blocks).resize((side, side), Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return stream.getvalue()


STREETS = zipped({
    "seq1/images/1.png": png(1), "seq2/images/2.png": png(2), "seq1/labels/1.png": png(3),
    "seq2/images/small.png": png(4, 16), "readme.txt": b"hello",
})  # fmt: skip
HASH = hashlib.sha256(STREETS).hexdigest()


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(Loopback()) as running:
        running.files["/streets.zip"] = STREETS
        yield running


@pytest.fixture
def session() -> Iterator[PoliteSession]:
    with PoliteSession(LIMITS) as polite:
        yield polite


def section(url: str, sha256: str = HASH, **changes: Any) -> ArchivesSection:
    entry = Archive(
        url=url, sha256=sha256, pictures=["*/images/*.png"], licence="CC0", note="register at x"
    )
    values: dict[str, Any] = {
        "entries": {"streets": entry}, "max_bytes": 1_000_000, "max_seconds": 10.0,
        "max_unpacked_bytes": 1_000_000, "min_side": 32, "near_duplicate_bits": 2,
        "max_bad_share": 0.0,
    }  # fmt: skip
    return ArchivesSection(**{**values, **changes})


def collect(session: PoliteSession, what: ArchivesSection, tmp_path: Path) -> list[Any]:
    collect_archives(session, what, tmp_path / "out", tmp_path / "work")
    return read_manifest(tmp_path / "out")


def test_the_pictures_that_fit_come_out_with_where_they_are_from(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    found = collect(session, section(f"{server.url}/streets.zip"), tmp_path)
    assert [tuple(one.origin) for one in found] == [
        ("seq1/images/1.png", "http://127.0.0.1/streets.zip", "streets", "seq1", "CC0"),
        ("seq2/images/2.png", "http://127.0.0.1/streets.zip", "streets", "seq2", "CC0"),
    ]
    assert [one.file.read_bytes() for one in found] == [png(1), png(2)]
    rejects = (tmp_path / "out" / "rejects.csv").read_text()
    assert (
        'seq2/images/small.png,http://127.0.0.1/streets.zip,streets,unwanted,"too small' in rejects
    )
    assert "labels" not in rejects


def test_a_second_run_fetches_and_unpacks_nothing_and_gives_the_same_bytes(
    server: Loopback, session: PoliteSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = section(f"{server.url}/streets.zip")
    collect(session, what, tmp_path)
    first = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")}
    monkeypatch.setattr(
        "pipeline.sources.archives.collect.unpack", lambda *_: pytest.fail("unpacked")
    )
    collect(session, what, tmp_path)
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")} == first
    assert len(server.asked) == 1


def test_other_patterns_take_other_members_of_the_same_download(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    what = section(f"{server.url}/streets.zip")
    collect(session, what, tmp_path)
    entry = what.entries["streets"].model_copy(update={"pictures": ["*/labels/*"]})
    found = collect(session, what.model_copy(update={"entries": {"streets": entry}}), tmp_path)
    assert [one.origin.url for one in found] == ["seq1/labels/1.png"]
    assert len(server.asked) == 1


def test_a_download_that_breaks_off_is_gone_on_with(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.cut = 300
    what = section(f"{server.url}/streets.zip")
    with pytest.raises(PipelineError, match=r"archives\.entries\.streets: .*start again to go on"):
        collect(session, what, tmp_path)
    assert not (tmp_path / "out").exists()
    assert len(collect(session, what, tmp_path)) == 2
    assert [asked[1] for asked in server.asked] == ["", "bytes=300-"]


def test_another_hash_is_refused_and_the_file_removed(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError) as raised:
        collect(session, section(f"{server.url}/streets.zip", "0" * 64), tmp_path)
    assert "archives.entries.streets" in str(raised.value)
    assert HASH in str(raised.value)
    assert "0" * 64 in str(raised.value)
    assert not any((tmp_path / "work" / "fetched").iterdir())
    assert len(collect(session, section(f"{server.url}/streets.zip"), tmp_path)) == 2


def test_a_file_of_another_hash_than_the_one_now_asked_for_is_fetched_anew(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    collect(session, section(f"{server.url}/streets.zip", ""), tmp_path)
    server.files["/streets.zip"] = newer = zipped({"a/images/9.png": png(9)})
    wanted = hashlib.sha256(newer).hexdigest()
    found = collect(session, section(f"{server.url}/streets.zip", wanted), tmp_path)
    assert [one.origin.url for one in found] == ["a/images/9.png"]
    assert len(server.asked) == 2


def test_without_a_hash_the_log_tells_what_to_put_there(
    server: Loopback, session: PoliteSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collect(session, section(f"{server.url}/streets.zip", ""), tmp_path)
    assert f"archives.entries.streets: not checked; put `sha256: {HASH}` there" in caplog.text


def test_an_entry_without_an_address_is_skipped_with_its_note(
    session: PoliteSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert collect(session, section(""), tmp_path) == []
    assert "archives.entries.streets: skipped, it has no url; register at x" in caplog.text


def test_an_archive_fetched_by_hand_is_used_where_it_is(
    session: PoliteSession, tmp_path: Path
) -> None:
    (tmp_path / "by hand.zip").write_bytes(STREETS)
    found = collect(session, section(str(tmp_path / "by hand.zip")), tmp_path)
    assert [one.origin.page for one in found] == ["by hand.zip"] * 2
    assert (tmp_path / "by hand.zip").read_bytes() == STREETS


def test_one_fetched_by_hand_with_another_hash_is_refused_and_stays(
    session: PoliteSession, tmp_path: Path
) -> None:
    (tmp_path / "mine.zip").write_bytes(STREETS + b"x")
    with pytest.raises(PipelineError, match="expected is"):
        collect(session, section(str(tmp_path / "mine.zip")), tmp_path)
    assert (tmp_path / "mine.zip").exists()


@pytest.mark.parametrize("url", ["/none/streets.zip", "http"])
def test_an_archive_that_is_not_there_is_named_with_its_entry(
    server: Loopback, session: PoliteSession, tmp_path: Path, url: str
) -> None:
    address = f"{server.url}/other.zip" if url == "http" else url
    with pytest.raises(PipelineError, match=r"archives\.entries\.streets: .*(not there|HTTP 404)"):
        collect(session, section(address), tmp_path)


def test_patterns_that_fit_nothing_are_an_error(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/streets.zip"] = zipped({"a.txt": b"1"})
    with pytest.raises(PipelineError, match=r"nothing in .* fits pictures \(\*/images/\*\.png\)"):
        collect(session, section(f"{server.url}/streets.zip", ""), tmp_path)


def test_bad_pictures_are_listed_and_count(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    files = {f"a/images/{i}.png": png(i) for i in range(3)}
    server.files["/streets.zip"] = zipped(
        {**files, "a/images/no.png": b"<html>", "../images/up.png": png(7)}
    )
    what = section(f"{server.url}/streets.zip", "", max_bad_share=0.4)
    for _ in range(2):  # the second time from what was unpacked before
        assert len(collect(session, what, tmp_path)) == 3
        rejects = (tmp_path / "out" / "rejects.csv").read_text()
        assert 'a/images/no.png,http://127.0.0.1/streets.zip,streets,failed,"not a pic' in rejects
        assert "../images/up.png,http://127.0.0.1/streets.zip,streets,failed,its name le" in rejects
    strict = section(f"{server.url}/streets.zip", "", max_bad_share=0.3)
    with pytest.raises(PipelineError, match=r"2 of 5 .* archives\.max_bad_share \(now 0\.3\)"):
        collect(session, strict, tmp_path)


def test_an_archive_over_the_limit_is_refused(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match="larger than 100 bytes"):
        collect(session, section(f"{server.url}/streets.zip", max_bytes=100), tmp_path)
    with pytest.raises(PipelineError, match="unpacks to more than 500 bytes"):
        collect(session, section(f"{server.url}/streets.zip", max_unpacked_bytes=500), tmp_path)


def test_two_processes_do_not_share_the_work_folder(
    session: PoliteSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.workspace.PATIENCE", 0.05)
    (tmp_path / "work").mkdir()
    with FileLock(tmp_path / "work" / "lock"), pytest.raises(AlreadyRunning):
        collect(session, section(""), tmp_path)


def test_a_download_that_came_whole_but_was_killed_before_its_hash_is_not_repeated(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(STREETS)
    fetched = fetch_archive(
        session, f"{server.url}/streets.zip", HASH, tmp_path / "file", key="k",
        max_bytes=10**6, max_seconds=9.0,
    )  # fmt: skip
    assert fetched.sha256 == HASH
    assert server.asked == []


@pytest.mark.parametrize(
    "wrong",
    [{"url": "streets.zip"}, {"url": "ftp://x/y.zip"}, {"sha256": "abc"}, {"pictures": []}],
)
def test_wrong_entries_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Archive(**{"url": "", "pictures": ["*"], **wrong})


def test_merging_takes_each_picture_once_the_largest_first(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    folders = []
    for name, side in (("one", 64), ("two", 96)):
        server.files[f"/{name}.zip"] = zipped(
            {f"{name}/images/both.png": png(1, side), f"{name}/images/own.png": png(side)}
        )
        what = section(f"{server.url}/{name}.zip", "")
        collect_archives(session, what, tmp_path / name, tmp_path / "work")
        folders.append(tmp_path / name)
    wanted = BackgroundsSection(sources=["scrape", "archives"], min_side=32, near_duplicate_bits=2)
    summary = merge_collections(folders, tmp_path / "all", wanted)
    assert summary == (3, 0, 1)
    assert [one.origin.url for one in read_manifest(tmp_path / "all")] == [
        "one/images/own.png", "two/images/both.png", "two/images/own.png"
    ]  # fmt: skip
    assert "one/images/both.png" in (tmp_path / "all" / "rejects.csv").read_text()


def test_merging_what_is_not_there_names_it(tmp_path: Path) -> None:
    wanted = BackgroundsSection(sources=["frames"], min_side=32, near_duplicate_bits=2)
    with pytest.raises(PipelineError, match=r"frames/manifest\.csv"):
        merge_collections([tmp_path / "frames"], tmp_path / "all", wanted)


def test_no_source_gives_an_empty_collection(tmp_path: Path) -> None:
    wanted = BackgroundsSection(sources=[], min_side=32, near_duplicate_bits=2)
    assert merge_collections([], tmp_path / "all", wanted) == (0, 0, 0)
    assert read_manifest(tmp_path / "all") == []


def test_a_source_named_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="twice"):
        BackgroundsSection(sources=["frames", "frames"], min_side=32, near_duplicate_bits=2)
