"""What the server says about itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx

import pipeline.serving.web
from pipeline.editing.studio import Studio
from pipeline.serving.web import Limits
from tests.serving.web.house import serving
from tests.tiny import EXPORTABLE

PAGE = Path(pipeline.serving.web.__file__).parent / "page"


def test_health_tells_length_and_memory(client: httpx.Client) -> None:
    health = client.get("/healthz").json()
    assert health["status"] == "ok"
    assert (health["waiting"], health["places"]) == (0, Limits().places)
    assert health["memory_bytes"] > 2**20


def test_models_are_those_on_the_cards(client: httpx.Client, web_models: Path) -> None:
    models = {one["network"]: one for one in client.get("/api/models").json()}
    assert set(models) == set(EXPORTABLE)
    for network, told in models.items():
        card = json.loads((web_models / network / "best.json").read_text())
        for field in ("scores", "git_revision", "data_sha256", "weights_sha256"):
            assert told[field] == card[field]
        assert told["engine"]
        assert told["origin"].startswith(f"{network}/best.pt")
        assert told["mlflow_run"] == "unknown"


def test_the_run_of_weights_is_looked_up_by_their_hash(studio: Studio) -> None:
    first = studio.served()[0]
    runs = {first.weights_sha256: "run-7"}
    with serving(studio, runs=runs.get) as address:
        told = {
            one["network"]: one["mlflow_run"] for one in httpx.get(f"{address}/api/models").json()
        }
    assert told.pop(first.network) == "run-7"
    assert set(told.values()) == {"unknown"}


def test_limits_are_told_to_the_page(client: httpx.Client) -> None:
    told = client.get("/api/limits").json()
    assert told["upload_bytes"] == Limits().upload_bytes
    assert told["formats"] == ["png", "webp", "jpeg"]


def test_every_operation_is_described_with_its_fields(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    paths = described["paths"]
    assert {
        "/api/cutout",
        "/api/remove-cars",
        "/api/cast-shadow",
        "/api/models",
        "/healthz",
    } <= set(paths)
    body = paths["/api/cast-shadow"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert set(body["schema"]["required"]) == {"scene", "cutout", "x", "y"}
    assert client.get("/docs").headers["content-type"].startswith("text/html")


def test_the_page_names_no_other_machine() -> None:
    """What is asked for is checked in a browser; this finds what a browser did not come to."""
    files = [file for file in PAGE.iterdir() if file.suffix in (".html", ".css", ".js")]
    assert len(files) > 8
    for file in files:
        found = re.findall(r"(?:https?|wss?)://\S+|@import|(?<!:)//\w[\w.]+/", file.read_text())
        assert found == [], file.name


def test_no_script_or_style_stands_in_a_page() -> None:
    for file in PAGE.glob("*.html"):
        text = file.read_text()
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text) == [], file.name
