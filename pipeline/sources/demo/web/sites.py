"""The demo's two sites: a folder of pictures, served on loopback as two real galleries show theirs.

`gallery` has the structure of a DataLife Engine site (oir.mobi): albums linked from a listing in
pages, thumbnails in `thumbs/` beside the full pictures. `catalogue` has that of motorpage.ru:
makes, models, photo pages, and the pictures on a host of their own.

Like real sites they are not perfect: one link leads to a page instead of a picture, one picture is
shown twice under other addresses, a logo stands among the pictures, and one picture lies where
robots.txt does not allow to fetch it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from PIL import Image

from pipeline.sources.demo.web.server import Answer, page, serving
from pipeline.sources.folder import list_pictures

ALBUM = 8
"""Pictures on one album page."""
LISTING = 4
"""Albums on one page of the listing."""
FIRST_TIME = 1_700_000_000
"""What a gallery puts into file names: when they were uploaded, in seconds."""
ROBOTS = "User-agent: *\nDisallow: /engine/\n"

T = TypeVar("T")
Site = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def gallery(folder: Path) -> Iterator[str]:
    """Serve the pictures of a folder, an album for every few of one theme (`<theme>_<n>.jpg`).

    Gives the address of the site.

    Raises:
        MissingFolder: It is not there.
    """
    answers: dict[str, Answer] = {"/robots.txt": Answer("text/plain", ROBOTS.encode)}
    albums = [
        (theme, part)
        for theme, files in groupby(list_pictures(folder), key=_group)
        for part in _parts(list(files), ALBUM)
    ]
    for number, (theme, files) in enumerate(albums, start=1):
        shown = [_upload(answers, number, place, file) for place, file in enumerate(files, start=1)]
        if number == 1:
            shown += _blemishes(answers, files[0])
        answers[_album_path(theme, number)] = page(_gallery_page(theme, shown))
    listings = _parts(list(enumerate(albums, start=1)), LISTING)
    for number, listed in enumerate(listings, start=1):
        links = [(_album_path(theme, album), theme) for album, (theme, _) in listed]
        listing = page(_listing_page(links, number, len(listings)))
        answers[f"/page/{number}/"] = listing
        if number == 1:
            answers["/"] = listing
    with serving(answers) as address:
        yield address


@contextmanager
def catalogue(folder: Path) -> Iterator[str]:
    """Serve the pictures of a folder by make and model (`<make>_<model>_<n>.jpg`).

    Gives the address of the site; the pictures come from another port.

    Raises:
        MissingFolder: It is not there.
    """
    pictures: dict[str, Answer] = {"/robots.txt": Answer("text/plain", ROBOTS.encode)}
    answers: dict[str, Answer] = {"/robots.txt": Answer("text/plain", ROBOTS.encode)}
    by_model = [(model, list(files)) for model, files in groupby(list_pictures(folder), key=_group)]
    with ExitStack() as stack:
        cdn = stack.enter_context(serving(pictures))
        makes: dict[str, list[str]] = {}
        for group, files in by_model:
            make, _, model = group.partition("_")
            make, model = make.capitalize(), (model or "base").capitalize()
            makes.setdefault(make, []).append(model)
            addresses = [f"{cdn}{_photo(pictures, file)}" for file in files]
            answers[f"/{make}/{model}/last/"] = page(_model_page(make, model))
            answers[f"/{make}/{model}/mk1/photos/"] = page(_photos_page(make, model, addresses))
        for make, models in makes.items():
            answers[f"/{make}/"] = page(_make_page(make, models))
        answers["/select-auto/by-mark.html"] = page(_makes_page(list(makes)))
        yield stack.enter_context(serving(answers))


SITES: dict[str, Site] = {"backgrounds": gallery, "cars": catalogue}
"""Which site shows what."""


def _group(file: Path) -> str:
    return file.stem.rpartition("_")[0] or "all"


def _parts(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _album_path(theme: str, number: int) -> str:
    return f"/{theme}/{100 + number}-{theme}.html"


def _upload(answers: dict[str, Answer], album: int, place: int, file: Path) -> str:
    """Serve a picture and its thumbnail; gives the thumbnail's path."""
    folder = f"/uploads/posts/2023-{1 + album % 12:02d}"
    name = f"{FIRST_TIME + 1000 * album}_{place}-{_group(file)}{file.suffix}"
    answers[f"{folder}/{name}"] = Answer("image/jpeg", file.read_bytes)
    answers[f"{folder}/thumbs/{name}"] = Answer("image/jpeg", lambda: _thumbnail(file, 4))
    return f"{folder}/thumbs/{name}"


def _blemishes(answers: dict[str, Answer], file: Path) -> list[str]:
    """What a collector meets on a real page, as thumbnails' paths."""
    folder = "/uploads/posts/2023-01"
    gone = Answer("image/jpeg", _html("Moved", "<p>This picture has moved.</p>").encode)
    logo = Answer("image/jpeg", lambda: _thumbnail(file, 16))
    answers[f"{folder}/gone.jpg"] = gone
    answers[f"{folder}/twice.jpg"] = Answer("image/jpeg", file.read_bytes)
    answers[f"{folder}/logo.jpg"] = logo
    answers["/engine/uploads/posts/banner.jpg"] = logo
    shown = [f"{folder}/thumbs/{name}.jpg" for name in ("gone", "twice", "logo")]
    return [*shown, "/engine/uploads/posts/thumbs/banner.jpg"]


def _photo(answers: dict[str, Answer], file: Path) -> str:
    """Serve a photo and its thumbnail on the pictures' host; gives the thumbnail's path."""
    answers[f"/Photos/800/{file.name}"] = Answer("image/jpeg", file.read_bytes)
    answers[f"/Photos/250/{file.name}"] = Answer("image/jpeg", lambda: _thumbnail(file, 3))
    return f"/Photos/250/{file.name}"


def _thumbnail(file: Path, factor: int) -> bytes:
    stream = io.BytesIO()
    with Image.open(file) as image:
        image.reduce(factor).save(stream, format="JPEG")
    return stream.getvalue()


def _html(title: str, body: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{escape(title)}</title></head>"
        f'<body><header><a href="/"><img src="/templates/logo.png" alt=""></a></header>{body}'
        "<footer><a href=\"/rules.html\">Rules</a></footer></body></html>"
    )  # fmt: skip


def _listing_page(links: Sequence[tuple[str, str]], number: int, count: int) -> str:
    stories = "".join(
        f'<article class="short"><h2><a href="{escape(path)}">{escape(theme)}</a></h2></article>'
        for path, theme in links
    )
    numbers = "".join(
        f"<span>{each}</span> " if each == number else f'<a href="/page/{each}/">{each}</a> '
        for each in range(1, count + 1)
    )
    return _html(
        "Wallpapers",
        f'<div id="dle-content">{stories}<div class="navigation">{numbers}</div></div>',
    )


def _gallery_page(theme: str, thumbnails: Sequence[str]) -> str:
    shown = "".join(
        f'<a class="highslide" href="{path.replace("/thumbs/", "/")}"><img src="{path}"></a>'
        for path in thumbnails
    )
    return _html(theme, f'<div id="dle-content"><h1>{escape(theme)}</h1>{shown}</div>')


def _makes_page(makes: Sequence[str]) -> str:
    items = "".join(
        '<li class="col-xs-6 col-sm-4 col-md-3 zero-padding">'
        f'<a href="/{make}/"><img src="/Marks/{make}.png" alt="{make}">{make}</a></li>'
        for make in makes
    )
    return _html("By mark", f"<ul>{items}</ul>")


def _make_page(make: str, models: Sequence[str]) -> str:
    links = "".join(
        f'<li><a href="/{make}/{model}/last/">{escape(model)}</a></li>' for model in models
    )
    return _html(make, f"<ul>{links}</ul>")


def _model_page(make: str, model: str) -> str:
    return _html(model, f'<nav><a href="/{make}/{model}/mk1/photos/">Photos</a></nav>')


def _photos_page(make: str, model: str, addresses: Sequence[str]) -> str:
    shown = "".join(f'<div><img src="{address}"></div>' for address in addresses)
    return _html(f"{make} {model}", shown)
