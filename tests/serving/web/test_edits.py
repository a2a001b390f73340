"""What comes back over HTTP is what the studio makes; what is wrong is a problem that says so."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from pipeline.editing.options import Cut, Place, Removal
from pipeline.editing.studio import Studio
from pipeline.photos import Format, Photo, encode_photo, read_photo
from tests.photos.kinds import BAD, GOOD, STATUS
from tests.serving.web.house import ShuttingStudio, cutout, encoded, picture, serving

SCENE, MAN = picture(96, 128, seed=5), cutout()


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_a_cutout_is_what_the_studio_makes(
    client: httpx.Client, studio: Studio, kind: Format
) -> None:
    image = picture()
    wanted = Cut(crop=True, margin=0.2)
    answer = client.post(
        "/api/cutout",
        files={"image": ("a b.png", image)},
        data={"crop": "true", "margin": "0.2", "format": kind},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"image/{kind}"
    suffix = "jpg" if kind == "jpeg" else kind
    assert f"filename*=UTF-8''a%20b-cutout.{suffix}" in answer.headers["content-disposition"]
    assert answer.content == encode_photo(studio.cut_out(read_photo(image), wanted), kind)


def test_an_answer_says_whether_there_was_anything_to_edit(web_models: Path) -> None:
    dark, bright = (encoded(np.full((40, 50, 3), level, np.uint8)) for level in (10, 200))
    studio = ShuttingStudio(web_models, download=False)
    calls: list[tuple[str, dict[str, str]]] = [
        ("cutout", {}), ("cutout", {"mask": "true"}), ("remove-cars", {}),
    ]  # fmt: skip
    with serving(studio) as address:
        for path, fields in calls:
            answers = [
                httpx.post(f"{address}/api/{path}", files={"image": image}, data=fields)
                for image in (dark, bright)
            ]
            assert [answer.status_code for answer in answers] == [200, 200]
            found = [answer.headers["X-Clearscene-Found"] for answer in answers]
            assert found == ["nothing", "something"]


@pytest.mark.parametrize("background", ["none", "blur", "white", "#1e90ff", "picture"])
def test_every_background_reaches_the_studio(
    client: httpx.Client, studio: Studio, background: str
) -> None:
    image, other = picture(), picture(40, 40, seed=2)
    behind: Any = {"white": (255, 255, 255), "#1e90ff": (30, 144, 255)}.get(background, background)
    files = {"image": image}
    if background == "picture":
        files["picture"] = other
        behind = read_photo(other)
    answer = client.post("/api/cutout", files=files, data={"background": background})
    assert answer.content == encode_photo(studio.cut_out(read_photo(image), Cut(background=behind)))


def test_a_mask_and_the_other_model(client: httpx.Client, studio: Studio) -> None:
    fields = {"mask": "on", "model": "person_bce_dice"}
    answer = client.post("/api/cutout", files={"image": SCENE}, data=fields)
    wanted = Cut("person_bce_dice", mask=True)
    assert answer.content == encode_photo(studio.cut_out(read_photo(SCENE), wanted))


@pytest.mark.parametrize("shadow", [True, False])
def test_cars_are_removed_as_the_studio_does(
    client: httpx.Client, studio: Studio, shadow: bool
) -> None:
    data = {"shadow": str(shadow), "fill": "inpaint"}
    answer = client.post("/api/remove-cars", files={"image": SCENE}, data=data)
    removed = studio.remove_cars(read_photo(SCENE), Removal("inpaint", shadow))
    assert answer.content == encode_photo(removed)


def test_a_shadow_is_cast_as_the_studio_does(client: httpx.Client, studio: Studio) -> None:
    files = {"scene": SCENE, "cutout": MAN}
    fields = {"x": "60", "y": "80", "scale": "0.4"}
    shadowed = studio.cast_shadow(read_photo(SCENE), read_photo(MAN), Place(60, 80, 0.4))
    answer = client.post("/api/cast-shadow", files=files, data=fields)
    assert answer.content == encode_photo(shadowed.composed)
    answer = client.post("/api/cast-shadow", files=files, data={**fields, "part": "layer"})
    assert answer.content == encode_photo(shadowed.layer)


def test_the_answer_names_the_weights(client: httpx.Client) -> None:
    by_network = {one["network"]: one for one in client.get("/api/models").json()}
    answer = client.post("/api/cutout", files={"image": picture()})
    named = f"person_se;sha256={by_network['person_se']['weights_sha256']}"
    assert answer.headers["x-clearscene-weights"] == named
    answer = client.post("/api/remove-cars", files={"image": picture()})
    for network in ("car_mask", "car_removal"):
        assert by_network[network]["weights_sha256"] in answer.headers["x-clearscene-weights"]


@pytest.mark.parametrize("name", GOOD)
def test_every_good_picture_is_taken(client: httpx.Client, name: str) -> None:
    answer = client.post("/api/cutout", files={"image": (name, GOOD[name]())})
    assert answer.status_code == 200, answer.text
    assert read_photo(answer.content).alpha is not None or answer.content


@pytest.mark.parametrize("name", BAD)
def test_every_bad_picture_is_refused_with_its_status(client: httpx.Client, name: str) -> None:
    content = BAD[name]()
    for path, field in (("cutout", "image"), ("remove-cars", "image"), ("cast-shadow", "scene")):
        files = {field: (name, content)}
        data = {}
        if field == "scene":
            files["cutout"], data = ("man.png", MAN), {"x": "9", "y": "9"}
        body = problem(client.post(f"/api/{path}", files=files, data=data), STATUS[name])
        assert body["detail"].startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("path", "fields", "named"),
    [
        ("cutout", {"model": "person"}, "model"),
        ("cutout", {"background": "no colour"}, "background"),
        ("cutout", {"crop": "perhaps"}, "crop"),
        ("cutout", {"margin": "nan"}, "margin"),
        ("cutout", {"margin": "-1"}, "margin"),
        ("cutout", {"format": "gif"}, "format"),
        ("cutout", {"quality": "0"}, "quality"),
        ("cutout", {"colour": "red"}, "colour"),
        ("cutout", {"background": "picture"}, "picture"),
        ("remove-cars", {"fill": "paint"}, "fill"),
        ("cast-shadow", {"y": "1"}, "x"),
        ("cast-shadow", {"x": "1", "y": "inf"}, "y"),
        ("cast-shadow", {"x": "1", "y": "1", "scale": "0"}, "scale"),
        ("cast-shadow", {"x": "1", "y": "1", "part": "layer", "format": "jpeg"}, "format"),
    ],
)
def test_a_wrong_field_is_named(
    client: httpx.Client, path: str, fields: dict[str, str], named: str
) -> None:
    files = {"scene": SCENE, "cutout": MAN} if path == "cast-shadow" else {"image": SCENE}
    body = problem(client.post(f"/api/{path}", files=files, data=fields), 422)
    assert [one["name"] for one in body["errors"]] == [named]
    assert named in body["detail"]


def test_missing_further_and_double_pictures_are_named(client: httpx.Client) -> None:
    body = problem(client.post("/api/cutout", files={"picture": SCENE}), 422)
    assert {one["name"] for one in body["errors"]} == {"image", "picture"}
    twice = [("image", ("a.png", SCENE)), ("image", ("b.png", SCENE))]
    assert "image" in problem(client.post("/api/cutout", files=twice), 422)["detail"]
    answer = client.post("/api/cutout", files={"image": SCENE}, params={"crop": "true"})
    assert "crop" in problem(answer, 422)["detail"]


def test_a_cutout_without_transparency_is_the_clients_mistake(client: httpx.Client) -> None:
    files = {"scene": SCENE, "cutout": picture()}
    answer = client.post("/api/cast-shadow", files=files, data={"x": "60", "y": "80"})
    assert "transparen" in problem(answer, 422)["detail"]


def test_weights_that_are_not_there_are_the_servers_fault(client: httpx.Client) -> None:
    data = {"model": "central_person"}
    answer = client.post("/api/cutout", files={"image": SCENE}, data=data)
    assert "central_person" in problem(answer, 503)["detail"]
    assert "retry-after" not in answer.headers


def test_what_is_no_form_is_refused(client: httpx.Client) -> None:
    problem(client.post("/api/cutout", content=SCENE, headers={"content-type": "image/png"}), 415)
    problem(client.post("/api/cutout"), 415)
    for boundary in ("; boundary=x", ""):
        kind = {"content-type": f"multipart/form-data{boundary}"}
        problem(client.post("/api/cutout", content=b"--y\r\nnothing", headers=kind), 400)
    problem(client.get("/api/nothing"), 404)
    assert problem(client.get("/api/cutout"), 405)
    problem(client.post("/healthz"), 405)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd.png", "passwd-cutout.png"),
        ("C:\\Users\\me\\Bild.jpg", "Bild-cutout.png"),
        ('x"; filename="evil.exe', None),
        ("été\r\nSet-Cookie: a=b.png", None),
        ("." * 300, "picture-cutout.png"),
    ],
)
def test_the_name_of_an_answer_is_harmless(
    client: httpx.Client, sent: str, name: str | None
) -> None:
    answer = client.post("/api/cutout", files={"image": (sent, picture())})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    header = answer.headers["content-disposition"]
    assert header.count('"') == 2
    assert name is None or f'filename="{name}"' in header


class BrokenStudio(Studio):
    """A studio with a defect."""

    def cut_out(self, photo: Photo, wanted: Cut | None = None) -> Photo:
        raise ZeroDivisionError("secret detail")


def test_a_defect_is_a_500_whose_number_is_in_the_log(
    web_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(BrokenStudio(web_models)) as address, caplog.at_level(logging.ERROR):
        answer = httpx.post(f"{address}/api/cutout", files={"image": picture()})
        assert httpx.get(f"{address}/healthz").json()["waiting"] == 0
    detail = problem(answer, 500)["detail"]
    assert "secret" not in answer.text
    assert detail.split()[-1] in caplog.text
    assert "ZeroDivisionError: secret detail" in caplog.text


def test_no_byte_of_a_picture_touches_the_disk(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    large = picture(900, 900)
    assert len(large) > 2 * 2**20
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert client.post("/api/cutout", files={"image": large}).status_code == 200
    files = {"scene": large, "cutout": MAN}
    data = {"x": "400", "y": "800", "scale": "0.5"}
    assert client.post("/api/cast-shadow", files=files, data=data).status_code == 200
