"""The page over all networks, opened from disk in a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from pipeline.evaluation import KINDS, OURS
from pipeline.evaluation.judging import Judged, confusion_table, score_table, summarise
from pipeline.images import write_png
from pipeline.metrics.curves import level_counts, precision_recall
from pipeline.metrics.masks import confusion_counts, mask_scores
from pipeline.params import Report
from pipeline.reporting.files import SHEETS, write_skipped
from pipeline.reporting.page import write_page
from pipeline.reporting.summary import GROUP_COLUMNS, group_rows, summary_table
from pipeline.sheets import notice
from tests.browser import chromium, needs_chromium

HOW = Report(interval=0.95, resamples=100)
PICTURES = 12
HOSTILE = "<script>alert(1)</script>"
"""As the name of a test picture."""


def judged(number: int) -> Judged:
    rng = np.random.default_rng(number)
    truth = np.zeros((20, 20), bool)
    truth[:, : 5 + number % 7] = True
    probability = np.clip(truth * 0.7 + rng.random((20, 20)) * 0.5, 0, 1).astype(np.float32)
    masks = {OURS: probability > 0.6, "grabcut": truth[::-1, ::-1], "mean_mask": ~truth}
    counts = {name: confusion_counts(mask, truth) for name, mask in masks.items()}
    scores = {name: {**mask_scores(one), "boundary_f": 0.5} for name, one in counts.items()}
    name = {3: HOSTILE, 4: "00012", 5: "NA"}.get(number, f"picture_{number}")
    size = (number * 7) % PICTURES + 0.5  # 10.5 after 9.5: not the order of the letters
    traits: dict[str, float | str] = {"size": size, "position": 0.1, "brightness": 90.0}
    return Judged(name, "source", scores, counts, traits, level_counts(probability, truth))


def write_network(folder: Path) -> None:
    """What evaluation leaves of a network of masks."""
    kind, pictures = KINDS[folder.name], [judged(number) for number in range(PICTURES)]
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(summarise(pictures)))
    curve = precision_recall([one.levels for one in pictures if one.levels])
    history = [{"epoch": e, "lr": 0.1, "train_loss": 1 / e, "val_loss": 1.2 / e, "val_jaccard": 0.5}
               for e in (1, 2, 3)]  # fmt: skip
    for name, rows in (
        ("scores", score_table(pictures, kind)), ("confusion", confusion_table(pictures)),
        ("pr_curve", [point._asdict() for point in curve]), ("history", history),
    ):  # fmt: skip
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    groups = group_rows(pictures, kind, HOW)
    pd.DataFrame(groups, columns=list(GROUP_COLUMNS)).to_csv(folder / "groups.csv", index=False)
    for name in SHEETS:
        write_png(folder / name, notice(f"the sheet {name} of {folder.name}"))
    (folder / "model_card.md").write_text(f"# {folder.name}\n")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two networks with scores, one that was skipped."""
    reports = tmp_path_factory.mktemp("site") / "reports"
    write_network(reports / "person_se")
    write_network(reports / "central_person")
    (reports / "shadow").mkdir()
    write_skipped(reports / "shadow", "shadow", "there are no scenes")
    (reports / "data").mkdir()
    write_png(reports / "data" / "pairs.png", notice("pairs"))
    summary_table(reports, HOW).to_csv(reports / "summary.csv", index=False)
    write_page(reports)
    return reports


def test_the_same_reports_make_the_same_page(reports: Path, tmp_path: Path) -> None:
    copy = tmp_path / "reports"
    shutil.copytree(reports, copy)
    write_page(copy)
    assert (copy / "index.html").read_bytes() == (reports / "index.html").read_bytes()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(reports: Path, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page alone, away from all other reports; nothing may be asked for or complained about."""
    shutil.copy(reports / "index.html", tmp_path)
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto((tmp_path / "index.html").as_uri())
    yield page
    assert [url for url in asked if not url.startswith("data:")] == [
        (tmp_path / "index.html").as_uri()
    ]
    assert complaints == []
    page.close()


@needs_chromium
def test_every_network_stands_on_it_with_baseline_interval_and_published_figure(
    page: Page, reports: Path
) -> None:
    row = page.locator("main table").first.locator("tbody tr", has_text="central_person")
    text = row.inner_text()
    metrics = json.loads((reports / "central_person/metrics.json").read_text())
    assert f"{metrics['jaccard']:.4f}" in text
    assert "0.8659" in text
    assert " to " in text
    assert "is better than" in text
    skipped = page.locator("main table").first.locator("tbody tr", has_text="there are no scenes")
    assert skipped.count() == 1
    assert "chosen on these very pictures" in page.locator("dl").inner_text()
    charts = page.locator("#person_se .charts [role=img]")
    assert charts.count() == 4
    assert charts.first.get_attribute("aria-label") == "Loss of training and validation by epoch"


@needs_chromium
def test_a_title_sorts_its_table_up_and_down_by_number(page: Page) -> None:
    chapter = page.locator("#person_se")
    chapter.locator("summary", has_text="test pictures").click()
    table = chapter.locator("details table").first
    place = table.locator("thead th").all_inner_texts().index("size")
    column = table.locator(f"tbody td:nth-child({place + 1})")
    for wanted in ("ascending", "descending"):
        table.get_by_role("button", name="size", exact=True).click()
        values = [float(text) for text in column.all_inner_texts()]
        assert values == sorted(values, reverse=wanted == "descending")
        assert table.locator("thead th").nth(place).get_attribute("aria-sort") == wanted
    assert len(values) == PICTURES


@needs_chromium
def test_names_of_pictures_are_text_and_nothing_else(page: Page) -> None:
    assert page.locator("#person_se td", has_text=HOSTILE).count() == 1
    page.locator("#person_se summary", has_text="test pictures").click()
    for name in ("00012", "NA"):
        assert page.locator("#person_se td").get_by_text(name, exact=True).count() == 1


@needs_chromium
def test_a_picture_opens_large_by_keyboard_and_closes_again(page: Page) -> None:
    picture = page.get_by_role("button", name="Enlarge: person_se, The worst")
    picture.focus()
    page.keyboard.press("Enter")
    large = page.locator("dialog img")
    assert large.evaluate("image => image.naturalWidth") == notice("x").shape[1]
    size = page.get_by_role("button", name="Every pixel")
    size.focus()
    page.keyboard.press("Enter")
    assert size.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert not large.is_visible()


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_light_and_dark(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def brightness(selector: str, style: str) -> float:
        colour = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{style}")
        return sum(float(part) for part in colour[4:-1].split(",")[:3])

    paper, ink = brightness("body", "backgroundColor"), brightness("body", "color")
    axis = brightness(".charts svg text", "fill")
    assert (paper > ink) == (scheme == "light")
    assert axis == ink


@needs_chromium
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
