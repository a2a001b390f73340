"""COCO: instances files, the annotation archive, and pictures one by one."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from pipeline.datasets.central.selection import SplitRow
from pipeline.errors import PipelineError
from pipeline.sections.coco import CocoSection
from pipeline.sources.coco.annotations import fetch_annotations, instances_files, val2017_file
from pipeline.sources.coco.pictures import (
    check_pictures,
    fetch_pictures,
    refuse_if_too_many_missing,
)
from pipeline.sources.http.addresses import Zone
from pipeline.sources.http.failures import Stopped
from pipeline.sources.http.session import PoliteSession
from tests.sources.loopback import LIMITS, Loopback, serving

HERE = frozenset({Zone.PUBLIC, Zone.LOOPBACK})
ANNOTATION = {
    "id": 5, "image_id": 1, "category_id": 1, "area": 7.5, "bbox": [1, 2, 3.5, 4], "iscrowd": 0,
    "segmentation": [[1, 2, 3, 4, 5, 6]],
}  # fmt: skip
INSTANCES: dict[str, Any] = {
    "info": {"year": 2014},
    "images": [{"id": 1, "width": 4, "height": 3, "file_name": "1.jpg", "coco_url": "http://x/1"}],
    "annotations": [ANNOTATION, {**ANNOTATION, "id": 6, "category_id": 2, "iscrowd": 1}],
    "categories": [{"id": 2, "name": "car"}, {"id": 1, "name": "person"}],
}
MEMBERS = {"train": "annotations/instances_train2014.json", "test": "annotations/val.json"}


def write(file: Path, content: Any) -> Path:
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def section(**changes: Any) -> CocoSection:
    values: dict[str, Any] = {
        "annotations": "", "sha256": "", "files": MEMBERS, "coverage": 0.4,
        "val2017": "", "val2017_archive": "", "val2017_sha256": "",
        "max_bytes": 10**6, "max_seconds": 10.0, "max_bad_share": 0.5,
    }  # fmt: skip
    return CocoSection(**{**values, **changes})


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving(Loopback()) as running:
        yield running


@pytest.fixture
def session() -> Iterator[PoliteSession]:
    with PoliteSession(LIMITS) as polite:
        yield polite


def jpg(seed: int, width: int = 40, height: int = 30) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    return stream.getvalue()


def row(server: Loopback, number: int, **changes: Any) -> SplitRow:
    name = f"COCO_{number}.jpg"
    url = f"{server.url}/train2014/{name}"
    row = SplitRow("train", number, 1, 1.0, 0.5, 40, 30, name, url, "", f"masks/{number}.png")
    return row._replace(**changes)


def fetch(
    rows: list[SplitRow], session: PoliteSession, tmp_path: Path, share: float = 1.0
) -> dict[str, str]:
    rejects = fetch_pictures(
        rows, tmp_path / "images", session, HERE, tmp_path / "work", max_bad_share=share
    )
    return dict(rejects)


def held(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "images").iterdir())


def test_the_files_of_the_parameters_are_found_by_part(tmp_path: Path) -> None:
    for name in ("instances_train2014.json", "val.json", "captions.json"):
        write(tmp_path / name, "")
    assert instances_files(tmp_path, section()) == {
        "test": tmp_path / "val.json", "train": tmp_path / "instances_train2014.json"
    }  # fmt: skip


def test_one_file_serves_all_parts(tmp_path: Path) -> None:
    write(tmp_path / "instances.json", "")
    assert instances_files(tmp_path, section()) == {"all": tmp_path / "instances.json"}


@pytest.mark.parametrize("names", [[], ["a.json", "b.json"]])
def test_files_that_leave_open_which_is_which_are_an_error(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        write(tmp_path / name, "")
    with pytest.raises(PipelineError) as raised:
        instances_files(tmp_path, section())
    assert "instances_train2014.json and val.json (coco.files)" in str(raised.value)
    assert (", ".join(names) or "no *.json") in str(raised.value)


def packed(*members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(member, member)
    return stream.getvalue()


def test_only_the_files_of_the_parameters_come_out_of_the_archive(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/a.zip"] = packed(*MEMBERS.values(), "annotations/captions_val2014.json")
    wanted = section(annotations=f"{server.url}/a.zip")
    for _ in range(2):
        fetch_annotations(session, wanted, tmp_path / "out", tmp_path / "work")
        assert {file.name: file.read_text() for file in (tmp_path / "out").iterdir()} == {
            "instances_train2014.json": MEMBERS["train"], "val.json": MEMBERS["test"]
        }  # fmt: skip
    assert len(server.asked) == 1


def test_val2017_comes_out_of_an_archive_of_its_own(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/a.zip"] = packed(*MEMBERS.values())
    server.files["/b.zip"] = packed("annotations/val2017.json", "annotations/captions.json")
    wanted = section(
        annotations=f"{server.url}/a.zip", val2017="annotations/val2017.json",
        val2017_archive=f"{server.url}/b.zip",
    )  # fmt: skip
    for _ in range(2):
        fetch_annotations(session, wanted, tmp_path / "out", tmp_path / "work")
        assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
            "instances_train2014.json", "val.json", "val2017.json"
        ]  # fmt: skip
    assert sorted(path for path, _ in server.asked) == ["/a.zip", "/b.zip"]
    assert val2017_file(tmp_path / "out", wanted) == tmp_path / "out" / "val2017.json"
    assert set(instances_files(tmp_path / "out", wanted)) == {"train", "test"}


def test_val2017_without_an_archive_of_its_own_is_in_the_other_one(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/a.zip"] = packed(*MEMBERS.values(), "annotations/val2017.json")
    wanted = section(annotations=f"{server.url}/a.zip", val2017="annotations/val2017.json")
    fetch_annotations(session, wanted, tmp_path / "out", tmp_path / "work")
    assert (tmp_path / "out" / "val2017.json").is_file()
    missing = section(annotations=f"{server.url}/a.zip", val2017="annotations/other.json")
    with pytest.raises(PipelineError, match=r"coco\.val2017: annotations/other\.json is not in"):
        fetch_annotations(session, missing, tmp_path / "out", tmp_path / "work")


def test_val2017_that_is_named_must_be_there(tmp_path: Path) -> None:
    assert val2017_file(tmp_path, section()) is None
    with pytest.raises(PipelineError, match=r"val2017\.json: no such file; .*coco\.val2017"):
        val2017_file(tmp_path, section(val2017="annotations/val2017.json"))


def test_a_member_that_is_not_in_the_archive_is_named(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/a.zip"] = packed(MEMBERS["train"])
    wanted = section(annotations=f"{server.url}/a.zip")
    with pytest.raises(PipelineError, match=r"coco\.files\.test: annotations/val\.json is not in"):
        fetch_annotations(session, wanted, tmp_path / "out", tmp_path / "work")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"annotations": "a.zip"}, {"files": {"val": "x.json"}}, {"files": {}}, {"coverage": 1.0},
        {"files": {"train": "a/x.json", "test": "b/X.json"}}, {"val2017_archive": "b.zip"},
        {"val2017": "c/val.json"},
    ],
)  # fmt: skip
def test_wrong_sections_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        section(**wrong)


def test_selected_pictures_come_one_by_one_and_only_once(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    rows = [row(server, number) for number in range(6)]
    server.files |= {f"/train2014/COCO_{number}.jpg": jpg(number) for number in range(9)}
    for _ in range(2):
        assert fetch(rows, session, tmp_path) == {}
    assert held(tmp_path) == [one.file_name for one in rows]
    assert (tmp_path / "images" / "COCO_3.jpg").read_bytes() == jpg(3)
    assert sorted(path for path, _ in server.asked) == [
        f"/train2014/{one.file_name}" for one in rows
    ]


def test_what_cannot_be_used_is_listed_with_its_reason_and_not_held(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    rows = [
        row(server, 0), row(server, 1), row(server, 2), row(server, 3), row(server, 4, coco_url=""),
        row(server, 5, file_name="../evil.jpg"), row(server, 6, file_name=".part.jpg"),
    ]  # fmt: skip
    server.files |= {
        "/train2014/COCO_0.jpg": jpg(0), "/train2014/COCO_2.jpg": b"<html>",
        "/train2014/COCO_3.jpg": jpg(3, 30, 40), "/train2014/COCO_5.jpg": jpg(5),
    }  # fmt: skip
    assert fetch(rows, session, tmp_path) == {
        "COCO_1.jpg": "HTTP 404",
        "COCO_2.jpg": "not a picture, whatever its name says; replace or remove it",
        "COCO_3.jpg": "is 30×40, the annotations say 40×30",
        "COCO_4.jpg": "the annotations give no coco_url",
        "../evil.jpg": "file_name is not a plain file name",
        ".part.jpg": "file_name is not a plain file name",
    }
    assert held(tmp_path) == ["COCO_0.jpg"]
    assert not (tmp_path / "evil.jpg").exists()


def test_a_damaged_picture_is_fetched_again_or_goes(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    for number in (1, 2):
        (tmp_path / "images" / f"COCO_{number}.jpg").write_bytes(jpg(number)[:300])
    server.files["/train2014/COCO_1.jpg"] = jpg(1)
    rejects = fetch([row(server, 1), row(server, 2)], session, tmp_path)
    assert rejects == {"COCO_2.jpg": "HTTP 404"}
    assert held(tmp_path) == ["COCO_1.jpg"]
    assert (tmp_path / "images" / "COCO_1.jpg").read_bytes() == jpg(1)


def test_another_selection_moves_pictures_out_and_back_without_fetching(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    rows = [row(server, number) for number in range(4)]
    server.files |= {f"/train2014/COCO_{number}.jpg": jpg(number) for number in range(4)}
    fetch(rows, session, tmp_path)
    fetch(rows[:1], session, tmp_path)
    assert held(tmp_path) == ["COCO_0.jpg"]
    fetch(rows, session, tmp_path)
    assert held(tmp_path) == [one.file_name for one in rows]
    assert len(server.asked) == 4


def test_a_download_that_breaks_off_is_seen_only_in_the_work_folder_and_gone_on_with(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/train2014/COCO_1.jpg"] = jpg(1)
    server.cut = 200
    assert (
        fetch([row(server, 1)], session, tmp_path) == {"COCO_1.jpg": "fewer bytes than announced"}
        or held(tmp_path) == []
    )
    assert held(tmp_path) == []
    assert fetch([row(server, 1)], session, tmp_path) == {}
    assert [asked[1] for asked in server.asked] == ["", "bytes=200-"]


def test_once_too_many_have_failed_no_more_are_asked_for(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    rows = [row(server, number) for number in range(200)]
    assert 0 < len(fetch(rows, session, tmp_path, share=0.01)) < 200
    assert len(server.asked) < 200


def test_an_address_that_leads_where_the_user_did_not_point_is_not_asked(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    server.files["/train2014/COCO_1.jpg"] = jpg(1)
    [reject] = fetch_pictures(
        [row(server, 1)], tmp_path / "images", session, frozenset({Zone.PUBLIC}),
        tmp_path / "work", max_bad_share=1.0,
    )  # fmt: skip
    assert "loopback" in reject.reason
    assert server.asked == []


def test_an_interrupt_ends_it_at_once_and_leaves_only_whole_pictures(
    server: Loopback, session: PoliteSession, tmp_path: Path
) -> None:
    rows = [row(server, number) for number in range(50)]
    server.files |= {f"/train2014/COCO_{number}.jpg": jpg(number) for number in range(50)}

    def interrupt() -> None:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch_pictures(
            rows, tmp_path / "images", session, HERE, tmp_path / "work", max_bad_share=1.0,
            on_progress=interrupt,
        )  # fmt: skip
    assert time.monotonic() - start < 5
    assert session.stop.is_set()
    assert 0 < len(held(tmp_path)) < 50
    assert check_pictures([one for one in rows if one.file_name in held(tmp_path)],
                          tmp_path / "images") == []  # fmt: skip
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]


def test_a_stopped_session_stops(server: Loopback, session: PoliteSession, tmp_path: Path) -> None:
    session.stop.set()
    with pytest.raises(Stopped):
        fetch([row(server, 1)], session, tmp_path)


def test_a_folder_of_one_s_own_is_only_checked(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "COCO_1.jpg").write_bytes(jpg(1))
    (tmp_path / "other.jpg").write_bytes(b"mine")
    rejects = check_pictures([row(server, 1), row(server, 2)], tmp_path)
    assert rejects == [("COCO_2.jpg", "no such file")]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["COCO_1.jpg", "other.jpg"]
    refuse_if_too_many_missing(rejects, 2, 0.5)
    with pytest.raises(PipelineError, match=r"1 of 2 .*COCO_2\.jpg: no such.*coco\.max_bad_share"):
        refuse_if_too_many_missing(rejects, 2, 0.4)
