"""A server that misbehaves in every way known: what is good arrives, what is bad is listed."""

from __future__ import annotations

import csv
import gzip
import io
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from pipeline.sections.sites import Site
from pipeline.sources.http.session import PoliteSession
from pipeline.sources.manifest import Summary, write_collection
from pipeline.sources.progress import Meter
from pipeline.sources.sites.collect import collect_sites
from pipeline.sources.sites.store import Store
from tests import hostile as h

GOOD = 12
LIMITS = h.limits(
    contact="tests@example.invalid",
    read_timeout=0.8,
    max_seconds=3.0,
    retries=2,
    backoff=0.05,
    max_wait=3.0,
    max_redirects=4,
    max_page_bytes=1_000_000,
    max_picture_bytes=300_000,
)


def picture(seed: int) -> bytes:
    return h.jpeg(1000 + seed)


def image(kind: str, mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (64, 64), 128 if mode == "L" else None).save(stream, format=kind)
    return stream.getvalue()


ARRIVES: dict[str, h.Behaviour] = {
    "429 with seconds": h.first(
        h.status("429 Too Many Requests", retry_after=1), h.good(picture(1))
    ),
    "429 with a date": h.first(
        lambda e: e.send(b"", "429 Too Many Requests", retry_after=h.rested(1)), h.good(picture(2))
    ),
    "429 without Retry-After": h.first(h.status("429 Too Many Requests"), h.good(picture(3))),
    "429 with nonsense": h.first(
        h.status("429 Too Many Requests", retry_after="soon"), h.good(picture(4))
    ),
    "500 then 200": h.first(h.status("500 Internal Server Error"), h.good(picture(5))),
    "503 twice": h.first(
        h.status("503 Service Unavailable"), h.status("503 Service Unavailable"),
        h.good(picture(6)),
    ),
    "reset in mid-body": h.resumable(picture(7), 900, "reset"),
    "closed in mid-body": h.resumable(picture(8), 900, "close"),
    "closed without a word once": h.first(h.hangs_up, h.good(picture(9))),
    "206 that begins elsewhere": h.wrong_range(picture(10), "bytes 0-99/5000"),
    "206 of another length": h.wrong_range(picture(11), "bytes 900-999/999999"),
    "206 without Content-Range": h.wrong_range(picture(12), "nonsense"),
    "416 to a range": h.unsatisfiable(picture(13)),
    "another file meanwhile": h.changed_meanwhile(picture(14), picture(15)),
    "called text/html": h.good(picture(16), content_type="text/html; charset=klingon"),
    "compressed though not asked": lambda e: e.send(
        gzip.compress(picture(17)), content_encoding="gzip"
    ),
    "chunked": h.chunked(picture(18)),
    "longer than announced": h.longer(picture(19)),
    "no length, closed at the end": lambda e: (e.head(), e.raw(picture(20)), e.hang_up())[0],
    "redirected": h.redirect("/moved/here.jpg"),
    "..%2f..%2fetc%2fpasswd": h.good(picture(22)),
    "имя файла с пробелами и ж.jpg": h.good(picture(23)),
    "a" * 1500 + ".jpg": h.good(picture(24)),
    "CON.jpg?x=<script>": h.good(picture(25)),
    "PNG called jpg": h.good(image("PNG")),
}  # fmt: skip

FAILS: dict[str, tuple[h.Behaviour, str]] = {
    "429 for ever": (h.status("429 Too Many Requests"), "HTTP 429"),
    "500 for ever": (h.status("500 Internal Server Error"), "HTTP 500"),
    "404": (h.missing, "HTTP 404"),
    "403": (h.status("403 Forbidden"), "HTTP 403"),
    "204": (lambda e: e.head("204 No Content"), "HTTP 204"),
    "304 not asked for": (lambda e: e.head("304 Not Modified"), "unconditional"),
    "206 not asked for": (
        lambda e: e.send(picture(40), "206 Partial Content", content_range="bytes 0-9/10"),
        "no range was asked for",
    ),
    "shorter than announced": (h.shorter(picture(41)), "connection broke"),
    "endless": (h.endless, "larger than 300000 bytes"),
    "announced too large": (
        lambda e: e.head(content_length=10**12), "larger than 300000 bytes",
    ),
    "slow drip": (h.dripping, "took too long"),
    "slow drip of headers": (h.dripping_head, "took too long"),
    "silent": (h.silent, "silent for too long"),
    "no HTTP": (h.garbage, "connection broke"),
    "closed without a word": (h.hangs_up, "connection broke"),
    "redirect loop": (h.redirect("/redirect%20loop"), "more than 4 redirects"),
    "redirect with an endless body": (h.endless_redirect("/404"), "HTTP 404"),
    "redirect into the network": (h.redirect("http://10.1.2.3/a.jpg"), "private address"),
    "redirect to cloud metadata": (
        h.redirect("http://169.254.169.254/latest/meta-data/"), "reserved address",
    ),
    "redirect to IPv6 of IPv4": (h.redirect("http://[::ffff:192.168.0.1]/"), "private address"),
    "redirect to a file": (h.redirect("file:///etc/passwd"), "only http and https"),
    "redirect to nowhere": (lambda e: e.send(b"", "302 Found"), "without an address"),
    "redirect to nonsense": (h.redirect("http://[nonsense/"), "is not an address"),
    "HTML": (h.good(b"<html>Please log in</html>", content_type="image/jpeg"), "not a picture"),
    "empty": (h.good(b""), "empty"),
    "truncated JPEG": (h.good(picture(42)[:1200]), "cannot be decoded"),
    "PNG bomb": (h.good(h.png_bomb()), "megapixels"),
    "gzip bomb": (h.gzip_bomb(), "larger than 300000 bytes"),
    "broken compression": (
        lambda e: e.send(b"not gzip at all", content_encoding="gzip"), "compression is broken",
    ),
    "GIF": (h.good(image("GIF", "L")), "GIF, which is not taken"),
    "robots say no": (h.good(picture(43)), "robots.txt does not allow it"),
    "too small": (h.good(h.jpeg(44, 20, 20)), "too small: 20×20"),
}  # fmt: skip


@dataclass
class Run:
    """One collection from the hostile server."""

    folder: Path
    store: Path
    summary: Summary
    seconds: float

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.folder / table).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


def path_of(name: str) -> str:
    return f"/private/{name}" if name == "robots say no" else f"/{name}"


def page(names: list[str]) -> bytes:
    shown = "".join(f'<img src="{path_of(name)}">'.replace("?", "%3F") for name in names)
    return f"<html><meta charset=utf-8>{shown}</html>".encode()


def collect(address: str, folder: Path, site: Site | None = None) -> Run:
    site = site or Site(start=[f"{address}/"], pictures="img@src")
    start = time.monotonic()
    with (
        Store(folder / "store") as store,
        PoliteSession(LIMITS) as session,
        Meter("test") as meter,
    ):
        entries = collect_sites({"hostile": site}, {"hostile": site.start}, session, store, meter)
        summary = write_collection(folder / "out", entries, min_side=32, near_duplicate_bits=2)
    return Run(folder / "out", folder / "store", summary, time.monotonic() - start)


@pytest.fixture(scope="module")
def server() -> Iterator[h.Hostile]:
    goods = {f"/good {number}.jpg": h.good(h.jpeg(number)) for number in range(GOOD)}
    faults = {path_of(name): behaviour for name, (behaviour, _) in FAILS.items()}
    arrives = {unquote(path_of(name)): behaviour for name, behaviour in ARRIVES.items()}
    names = [*FAILS, *ARRIVES]
    mixed = [*names[::2], *(name[1:] for name in goods), *names[1::2]]
    pages = {
        "/": h.good(page(mixed), content_type="text/html; charset=koi8-r"),
        "/moved/here.jpg": h.good(picture(21)),
        "/robots.txt": h.good(b"User-agent: *\nDisallow: /private/\n"),
    }
    with h.hostile({**pages, **goods, **arrives, **faults}) as running:
        yield running


@pytest.fixture(scope="module")
def run(server: h.Hostile, tmp_path_factory: pytest.TempPathFactory) -> Run:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = collect(server.address, tmp_path_factory.mktemp("hostile"))
    result.grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # type: ignore[attr-defined]
    return result


def name_in(url: str) -> str:
    return url.removeprefix("http://127.0.0.1/").replace("%3F", "?")


def test_all_good_pictures_arrive_whatever_stands_between_them(run: Run) -> None:
    arrived = {name_in(row["url"]) for row in run.rows("manifest.csv")}
    assert {f"good {number}.jpg" for number in range(GOOD)} <= arrived


@pytest.mark.parametrize("name", ARRIVES)
def test_arrives_all_the_same(name: str, run: Run) -> None:
    rows = [row for row in run.rows("manifest.csv") if name_in(row["url"]) == name]
    assert len(rows) == 1, [row for row in run.rows("rejects.csv") if name_in(row["url"]) == name]
    file = run.folder / rows[0]["file"]
    assert file.parent == run.folder / "images"
    assert file.stat().st_size == int(rows[0]["bytes"])
    with Image.open(file) as opened:
        opened.load()


@pytest.mark.parametrize("name", FAILS)
def test_is_listed_with_its_reason(name: str, run: Run) -> None:
    rows = [row for row in run.rows("rejects.csv") if name_in(row["url"]) == path_of(name)[1:]]
    assert len(rows) == 1
    assert FAILS[name][1] in rows[0]["reason"]
    assert rows[0]["page"] == "http://127.0.0.1/"


def test_what_a_site_forbids_and_what_is_too_small_is_no_failure(run: Run) -> None:
    kinds = {name_in(row["url"]): row["kind"] for row in run.rows("rejects.csv")}
    unwanted = {name for name, kind in kinds.items() if kind == "unwanted"}
    assert unwanted == {"private/robots say no", "too small"}
    assert run.summary == (GOOD + len(ARRIVES), len(FAILS) - 2, 2)


def test_a_forbidden_address_is_never_asked_for(server: h.Hostile, run: Run) -> None:
    assert server.asked("/private/robots say no") == []


def test_nothing_half_written_remains(run: Run) -> None:
    kept = {row["file"] for row in run.rows("manifest.csv")}
    files = {file.relative_to(run.folder).as_posix() for file in run.folder.rglob("*")}
    assert files == kept | {"images", "manifest.csv", "rejects.csv"}
    assert [file.name for file in (run.store / "pictures").iterdir() if "part" in file.name] == []


def test_time_and_memory_are_bounded(run: Run) -> None:
    """Many faults use up their 3 s, eight at a time; the bombs alone hold 10 GB unpacked."""
    assert run.seconds < 30
    assert run.grown < 300_000  # type: ignore[attr-defined]  # kB


def test_a_broken_off_picture_is_gone_on_with(server: h.Hostile, run: Run) -> None:
    first, second = server.asked("/reset in mid-body")
    assert "range" not in first.headers
    assert second.headers["range"] == "bytes=900-"
    assert second.headers["if-range"] == '"v1"'


def test_every_request_says_who_asks(server: h.Hostile, run: Run) -> None:
    agents = {request.headers["user-agent"] for request in server.requests}
    assert agents == {"clearscene/0.1.0 (+tests@example.invalid)"}


def test_the_next_run_asks_for_the_missing_only_and_gives_the_same_bytes(
    server: h.Hostile, run: Run
) -> None:
    before, seen = files_of(run.folder), len(server.requests)
    again = collect(server.address, run.folder.parent)
    asked = {request.path for request in server.requests[seen:]}
    good = {f"/{name_in(row['url'])}" for row in again.rows("manifest.csv")}
    assert asked & good == set()
    assert files_of(run.folder) == before


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
