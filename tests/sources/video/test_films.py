"""Videos by folder and by address, served from this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.sources.http.failures import FetchFailed
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import Refusal
from pipeline.sources.video.films import fetch_films, fetch_video, list_films
from pipeline.sources.video.frames import write_frames
from tests.sources.loopback import LIMITS as HTTP_LIMITS
from tests.sources.loopback import Loopback, serving
from tests.sources.video.small_films import limits, rows, three_shots_film


@pytest.fixture(scope="module")
def three_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_shots_film(tmp_path_factory.mktemp("films") / "three.mp4")


@pytest.fixture
def site(three_shots: Path) -> Iterator[Loopback]:
    with serving(Loopback()) as one:
        one.files["/drive"] = three_shots.read_bytes()
        yield one


@pytest.fixture
def session() -> Iterator[PoliteSession]:
    with PoliteSession(HTTP_LIMITS) as one:
        yield one


def test_films_of_a_folder_come_by_name(tmp_path: Path) -> None:
    for name in ("b.MOV", "a.mp4", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    assert [film.name for film in list_films(tmp_path)] == ["a.mp4", "b.MOV"]
    with pytest.raises(PipelineError, match=r"inputs\.video"):
        list_films(tmp_path / "missing")


def test_a_video_is_fetched_once_whatever_the_server_calls_it(
    site: Loopback, session: PoliteSession, tmp_path: Path, three_shots: Path
) -> None:
    url = f"{site.url}/drive"
    for _ in range(2):
        file = fetch_video(session, url, tmp_path / "videos", limits())
        assert file.read_bytes() == three_shots.read_bytes()
    assert site.asked == [("/drive", "")]
    assert list((tmp_path / "videos").iterdir()) == [file]


def test_the_port_of_this_machine_stays_out_of_the_manifest(
    site: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    wanted = limits(videos=[f"{site.url}/drive", f"{site.url}/missing.mp4"])
    films = fetch_films(session, wanted, tmp_path / "videos")
    tally = write_frames(tmp_path / "out", films, wanted, tmp_path / "work")
    assert (tally.videos, tally.failed, tally.frames) == (2, 1, 7)
    row = rows(tmp_path / "out")[0]
    assert row["url"].startswith("http://127.0.0.1/drive#t=0.")
    assert (row["page"], row["site"]) == ("http://127.0.0.1/drive", "drive")
    (reject,) = rows(tmp_path / "out", "rejects.csv")
    assert (reject["url"], reject["reason"]) == ("http://127.0.0.1/missing.mp4", "HTTP 404")
    assert reject["site"] == "missing"


def test_what_robots_txt_forbids_is_unwanted_and_not_tried_another_way(
    site: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    site.files["/robots.txt"] = b"User-agent: *\nDisallow: /drive\n"
    wanted = limits(videos=[f"{site.url}/drive"])
    (refusal,) = fetch_films(session, wanted, tmp_path / "videos")
    assert isinstance(refusal, Refusal)
    assert not refusal.failed
    assert "robots.txt" in refusal.reason
    assert site.asked == []


def test_a_page_is_read_by_yt_dlp(
    site: Loopback,
    session: PoliteSession,
    tmp_path: Path,
    three_shots: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    page = b'<html><head><title>A drive</title></head><video src="/drive.mp4"></video></html>'
    site.files["/watch"] = page
    site.files["/drive.mp4"] = three_shots.read_bytes()
    file = fetch_video(session, f"{site.url}/watch", tmp_path / "videos", limits())
    assert file.read_bytes() == three_shots.read_bytes()
    assert list((tmp_path / "videos").iterdir()) == [file]
    assert capfd.readouterr() == ("", "")
    asked = len(site.asked)
    fetch_video(session, f"{site.url}/watch", tmp_path / "videos", limits())
    assert len(site.asked) == asked


def test_a_page_leads_to_no_private_address(
    site: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    page = b'<html><title>A trap</title><video src="http://10.0.0.1/drive.mp4"></video></html>'
    site.files["/trap"] = page
    with pytest.raises(FetchFailed, match="private address"):
        fetch_video(session, f"{site.url}/trap", tmp_path / "videos", limits())


def test_a_page_without_a_video_says_the_same_every_time(
    site: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    site.files["/empty"] = b"<html><body>Nothing to see</body></html>"
    wanted = limits(videos=[f"{site.url}/empty"])
    (refusal,) = fetch_films(session, wanted, tmp_path / "videos")
    assert isinstance(refusal, Refusal)
    assert refusal.failed
    assert refusal.reason == "yt-dlp: Unsupported URL: http://127.0.0.1/empty"


def test_without_yt_dlp_a_page_names_the_remedy(
    site: Loopback, session: PoliteSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/watch"] = b"<html><video src='/drive'></video></html>"
    for module in [name for name in sys.modules if name.partition(".")[0] == "yt_dlp"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    with pytest.raises(PipelineError, match=r"pip install -e '\.\[downloads\]'"):
        fetch_video(session, f"{site.url}/watch", tmp_path / "videos", limits())
    assert fetch_video(session, f"{site.url}/drive", tmp_path / "videos", limits()).exists()


def test_a_video_over_the_limit_is_not_taken(
    site: Loopback, session: PoliteSession, tmp_path: Path, three_shots: Path
) -> None:
    page = b'<html><head><title>A drive</title></head><video src="/drive.mp4"></video></html>'
    site.files["/watch"] = page
    site.files["/drive.mp4"] = three_shots.read_bytes()
    for path in ("drive", "watch"):
        with pytest.raises(FetchFailed, match="2000 bytes"):
            fetch_video(session, f"{site.url}/{path}", tmp_path / "videos", limits(max_bytes=2000))


def test_a_broken_file_is_fetched_again_next_time(
    site: Loopback, session: PoliteSession, tmp_path: Path, three_shots: Path
) -> None:
    site.files["/broken.mp4"] = three_shots.read_bytes()[:3000]
    url = f"{site.url}/broken.mp4"
    with pytest.raises(FetchFailed, match="cut off before its index"):
        fetch_video(session, url, tmp_path / "videos", limits())
    assert list((tmp_path / "videos").iterdir()) == []
    site.files["/broken.mp4"] = site.files["/drive"]
    assert fetch_video(session, url, tmp_path / "videos", limits()).exists()


def test_a_download_that_broke_off_is_gone_on_with(
    site: Loopback, session: PoliteSession, tmp_path: Path, three_shots: Path
) -> None:
    site.cut = 5000
    with pytest.raises(FetchFailed):
        fetch_video(session, f"{site.url}/drive", tmp_path / "videos", limits())
    file = fetch_video(session, f"{site.url}/drive", tmp_path / "videos", limits())
    assert file.read_bytes() == three_shots.read_bytes()
    assert site.asked == [("/drive", ""), ("/drive", "bytes=5000-")]
