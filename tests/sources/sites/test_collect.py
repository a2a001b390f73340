"""Sites as configuration, from their pages to a collection with its manifest."""

from __future__ import annotations

import csv
import json
import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.errors import AlreadyRunning, PipelineError
from pipeline.sections.sites import Follow, ScrapedSource, Site
from pipeline.sources.demo.web.sites import SITES
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import (
    Found,
    Summary,
    read_manifest,
    refuse_if_too_many_failed,
    write_collection,
)
from pipeline.sources.progress import Meter
from pipeline.sources.sites.collect import Entries, collect_folder, collect_sites
from pipeline.sources.sites.store import Store
from tests import hostile as h

LIMITS = h.limits(concurrency=4, per_host=4, retries=0)


def page(body: str) -> h.Behaviour:
    return h.good(f"<html><meta charset=utf-8><body>{body}</body></html>".encode())


def collect(folder: Path, **sites: Site) -> Entries:
    """Collect into `folder/out`, remember in `folder/store`."""
    starts = {name: site.start for name, site in sites.items()}
    with (
        Store(folder / "store") as store,
        PoliteSession(LIMITS) as session,
        Meter("test") as meter,
    ):
        entries = collect_sites(sites, starts, session, store, meter)
    write_collection(folder / "out", entries, min_side=16, near_duplicate_bits=2)
    return entries


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "out" / table).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def gallery() -> dict[str, h.Behaviour]:
    """Two listing pages, three albums, eight pictures behind thumbnails."""
    pages: dict[str, h.Behaviour] = {
        "/": page('<a class=album href="/a.html">Roads</a>'
                  '<a class=album href="b.html"> The sea\n</a>'
                  '<nav><a href="/">1</a><a href="/page/2/">2</a></nav>'),
        "/page/2/": page('<base href="/deep/er/"><a class=album href="../../c.html#top">Hills</a>'
                         '<nav><a href="/">1</a><a href="/page/2/">2</a></nav>'),
        "/b.html": page('<img src="/t/4.jpg"><img src="/t/5.jpg"><img src="/t/1.jpg">'),
        "/c.html": page('<img src="/t/6.jpg"><img src="data:image/png;base64,xyz">'
                        '<img src="/t/7.jpg"><img src="/t/banner.jpg">'),
        "/a.html": page('<img src="/t/1.jpg"><img src="/t/2.jpg"><img src="/t/3.jpg"><img src="">'),
    }  # fmt: skip
    return pages | {f"/full/{n}.jpg": h.good(h.jpeg(n)) for n in range(1, 8)}


def gallery_site(address: str, **changes: Any) -> Site:
    return Site.model_validate(
        {
            "start": [f"{address}/"],
            "next": "nav a@href",
            "follow": [{"links": "a.album@href", "group": "@text"}],
            "pictures": "img@src",
            "full": {"/t/": "/full/"},
            "keep": r"/full/\d",
            "licence": "ask them",
            **changes,
        }
    )


def test_from_listing_to_pictures_with_where_they_come_from(tmp_path: Path) -> None:
    with h.hostile(gallery()) as server:
        collect(tmp_path, gallery=gallery_site(server.address))
    found = rows(tmp_path, "manifest.csv")
    assert [(row["url"], row["page"], row["group"]) for row in found] == [
        (f"http://127.0.0.1/full/{n}.jpg", f"http://127.0.0.1/{page}.html", group)
        for page, group, numbers in (("a", "Roads", "123"), ("b", "The sea", "45"),
                                     ("c", "Hills", "67"))
        for n in numbers
    ]  # fmt: skip
    assert {(row["site"], row["licence"], row["width"]) for row in found} == {
        ("gallery", "ask them", "96")
    }
    for row in found:
        content = (tmp_path / "out" / row["file"]).read_bytes()
        assert len(content) == int(row["bytes"])
        assert re.fullmatch(r"images/[0-9a-f]{20}\.jpg", row["file"])
    assert rows(tmp_path, "rejects.csv") == []


def test_max_pictures_and_max_pages_end_the_walk(tmp_path: Path) -> None:
    with h.hostile(gallery()) as server:
        collect(tmp_path / "few", gallery=gallery_site(server.address, max_pictures=4))
        assert len(rows(tmp_path / "few", "manifest.csv")) == 4
        assert server.asked("/c.html") == []
        collect(tmp_path / "near", gallery=gallery_site(server.address, max_pages=2))
        assert len(rows(tmp_path / "near", "manifest.csv")) == 3


def test_only_the_wanted_groups_are_followed(tmp_path: Path) -> None:
    step = {"links": "a.album@href", "group": "@text", "only": ["Hills", "Roads"]}
    with h.hostile(gallery()) as server:
        collect(tmp_path, gallery=gallery_site(server.address, follow=[step]))
        assert server.asked("/b.html") == []
    assert {row["group"] for row in rows(tmp_path, "manifest.csv")} == {"Hills", "Roads"}


@pytest.mark.parametrize(
    ("change", "page_named", "selector"),
    [
        ({"follow": [{"links": "a.gone@href"}]}, "/", "a.gone@href"),
        ({"pictures": "img.gone@src"}, "/a.html", "img.gone@src"),
        ({"pictures": "img@data-gone"}, "/a.html", "img@data-gone"),
    ],
)
def test_a_selector_that_matches_nothing_is_named_with_site_and_page(
    tmp_path: Path, change: dict[str, Any], page_named: str, selector: str
) -> None:
    with h.hostile(gallery()) as server:
        with pytest.raises(PipelineError) as caught:
            collect(tmp_path, gallery=gallery_site(server.address, **change))
        text = str(caught.value)
        assert f"gallery: nothing on {server.address}{page_named} matches {selector}" in text
    assert "params.yaml" in text
    assert "\n" not in text
    assert not (tmp_path / "out").exists()


def test_a_wrong_selector_is_told_before_the_whole_site_is_walked_over(tmp_path: Path) -> None:
    links = "".join(f'<a href="/{n}.html">{n}</a>' for n in range(50))
    pages = {"/": page(links)} | {f"/{n}.html": page("<p>no picture") for n in range(50)}
    with h.hostile(pages) as server:
        site = Site(
            start=[f"{server.address}/"], pictures="img@src",
            follow=[Follow(links="a@href")],
        )  # fmt: skip
        with pytest.raises(PipelineError, match=r"nothing on .*/0\.html matches img@src"):
            collect(tmp_path, s=site)
        assert len([r for r in server.requests if r.path.endswith(".html")]) == 10


@pytest.mark.parametrize(
    "change", [{"keep": "nowhere"}, {"follow": [{"links": "a.album@href", "only": ["Cats"]}]}]
)
def test_a_site_of_which_nothing_is_left_is_an_error(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with (
        h.hostile(gallery()) as server,
        pytest.raises(PipelineError, match=r"gallery: no picture is left .*`only`, `keep`"),
    ):
        collect(tmp_path, gallery=gallery_site(server.address, **change))


def test_a_page_without_pictures_among_others_is_listed_and_no_error(tmp_path: Path) -> None:
    pages = gallery() | {"/b.html": page("<p>nothing yet</p>"), "/c.html": h.missing}
    with h.hostile(pages) as server:
        collect(tmp_path, gallery=gallery_site(server.address))
    assert len(rows(tmp_path, "manifest.csv")) == 3
    assert [(row["url"], row["kind"], row["reason"]) for row in rows(tmp_path, "rejects.csv")] == [
        ("http://127.0.0.1/b.html", "unwanted", "nothing matches img@src"),
        ("http://127.0.0.1/c.html", "failed", "HTTP 404"),
    ]


def test_a_start_page_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with h.hostile({}) as server, pytest.raises(PipelineError, match=r"gallery: start page .*404"):
        collect(tmp_path, gallery=gallery_site(server.address))


def test_pages_that_lead_on_for_ever_end_at_max_pages(tmp_path: Path) -> None:
    def endless(exchange: h.Exchange) -> None:
        number = int(exchange.path.rpartition("/")[2] or 0)
        body = f'<img src="/p/{number % 3}.jpg"><a rel=next href="/list/{number + 1}">more</a>'
        exchange.send(body.encode())

    pages = {f"/list/{n}": endless for n in range(1000)}
    pictures = {f"/p/{n}.jpg": h.good(h.jpeg(n)) for n in range(3)}
    with h.hostile(pages | pictures) as server:
        site = Site(start=[f"{server.address}/list/0"], next="a[rel=next]@href",
                    pictures="img@src", max_pages=30)  # fmt: skip
        collect(tmp_path, s=site)
        assert len([r for r in server.requests if r.path.startswith("/list/")]) == 30
    assert len(rows(tmp_path, "manifest.csv")) == 3


def test_the_same_picture_under_a_hundred_addresses_is_kept_once(tmp_path: Path) -> None:
    shown = "".join(f'<img src="/{n}.jpg">' for n in range(100))
    same = h.good(h.jpeg(1))
    pages = {"/": page(shown)} | {f"/{n}.jpg": same for n in range(100)}
    with h.hostile(pages) as server:
        collect(tmp_path, s=Site(start=[f"{server.address}/"], pictures="img@src"))
    (kept,) = rows(tmp_path, "manifest.csv")
    assert kept["url"] == "http://127.0.0.1/0.jpg"
    rejects = rows(tmp_path, "rejects.csv")
    assert len(rejects) == 99
    assert {(row["kind"], row["reason"]) for row in rejects} == {
        ("unwanted", f"the same bytes as {kept['file']}")
    }


def test_of_pictures_that_look_alike_the_largest_stays(tmp_path: Path) -> None:
    sizes = {"small": (96, 80, 90), "large": (192, 160, 90), "coarse": (96, 80, 30)}
    pages = {"/": page("".join(f'<img src="/{name}">' for name in sizes))}
    pages |= {f"/{name}": h.good(h.jpeg(5, *size)) for name, size in sizes.items()}
    with h.hostile(pages) as server:
        collect(tmp_path, s=Site(start=[f"{server.address}/"], pictures="img@src"))
    (kept,) = rows(tmp_path, "manifest.csv")
    assert kept["url"] == "http://127.0.0.1/large"
    assert [row["reason"] for row in rows(tmp_path, "rejects.csv")] == [
        f"looks like {kept['file']}"
    ] * 2


def test_the_largest_of_a_srcset_and_lazy_attributes(tmp_path: Path) -> None:
    pages = {
        "/": page('<img srcset="/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w"><i data-src="/lazy.jpg">'),
        "/l.jpg": h.good(h.jpeg(1)),
        "/lazy.jpg": h.good(h.jpeg(2)),
    }
    with h.hostile(pages) as server:
        start = [f"{server.address}/"]
        collect(
            tmp_path,
            one=Site(start=start, pictures="img@srcset"),
            two=Site(start=start, pictures="i@data-src"),
        )
    assert [row["url"] for row in rows(tmp_path, "manifest.csv")] == [
        "http://127.0.0.1/l.jpg", "http://127.0.0.1/lazy.jpg",
    ]  # fmt: skip


def test_pages_in_a_wrong_charset_are_read(tmp_path: Path) -> None:
    text = '<meta charset="utf-8"><h1>Дороги</h1><img src="/1.jpg" alt="Дорога">'
    pages = {
        "/": h.good(text.encode("cp1251"), content_type="text/html; charset=utf-8"),
        "/1.jpg": h.good(h.jpeg(1)),
    }
    with h.hostile(pages) as server:
        collect(tmp_path, s=Site(start=[f"{server.address}/"], pictures="img@src"))
    assert len(rows(tmp_path, "manifest.csv")) == 1


def test_a_second_run_asks_pages_whether_they_changed_and_no_picture(tmp_path: Path) -> None:
    etag: dict[str, Any] = {"etag": '"same"'}

    def unchanging(body: bytes) -> h.Behaviour:
        def behave(exchange: h.Exchange) -> None:
            if exchange.headers.get("if-none-match") == '"same"':
                exchange.head("304 Not Modified")
            else:
                exchange.send(body, **etag)

        return behave

    pages = {"/": unchanging(b'<img src="/1.jpg"><img src="/2.jpg">')}
    pictures = {f"/{n}.jpg": h.good(h.jpeg(n), **etag) for n in (1, 2)}
    with h.hostile(pages | pictures) as server:
        site = Site(start=[f"{server.address}/"], pictures="img@src")
        collect(tmp_path, s=site)
        before, seen = bytes_of(tmp_path / "out"), len(server.requests)
        collect(tmp_path, s=site)
        again = server.requests[seen:]
    assert [request.path for request in again] == ["/robots.txt", "/"]
    assert again[1].headers["if-none-match"] == '"same"'
    assert bytes_of(tmp_path / "out") == before


def test_a_broken_picture_is_asked_for_again_but_only_if_it_changed(tmp_path: Path) -> None:
    def mended(exchange: h.Exchange) -> None:
        if exchange.count == 1:
            exchange.send(b"not yet", etag='"bad"')
        elif exchange.count == 2:
            assert exchange.headers["if-none-match"] == '"bad"'
            exchange.head("304 Not Modified")
        else:
            exchange.send(h.jpeg(1), etag='"good"')

    with h.hostile({"/": page('<img src="/1.jpg">'), "/1.jpg": mended}) as server:
        site = Site(start=[f"{server.address}/"], pictures="img@src")
        collect(tmp_path, s=site)
        first = rows(tmp_path, "rejects.csv")
        collect(tmp_path, s=site)
        assert rows(tmp_path, "rejects.csv") == first != []
        collect(tmp_path, s=site)
    assert rows(tmp_path, "rejects.csv") == []
    assert len(rows(tmp_path, "manifest.csv")) == 1


def test_a_collection_from_elsewhere_is_taken_up_without_fetching_it_again(tmp_path: Path) -> None:
    """As after `dvc pull` on another machine, where the store has never been."""
    with h.hostile(gallery()) as server:
        site = gallery_site(server.address)
        collect(tmp_path, gallery=site)
        before = bytes_of(tmp_path / "out")
        shutil.rmtree(tmp_path / "store")
        damaged = sorted((tmp_path / "out/images").iterdir())[0]
        damaged.write_bytes(b"damaged")
        with Store(tmp_path / "store") as store:
            store.adopt(read_manifest(tmp_path / "out"))
        seen = len(server.requests)
        collect(tmp_path, gallery=site)
        pictures = [r.path for r in server.requests[seen:] if r.path.startswith("/full/")]
    assert len(pictures) == 1
    assert bytes_of(tmp_path / "out") == before


def test_when_and_from_which_port_stands_in_the_log_alone(tmp_path: Path) -> None:
    with h.hostile(gallery()) as server:
        collect(tmp_path, gallery=gallery_site(server.address))
        port = server.address.rpartition(":")[2]
    log = (tmp_path / "store/log.csv").read_text()
    assert log.startswith("time,url,outcome,bytes\n20")
    assert f":{port}/full/1.jpg,picture," in log
    assert all(port.encode() not in content for name, content in bytes_of(tmp_path / "out").items()
               if name.endswith(".csv"))  # fmt: skip


def test_one_process_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.workspace.PATIENCE", 0.1)
    with Store(tmp_path), pytest.raises(AlreadyRunning, match=re.escape(str(tmp_path))):
        Store(tmp_path)


def test_a_site_that_fails_stops_the_others_and_loses_nothing(tmp_path: Path) -> None:
    def slow(exchange: h.Exchange) -> None:
        time.sleep(0.3)
        exchange.send(h.jpeg(int(exchange.path.strip("/.jpg"))))

    shown = "".join(f'<img src="/{n}.jpg">' for n in range(60))
    pages = {"/": page(shown), "/other": page("no link here")}
    with h.hostile(pages | {f"/{n}.jpg": slow for n in range(60)}) as server:
        good = Site(start=[f"{server.address}/"], pictures="img@src")
        bad = Site(start=[f"{server.address}/other"], pictures="img@src")
        with pytest.raises(PipelineError, match="bad: nothing on"):
            collect(tmp_path, good=good, bad=bad)
        fetched = len([r for r in server.requests if r.path.endswith(".jpg")])
        assert fetched < 60
        collect(tmp_path, good=good)
    assert len(rows(tmp_path, "manifest.csv")) == 60


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pictures": "img"}, "CSS@ATTRIBUTE"),
        ({"pictures": "img[@src"}, "not CSS"),
        ({"keep": "("}, "not a regular expression"),
        ({"full": {"(": "x"}}, "not a regular expression"),
        ({"full": {"a": r"\2"}}, "does not replace"),
        ({"start": ["ftp://example.org"]}, "http://"),
        ({"start": []}, "at least 1 item"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_wrong_site_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        gallery_site("http://example.org", **change)


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in/hills").mkdir(parents=True)
    for number, name in enumerate(("road_1.jpg", "road_2.jpg", "hills/x.jpg")):
        (tmp_path / "in" / name).write_bytes(h.jpeg(number))
    (tmp_path / "in/broken.png").write_bytes(b"<html>")
    with Meter("test") as meter:
        entries = collect_folder(tmp_path / "in", meter)
    summary = write_collection(tmp_path / "out", entries, min_side=16, near_duplicate_bits=2)
    assert summary == (3, 1, 0)
    assert [(row["url"], row["group"], row["site"]) for row in rows(tmp_path, "manifest.csv")] == [
        ("hills/x.jpg", "hills", "folder"), ("road_1.jpg", "road", "folder"),
        ("road_2.jpg", "road", "folder"),
    ]  # fmt: skip
    assert [row["url"] for row in rows(tmp_path, "rejects.csv")] == ["broken.png"]


def test_a_manifest_reads_back_as_it_was_written(tmp_path: Path) -> None:
    with h.hostile(gallery()) as server:
        entries = collect(tmp_path, gallery=gallery_site(server.address))
    back = read_manifest(tmp_path / "out")
    wanted = [one for one in entries if isinstance(one, Found)]
    assert [(one.origin, one.facts) for one in back] == [(one.origin, one.facts) for one in wanted]
    (tmp_path / "out/manifest.csv").write_text("nonsense\n1\n")
    with pytest.raises(PipelineError, match="is not a manifest"):
        read_manifest(tmp_path / "out")


def test_too_many_failures_stop_the_stage(tmp_path: Path) -> None:
    refuse_if_too_many_failed(Summary(9, 1, 500), tmp_path, 0.1, "scrape.cars.max_bad_share")
    with pytest.raises(PipelineError, match=r"2 of 10 .*rejects\.csv.*scrape\.cars\.max_bad_share"):
        refuse_if_too_many_failed(Summary(8, 2, 0), tmp_path, 0.1, "scrape.cars.max_bad_share")


def demo_source(source: str) -> ScrapedSource:
    file = Path(__file__).parents[3] / "pipeline/presets/demo.yaml"
    from ruamel.yaml import YAML

    section = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))["scrape"][source]
    return ScrapedSource.model_validate(section)


@pytest.mark.parametrize("source", ["backgrounds", "cars"])
def test_the_demos_sites_are_collected_with_the_configuration_of_the_demo(
    tmp_path: Path, source: str
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(22):
        name = f"{'ab'[number % 2]}_{'cd'[number // 11]}_{number:04d}.jpg"
        (tmp_path / "in" / name).write_bytes(h.jpeg(number, 240, 220))
    section = demo_source(source)
    results = []
    for _ in range(2):
        with (
            SITES[source](tmp_path / "in") as address,
            Store(tmp_path / "store") as store,
            PoliteSession(LIMITS) as session,
            Meter("test") as meter,
        ):
            entries = collect_sites(section.sites, section.starts(address), session, store, meter)
        write_collection(tmp_path / "out", entries, min_side=100, near_duplicate_bits=0)
        results.append(bytes_of(tmp_path / "out"))
    assert results[0] == results[1]
    originals = {file.read_bytes() for file in (tmp_path / "in").iterdir()}
    collected = {file.read_bytes() for file in (tmp_path / "out/images").iterdir()}
    assert collected == originals
    groups = {row["group"] for row in rows(tmp_path, "manifest.csv")}
    assert groups == ({"A", "B"} if source == "cars" else {"a_c", "b_c", "a_d", "b_d"})


def test_a_meter_tells_the_rate_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter("scrape@cars") as meter:
        meter.more(40)
        threads = [threading.Thread(target=meter.step, args=(500_000,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        line = meter.line()
    assert re.fullmatch(r"scrape@cars: 10 of 40, [\d.]+/s, 5\.0 MB, about \d+ s left", line)
    assert json.dumps(capsys.readouterr().out) == '""'
