"""Who may ask, and what browsers are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.editing.studio import Studio
from pipeline.errors import UsageError
from pipeline.serving.web import Limits, create_app
from tests.serving.web.house import picture, serving

KEY = "correct-horse"
SITE = "https://site.example"


@pytest.fixture(scope="module")
def guarded(studio: Studio) -> Iterator[httpx.Client]:
    """A server with a key, for one other site, under one name."""
    limits = Limits(origins=(SITE,), hosts=("127.0.0.1",))
    with serving(studio, limits, KEY) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"X-API-Key": KEY}, 200),
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"Authorization": f"bearer  {KEY}"}, 200),
    ],
)
def test_the_key_opens(guarded: httpx.Client, headers: dict[str, str], status: int) -> None:
    answer = guarded.post("/api/cutout", files={"image": picture()}, headers=headers)
    assert answer.status_code == status
    assert guarded.get("/api/models", headers=headers).status_code == status
    if status == 401:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["", "two words", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_at_the_start(studio: Studio, key: str) -> None:
    with pytest.raises(UsageError, match="ASCII"):
        create_app(studio, api_key=key)


def test_page_and_health_need_no_key(guarded: httpx.Client) -> None:
    for path in ("/", "/page.css", "/docs", "/openapi.json", "/healthz"):
        assert guarded.get(path).status_code == 200


def test_other_sites_may_not_call_unless_they_are_named(
    guarded: httpx.Client, client: httpx.Client
) -> None:
    key = {"X-API-Key": KEY}
    named = guarded.get("/api/models", headers={**key, "Origin": SITE})
    assert named.status_code == 200
    assert named.headers["access-control-allow-origin"] == SITE
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    leave = guarded.options(
        "/api/cutout", headers={**asked, "Access-Control-Request-Headers": "x-api-key"}
    )
    assert leave.status_code == 200
    for one, headers in ((guarded, key), (client, {})):
        other = one.get("/api/models", headers={**headers, "Origin": "https://evil.example"})
        assert other.status_code == 403
        assert "access-control-allow-origin" not in other.headers
    own = {"Origin": str(client.base_url).rstrip("/")}
    assert client.get("/api/models", headers=own).status_code == 200
    assert (
        client.get("/api/models", headers={**own, "Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    leave = client.options("/api/cutout", headers=asked)
    assert leave.status_code == 405
    assert "access-control-allow-origin" not in leave.headers


def test_another_name_of_the_server_is_refused(guarded: httpx.Client) -> None:
    answer = guarded.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert guarded.get("/", headers={"Host": "127.0.0.1:80"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/models", "/healthz", "/nothing", "/api/cutout"])
def test_every_answer_has_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"].startswith("camera=(self)")
    assert headers["cache-control"] == ("no-store" if path.startswith("/api/") else "no-cache")


def test_the_headers_are_on_defects_and_refusals_too(guarded: httpx.Client) -> None:
    assert "content-security-policy" in guarded.get("/api/models").headers


def test_no_file_beside_those_of_the_page_is_given_out(client: httpx.Client) -> None:
    for path in ("/app.py", "/../app.py", "/%2e%2e/app.py", "/page/../../app.py", "/index.html"):
        assert client.get(path).status_code == 404
    assert Path(__file__).exists()
