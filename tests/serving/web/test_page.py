"""The page in a real browser, before a real server."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pipeline.editing.studio import Studio
from pipeline.serving.web import Limits
from tests.browser import WEBCAM, chromium, needs_chromium
from tests.serving.web.house import (
    GatedStudio,
    ShuttingStudio,
    cutout,
    encoded,
    picture,
    serving,
)

pytestmark = [needs_chromium, pytest.mark.long]
PHOTO, SCENE, MAN = picture(120, 160, seed=3), picture(200, 300, seed=4), cutout(60, 40)
PATIENCE = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WEBCAM) as browser:
        yield browser


@pytest.fixture(scope="module")
def address(studio: Studio) -> Iterator[str]:
    with serving(studio) as address:
        yield address


class Watched:
    """A page of which every request and complaint is noted."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.page = browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **options})
        self.page.set_default_timeout(PATIENCE)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.address = address

    def check(self, complaints: int = 0) -> None:
        """Nothing was asked of another machine, and nothing complained about."""
        own = (self.address, self.address.replace("http", "ws"), f"blob:{self.address}")
        assert [url for url in self.asked if not url.startswith(own)] == []
        assert len(self.complaints) == complaints, self.complaints
        self.page.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    watched = Watched(browser, address)
    yield watched.page
    watched.check()


def file(name: str, content: bytes, kind: str = "image/png") -> Any:
    return {"name": name, "mimeType": kind, "buffer": content}


def drop(page: Page, target: str, name: str, content: bytes) -> None:
    """Drop a file as the mouse does."""
    carried = page.evaluate_handle(
        """([name, bytes]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
            return carried;
        }""",
        [name, list(content)],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(target, event, {"dataTransfer": carried})


def downloaded(page: Page, button: str) -> tuple[bytes, str]:
    with page.expect_download() as waited:
        page.click(button)
    return Path(waited.value.path()).read_bytes(), waited.value.suggested_filename


def asked(address: str, path: str, files: dict[str, bytes], **fields: str) -> bytes:
    answer = httpx.post(f"{address}/api/{path}", files=files, data=fields, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.content


def cut(page: Page) -> None:
    page.click("#cut .primary")
    page.wait_for_selector("#cut .download:enabled")


def test_a_dropped_picture_is_cut_out_compared_and_downloaded(page: Page, address: str) -> None:
    drop(page, "#cut .stage", "me.png", PHOTO)
    page.wait_for_selector("#cut .primary:enabled")
    cut(page)
    slider = page.locator("#cut").get_by_label("Compare: how much of the original")
    before = page.locator("#cut .before")
    box = page.locator("#cut figure").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 5, box["y"] + 40, steps=4)
    page.mouse.up()
    assert 15 <= int(slider.input_value()) <= 25
    shown = before.evaluate("node => getComputedStyle(node).clipPath")
    assert f"{100 - int(slider.input_value())}%" in shown
    content, name = downloaded(page, "#cut .download")
    assert name == "me-cutout.png"
    assert content == asked(address, "cutout", {"image": PHOTO})
    assert "person_se" in page.locator("#cut .made").inner_text()


def test_backgrounds_formats_and_options_reach_the_server(page: Page, address: str) -> None:
    page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
    cut(page)
    page.get_by_role("radio", name="Colour").first.check(force=True)
    page.locator("#cut [name=colour]").fill("#1e90ff")
    page.get_by_label("File type").first.select_option("webp")
    content, name = downloaded(page, "#cut .download")
    assert name == "me-cutout.webp"
    fields = {"background": "#1e90ff", "format": "webp"}
    assert content == asked(address, "cutout", {"image": PHOTO}, **fields)
    page.locator("#cut [value=picture]").check(force=True)
    page.click("#cut .primary")
    expect(page.locator("#cut .note")).to_contain_text("background picture")
    page.set_input_files("#cut .panel input[type=file]", file("sea.png", SCENE))
    content, _ = downloaded(page, "#cut .download")
    files = {"image": PHOTO, "picture": SCENE}
    fields = {"background": "picture", "format": "webp"}
    assert content == asked(address, "cutout", files, **fields)
    page.locator("#cut [value=blur]").check(force=True)
    page.get_by_label("Mask only").check()
    page.locator("#cut").get_by_label("Who").select_option("person_bce_dice")
    content, _ = downloaded(page, "#cut .download")
    fields = {"model": "person_bce_dice", "mask": "true", "format": "webp"}
    assert content == asked(address, "cutout", {"image": PHOTO}, **fields)


def test_a_pasted_picture_is_taken(page: Page) -> None:
    page.evaluate(
        """bytes => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried}));
        }""",
        list(PHOTO),
    )
    page.wait_for_selector("#cut .primary:enabled")
    expect(page.locator("#status")).to_contain_text("pasted.png, 160 by 120 pixels")


def test_cars_are_removed_and_the_result_becomes_a_scene(page: Page, address: str) -> None:
    page.click("#tab-cars")
    page.set_input_files("#cars .stage input[type=file]", file("road.png", SCENE))
    page.get_by_label("Remove their shadows too").uncheck()
    page.click("#cars .primary")
    page.wait_for_selector("#cars .download:enabled")
    content, name = downloaded(page, "#cars .download")
    assert name == "road-without-cars.png"
    assert content == asked(address, "remove-cars", {"image": SCENE}, shadow="false")
    page.click("#cars .onward")
    expect(page.locator("#tab-place")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#place .ground")).to_be_visible()


def test_a_cutout_is_dragged_sized_and_casts_its_shadow(page: Page, address: str) -> None:
    page.click("#tab-place")
    drop(page, "#place .stage", "scene.png", SCENE)
    page.wait_for_selector("#place figure:visible")
    page.set_input_files("#place .panel input[type=file]", file("man.png", MAN))
    piece = page.locator("#place .piece")
    column, row = page.locator("#place [name=x]"), page.locator("#place [name=y]")
    expect(piece).to_be_visible()
    scene = page.locator("#place figure").bounding_box()
    held = piece.bounding_box()
    assert scene is not None
    assert held is not None
    start = int(column.input_value()), int(row.input_value())
    centre = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
    page.mouse.move(*centre)
    page.mouse.down()
    page.mouse.move(centre[0] - 80, centre[1] - 20, steps=5)
    page.mouse.up()
    shrunk = 300 / scene["width"]
    assert abs(int(column.input_value()) - (start[0] - 80 * shrunk)) <= 1
    assert abs(int(row.input_value()) - (start[1] - 20 * shrunk)) <= 1
    size = page.locator("#place [name=scale]")
    before = float(size.input_value())
    page.mouse.wheel(0, -100)
    page.wait_for_function(
        "before => document.querySelector('#place [name=scale]').value > before", arg=before
    )
    piece.focus()
    at = int(column.input_value())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    assert int(column.input_value()) == at + 6 - 1
    page.keyboard.press("-")
    page.click("#place .primary")
    page.wait_for_selector("#place .download:enabled")
    content, name = downloaded(page, "#place .download")
    assert name == "scene-with-shadow.png"
    label = piece.get_attribute("aria-label") or ""
    assert f"column {column.input_value()} of 300" in label
    page.get_by_label("What to keep").select_option("layer")
    layer, _ = downloaded(page, "#place .download")
    scale = piece.evaluate("node => parseFloat(node.style.height) / 100")
    where = {"x": column.input_value(), "y": row.input_value(), "scale": str(scale)}
    files = {"scene": SCENE, "cutout": MAN}
    assert content == asked(address, "cast-shadow", files, **where)
    assert layer == asked(address, "cast-shadow", files, part="layer", **where)


def test_what_was_cut_out_is_placed_with_a_finger(browser: Browser, web_models: Path) -> None:
    studio = Studio(web_models, download=False, backend="torch")
    with serving(studio) as address:
        watched = Watched(browser, address, viewport={"width": 390, "height": 844}, has_touch=True)
        page = watched.page
        page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
        cut(page)
        page.tap("#cut .onward")
        expect(page.locator("#tab-place")).to_have_attribute("aria-selected", "true")
        page.set_input_files("#place .stage input[type=file]", file("scene.png", SCENE))
        piece = page.locator("#place .piece")
        expect(piece).to_be_visible()
        at = int(page.locator("#place [name=x]").input_value())
        held = piece.bounding_box()
        assert held is not None
        x, y = held["x"] + held["width"] / 2, held["y"] + held["height"] / 2
        speaker = page.context.new_cdp_session(page)
        for kind, points in (
            ("touchStart", [{"x": x, "y": y}]),
            ("touchMove", [{"x": x + 25, "y": y}]),
            ("touchMove", [{"x": x + 50, "y": y}]),
            ("touchEnd", []),
        ):
            speaker.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        assert int(page.locator("#place [name=x]").input_value()) > at + 20
        watched.check()


def test_the_webcam_runs_and_stops(page: Page) -> None:
    page.click("#tab-webcam")
    page.locator("#webcam [value=colour]").check(force=True)
    page.click("#webcam .primary")
    page.wait_for_selector("#webcam .download:enabled")
    page.wait_for_function(
        "() => parseFloat(document.querySelector('#webcam .rate').textContent) > 0"
    )
    assert page.locator("#webcam .delay").inner_text().endswith(" ms")
    content, _ = downloaded(page, "#webcam .download")
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    assert pixels.shape[1] == 640
    assert (pixels[..., 3] == 255).all()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#webcam figure")).to_be_hidden()
    page.click("#webcam .primary")
    page.wait_for_selector("#webcam .download:enabled")
    page.click("#tab-cut")
    expect(page.locator("#webcam .primary")).to_have_text("Start the webcam")


def test_a_server_with_enough_webcams_says_so(browser: Browser, studio: Studio) -> None:
    with serving(studio, Limits(webcams=0)) as address:
        watched = Watched(browser, address)
        watched.page.click("#tab-webcam")
        watched.page.click("#webcam .primary")
        expect(watched.page.locator("#webcam .note")).to_contain_text("busy")
        watched.check()


def test_nobody_and_no_car_are_told(browser: Browser, web_models: Path) -> None:
    dark = encoded(np.full((40, 50, 3), 10, np.uint8))
    with serving(ShuttingStudio(web_models, download=False)) as address:
        watched = Watched(browser, address)
        page = watched.page
        drop(page, "#cut .stage", "night.png", dark)
        cut(page)
        expect(page.locator("#cut .note")).to_contain_text("Nobody was found")
        page.click("#tab-cars")
        page.set_input_files("#cars .stage input[type=file]", file("night.png", dark))
        page.click("#cars .primary")
        expect(page.locator("#cars .note")).to_contain_text("No car was found")
        expect(page.locator("#status")).to_contain_text("No car was found")
        watched.check()


def test_the_weights_are_shown(page: Page, studio: Studio) -> None:
    page.click("#tab-weights")
    first = studio.served()[0]
    card = page.locator("#weights .card").first
    expect(card).to_contain_text(first.git_revision)
    expect(card).to_contain_text(f"{first.scores['jaccard']:.4g}")
    assert card.locator(f"[title='{first.data_sha256}']").count() == 1
    assert page.locator("#weights .card").count() == len(studio.served())


def test_errors_are_readable(browser: Browser, address: str) -> None:
    watched = Watched(browser, address)
    page = watched.page
    page.set_input_files(
        "#cut .stage input[type=file]", file("page.jpg", b"<html>no picture</html>")
    )
    expect(page.locator("#cut .note")).to_contain_text("cannot show page.jpg")
    page.click("#cut .primary")
    expect(page.locator("#cut .note.wrong")).to_contain_text("whatever its name says")
    watched.check(complaints=1)  # Chromium tells the console of each 4xx


def test_a_picture_beyond_the_limit_is_not_sent(browser: Browser, studio: Studio) -> None:
    with serving(studio, Limits(upload_bytes=20_000)) as address:
        watched = Watched(browser, address)
        watched.page.wait_for_load_state("networkidle")
        watched.page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
        expect(watched.page.locator("#cut .note.wrong")).to_contain_text("me.png has 0.1 MiB")
        watched.check()


def test_work_is_cancelled_and_leaves_the_line(browser: Browser, web_models: Path) -> None:
    studio = GatedStudio.of(web_models)
    with serving(studio) as address:
        watched = Watched(browser, address)
        page = watched.page
        page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
        page.click("#cut .primary")
        expect(page.locator("#cut .busy .word")).to_contain_text("Cutting out")
        page.click("#cut .cancel")
        expect(page.locator("#cut .note")).to_have_text("Cancelled.")
        studio.gate.set()
        cut(page)
        watched.check()


def test_a_busy_server_is_asked_again(browser: Browser, web_models: Path) -> None:
    studio = GatedStudio.of(web_models)
    with serving(studio, Limits(places=1)) as address:
        first, second = Watched(browser, address), Watched(browser, address)
        for watched in (first, second):
            watched.page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
            watched.page.click("#cut .primary")
            expect(watched.page.locator("#cut .busy")).to_be_visible()
        expect(second.page.locator("#cut .busy .word")).to_contain_text("busy, waiting")
        studio.gate.set()
        for watched in (first, second):
            watched.page.wait_for_selector("#cut .download:enabled")
        first.check()
        second.check(len(second.complaints))
        assert all("503" in one for one in second.complaints)


def test_the_key_is_asked_for_and_kept(browser: Browser, studio: Studio) -> None:
    with serving(studio, api_key="sesame") as address:
        watched = Watched(browser, address)
        page = watched.page
        page.get_by_label("Key").fill("wrong")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#key input').value === ''")
        page.get_by_label("Key").fill("sesame")
        page.keyboard.press("Enter")
        expect(page.locator("#key")).to_be_hidden()
        page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
        cut(page)
        page.click("#tab-webcam")
        page.click("#webcam .primary")
        page.wait_for_selector("#webcam .download:enabled")
        watched.check(complaints=2)
        assert all("401" in one for one in watched.complaints)


def test_all_is_done_from_the_keyboard(page: Page, address: str) -> None:
    def tab_to(target: str) -> None:
        for _ in range(40):
            if page.evaluate("target => document.activeElement.matches(target)", target):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"the keyboard does not reach {target}")

    # Heard from now on: asked for just before the key, the chooser may open unheard.
    page.on("filechooser", lambda _: None)
    tab_to(".skip")
    tab_to("[role=tab]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-cars")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    tab_to("#cut .stage input[type=file]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file("me.png", PHOTO))
    expect(page.locator("#cut .primary")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#cut .download:enabled")
    expect(page.locator("#status")).to_contain_text(re.compile("^(Cut out|Nobody was found)"))
    page.keyboard.press("Shift+Tab")
    tab_to("#cut .download")
    with page.expect_download():
        page.keyboard.press("Enter")
    page.locator("#tab-cut").focus()
    tab_to("#cut figure input")
    page.keyboard.press("End")
    assert page.locator("#cut figure input").input_value() == "100"


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_needs_no_sideways_scrolling(browser: Browser, address: str, width: int) -> None:
    watched = Watched(browser, address, viewport={"width": width, "height": 800})
    page = watched.page
    for name in ("cut", "cars", "place", "webcam", "weights"):
        page.click(f"#tab-{name}")
        if name == "cut":
            page.set_input_files("#cut .stage input[type=file]", file("me.png", PHOTO))
            cut(page)
        if name == "weights":
            page.wait_for_selector(".card")
        inner = page.evaluate("document.documentElement.scrollWidth")
        assert inner <= width, name
    page.goto(f"{address}/docs")
    page.wait_for_selector("article")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    watched.check()


def test_every_control_has_a_name(page: Page) -> None:
    for name in ("cut", "cars", "place", "webcam"):
        page.click(f"#tab-{name}")
        nameless = page.evaluate(
            """name => [...document.querySelectorAll(`#${name} :is(input, select, button)`)]
                .filter(one => !one.labels?.length && !one.ariaLabel && !one.textContent.trim())
                .map(one => one.outerHTML)""",
            name,
        )
        assert nameless == []
