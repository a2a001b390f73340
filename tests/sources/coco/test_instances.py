"""Instances files: what is read of them, in any formatting, and what is said of wrong ones."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.sources.coco import stream
from pipeline.sources.coco.instances import read_images, read_instances, read_segmentations

SHARED = Path(__file__).parents[4] / "shared" / "photos" / "coco" / "annotations"
ANNOTATION: dict[str, Any] = {
    "id": 5, "image_id": 1, "category_id": 1, "area": 7.5, "bbox": [1, 2, 3.5, 4], "iscrowd": 0,
    "segmentation": [[1, 2, 3, 4, 5, 6]],
}  # fmt: skip
INSTANCES: dict[str, Any] = {
    "info": {"year": 2014},
    "images": [{"id": 1, "width": 4, "height": 3, "file_name": "1.jpg", "coco_url": "http://x/1"}],
    "annotations": [ANNOTATION, {**ANNOTATION, "id": 6, "category_id": 2, "iscrowd": 1}],
    "categories": [{"id": 2, "name": "car"}, {"id": 1, "name": "person"}],
}


def write(file: Path, content: Any) -> Path:
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def but(**changes: Any) -> dict[str, Any]:
    """The annotation, changed; what is None is left out."""
    changed = {**ANNOTATION, **changes}
    return {key: value for key, value in changed.items() if value is not None}


def test_pictures_and_persons_are_read_and_other_things_left_out(tmp_path: Path) -> None:
    images, persons = read_instances(write(tmp_path / "i.json", INSTANCES))
    assert [(one.id, one.width, one.height, one.file_name, one.coco_url) for one in images] == [
        (1, 4, 3, "1.jpg", "http://x/1")
    ]
    [person] = persons
    assert (person.id, person.image_id, person.area, person.iscrowd) == (5, 1, 7.5, 0)
    assert person.bbox == (1.0, 2.0, 3.5, 4.0)
    assert gc.isenabled()


@pytest.mark.parametrize("first", ["categories", "annotations"])
def test_the_number_of_the_category_is_the_file_s_own(tmp_path: Path, first: str) -> None:
    content = {**INSTANCES, "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "person"}]}
    file = write(tmp_path / "i.json", {first: content[first], **content})
    assert [one.id for one in read_instances(file).persons] == [6]


def test_without_categories_persons_are_number_one(tmp_path: Path) -> None:
    content = {key: value for key, value in INSTANCES.items() if key != "categories"}
    assert [one.id for one in read_instances(write(tmp_path / "i.json", content)).persons] == [5]


def test_of_members_of_one_name_the_last_counts(tmp_path: Path) -> None:
    once = json.dumps(INSTANCES)
    broken = '{"annotations": [{"id": 3, "category_id": 1}], "images": [], '
    twice = broken + once.removeprefix("{")
    assert [one.id for one in read_instances(write(tmp_path / "i.json", twice)).persons] == [5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not a file of COCO instances"),
        ("<html>", "is not a file of COCO instances"),
        ("{}", "it lacks `images`"),
        ('{"images": []}', "it lacks `annotations`"),
        ('{"images": 3, "annotations": []}', r"Expected an array - at `\$\.images`"),
        ('{"images": [], "annotations": [{"id": "x"}]}', "annotation x of picture None: .* `int`"),
        ('{"images": [], "annotations": [7]}', "annotation None of .*Expected `object`, got `int`"),
        ('{"images": [{"id": 1}], "annotations": []}', r"`width` - at `\$\.images\[0\]`"),
        ({**INSTANCES, "categories": [{"id": 1, "name": "cat"}]}, "has no category `person`"),
        (json.dumps(INSTANCES)[:-9], "is not a file of COCO instances"),
        (json.dumps(INSTANCES) + "{", r"trailing characters \(byte \d+\)"),
    ],
)
def test_what_is_no_instances_file_is_named(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(PipelineError, match=rf"i\.json: .*{said}"):
        read_instances(write(tmp_path / "i.json", content))
    assert gc.isenabled()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for read in (read_instances, read_images):
        with pytest.raises(PipelineError, match=r"i\.json: cannot be read"):
            read(tmp_path / "i.json")


@pytest.mark.parametrize(
    "annotation",
    [
        but(bbox=None), but(area=None), but(image_id=None), but(category_id=None),
        but(bbox=[1, 2, 3]), but(bbox=[]), but(area="7.5"), but(image_id="1"),
        but(iscrowd=False, id=None),
    ],
)  # fmt: skip
def test_a_person_that_lacks_something_is_named_with_the_remedy(
    tmp_path: Path, annotation: dict[str, Any]
) -> None:
    file = write(tmp_path / "i.json", {**INSTANCES, "annotations": [ANNOTATION, annotation]})
    number, picture = annotation.get("id"), annotation.get("image_id")
    with pytest.raises(
        PipelineError, match=rf"i\.json: annotation {number} of picture {picture}: .*; complete it"
    ):
        read_instances(file)


@pytest.mark.parametrize(
    "annotation",
    [
        but(category_id=2, bbox=None), but(category_id=2, area="x"), but(iscrowd=1, bbox=[]),
        but(iscrowd=True, area=None), {"category_id": 2},
    ],
)  # fmt: skip
def test_what_is_wrong_with_others_and_with_crowds_does_not_matter(
    tmp_path: Path, annotation: dict[str, Any]
) -> None:
    file = write(tmp_path / "i.json", {**INSTANCES, "annotations": [annotation, ANNOTATION]})
    assert [one.id for one in read_instances(file).persons] == [5]
    assert read_segmentations(file, [(1, 5)]) == {(1, 5): b"[[1, 2, 3, 4, 5, 6]]"}


def test_what_is_wrong_with_category_one_does_not_matter_where_it_is_another(
    tmp_path: Path,
) -> None:
    content = {
        "images": [], "annotations": [but(bbox=None), but(id=6, category_id=2)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "person"}],
    }  # fmt: skip
    file = write(tmp_path / "i.json", content)
    assert [one.id for one in read_instances(file).persons] == [6]


def test_several_that_lack_something_are_counted(tmp_path: Path) -> None:
    content = {**INSTANCES, "annotations": [but(area=None), but(id=6, bbox=None), ANNOTATION]}
    with pytest.raises(PipelineError, match=r"annotation 5 .*`area` \(and 1 more\); complete"):
        read_instances(write(tmp_path / "i.json", content))


def test_pictures_are_read_of_a_file_without_whole_annotations(tmp_path: Path) -> None:
    content = {"annotations": [{"id": "x"}], "images": INSTANCES["images"]}
    assert [one.id for one in read_images(write(tmp_path / "i.json", content))] == [1]
    with pytest.raises(PipelineError, match=r"i\.json: .*it lacks `images`"):
        read_images(write(tmp_path / "i.json", "{}"))


def test_segmentations_are_read_of_the_annotations_that_are_asked_for(tmp_path: Path) -> None:
    runs = {"size": [2, 2], "counts": "04"}
    content = {
        **INSTANCES,
        "annotations": [
            ANNOTATION, but(id=6, segmentation=runs), but(id=7, segmentation=None), but(image_id=2)
        ],
    }  # fmt: skip
    found = read_segmentations(write(tmp_path / "i.json", content), [(1, 5), (1, 6), (1, 7)])
    assert {key: json.loads(text) for key, text in found.items()} == {
        (1, 5): ANNOTATION["segmentation"], (1, 6): runs, (1, 7): None
    }  # fmt: skip


NAMES = st.text(st.sampled_from('a"\\{}[],: é'), min_size=1, max_size=10)


@given(
    st.lists(st.tuples(st.integers(1, 10**9), NAMES), max_size=8, unique_by=lambda pair: pair[0]),
    st.lists(st.tuples(st.integers(1, 2), st.booleans(), NAMES), max_size=12),
    st.randoms(use_true_random=False),
    st.none() | st.integers(0, 4),
    st.sampled_from([40, 500, stream.CHUNK]),
)
def test_formatting_and_order_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, pictures: list[tuple[int, str]],
    annotated: list[tuple[int, bool, str]], dice: Any, indent: int | None, chunk: int,
) -> None:  # fmt: skip
    """Keys in any order, with strings that hold brackets and members that nobody knows."""

    def shuffled(values: dict[str, Any]) -> dict[str, Any]:
        members = list(values.items())
        dice.shuffle(members)
        return dict(members)

    images = [
        shuffled({"id": number, "width": 4, "height": 3, "file_name": name, "x": {name: [name]}})
        for number, name in pictures
    ]
    annotations = [
        shuffled({
            **ANNOTATION, "id": number, "category_id": category, "note": [{note: note}, {}],
            "segmentation": {"size": [1, 1], "counts": note} if packed else [[1.5] * 6],
        })
        for number, (category, packed, note) in enumerate(annotated)
    ]  # fmt: skip
    content = shuffled({
        **INSTANCES, "images": images, "annotations": annotations, "}]": [{"[": "{"}],
    })  # fmt: skip
    file = tmp_path_factory.mktemp("formats") / "i.json"
    file.write_text(json.dumps(content, indent=indent, ensure_ascii=bool(chunk % 3)), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream.LargeObject.__init__, "__defaults__", (chunk,))
        found = read_instances(file)
        segmentations = read_segmentations(file, [(1, one.id) for one in found.persons])
    assert [(one.id, one.file_name) for one in found.images] == pictures
    wanted = [one for one in annotations if one["category_id"] == 1]
    assert [one.id for one in found.persons] == [one["id"] for one in wanted]
    assert {number: json.loads(text) for (_, number), text in segmentations.items()} == {
        one["id"]: one["segmentation"] for one in wanted
    }


PEAK = r"""
import re, sys
from pathlib import Path
from pipeline.sources.coco.instances import read_instances, read_segmentations
def peak():
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
before = peak()
images, persons = read_instances(Path(sys.argv[1]))
read_segmentations(Path(sys.argv[1]), [(one.image_id, one.id) for one in persons[:100]])
print(len(images), len(persons), peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no /proc on this system")
@pytest.mark.parametrize("indent", [None, 1])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, indent: int | None) -> None:
    """60 MB, nearly all of it outlines, which are passed over."""
    outline = [[1.25] * 600]
    annotation = json.dumps(but(segmentation=outline, category_id=2), indent=indent)
    person = annotation.replace('"category_id": 2', '"category_id": 1')
    size, file = 60_000_000, tmp_path / "i.json"
    with file.open("w") as text:
        text.write(f'{{"images": {json.dumps(INSTANCES["images"])}, "annotations": [{person}')
        for _ in range(size // len(annotation) // 100):
            text.write(f", {annotation}" * 100)
        text.write("]}")
    assert file.stat().st_size > 0.9 * size
    run = subprocess.run(
        [sys.executable, "-c", PEAK, file], capture_output=True, text=True, check=True
    )
    images, persons, growth = run.stdout.split()
    assert (images, persons) == ("1", "1")
    assert float(growth) < 6


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_it_reads_a_real_file_as_json_does() -> None:
    file = SHARED / "instances.json"
    content = json.loads(file.read_text("utf-8"))
    images, persons = read_instances(file)
    wanted = [one for one in content["annotations"] if one["category_id"] == 1]
    assert [one.id for one in images] == [one["id"] for one in content["images"]]
    for found, one in zip(persons, wanted, strict=True):
        assert (found.id, found.image_id, found.area) == (one["id"], one["image_id"], one["area"])
        assert list(found.bbox) == one["bbox"]
        assert found.iscrowd == one["iscrowd"]
    keys = {(one["image_id"], one["id"]): one["segmentation"] for one in wanted}
    found_texts = read_segmentations(file, keys)
    assert {key: json.loads(text) for key, text in found_texts.items()} == keys
    assert re.fullmatch(r"\d+\.jpg", images[0].file_name)
