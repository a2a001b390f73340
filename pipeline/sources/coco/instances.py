"""COCO instances files: pictures, and the annotations of persons.

Reads `annotations` without their segmentation, in parts (see `stream`): a file of 450 MB costs
little memory. What a few annotations look like is read for them alone, in a second pass.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from pipeline.errors import PipelineError
from pipeline.sources.coco.stream import LargeObject, Malformed

T = TypeVar("T")

PERSON = 1
"""Category of persons where a file does not list its categories."""


class CocoImage(msgspec.Struct, frozen=True, gc=False):
    """An entry of `images`."""

    id: int
    width: int
    height: int
    file_name: str
    coco_url: str = ""


class CocoAnnotation(msgspec.Struct, frozen=True, gc=False):
    """An entry of `annotations`; `bbox` is left, top, width, height in pixels."""

    id: int
    image_id: int
    category_id: int
    area: float
    bbox: tuple[float, float, float, float]
    iscrowd: int | bool | None = 0


class Instances(NamedTuple):
    """Pictures, and the annotations of persons, both in the order of the file."""

    images: list[CocoImage]
    persons: list[CocoAnnotation]


class _Category(msgspec.Struct):
    id: int
    name: str


class _Segmented(msgspec.Struct, gc=False):
    id: int
    image_id: int
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


class _Clues(msgspec.Struct):
    """Of an annotation that is not as it should be: whether it matters, and how to find it."""

    id: Any = None
    image_id: Any = None
    category_id: Any = None
    iscrowd: Any = None


class _Content(NamedTuple):
    """What a file holds of one category; `unusable` says what is wrong with others of it."""

    images: list[CocoImage] | None
    annotations: list[CocoAnnotation] | None
    categories: list[_Category]
    unusable: list[str]


_images = msgspec.json.Decoder(list[CocoImage]).decode
_categories = msgspec.json.Decoder(list[_Category]).decode
_annotations = msgspec.json.Decoder(list[CocoAnnotation]).decode
_segmented = msgspec.json.Decoder(list[_Segmented]).decode
_any = msgspec.json.Decoder(list[msgspec.Raw]).decode


def read_instances(file: Path) -> Instances:
    """Read a COCO instances file, formatted in any way, its members in any order.

    Of annotations that are not of single persons only those that are whole are looked at: others
    may lack what they like.

    Raises:
        PipelineError: It is not there, or not one, or an annotation of a person lacks something.
    """
    content = _read(file, PERSON)
    person = _number_of_person(file, content.categories)
    if person != PERSON:  # the list of categories often stands behind the annotations
        content = _read(file, person)
    for name, members in (("images", content.images), ("annotations", content.annotations)):
        if members is None:
            raise _no_instances(file, f"it lacks `{name}`")
    if content.unusable:
        more = len(content.unusable) - 1
        raise PipelineError(
            f"{file}: {content.unusable[0]}{f' (and {more} more)' if more else ''}; complete it, "
            "or remove that annotation"
        )
    return Instances(content.images or [], content.annotations or [])


def read_images(file: Path) -> list[CocoImage]:
    """The pictures of a COCO file, whatever else it holds.

    Raises:
        PipelineError: It is not there, or not one.
    """
    images: list[CocoImage] | None = None
    with _opened(file) as content:
        for name in content.names():
            if name == "images":
                images = _all(content, name, _images)
    if images is None:
        raise _no_instances(file, "it lacks `images`")
    return images


def read_segmentations(
    file: Path, annotations: Collection[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The segmentation of some annotations, as JSON; `null` where one has none.

    Args:
        file: Of COCO instances.
        annotations: `image_id` and `id` of each.

    Raises:
        PipelineError: The file is not there, or not one of COCO instances.
    """
    found: dict[tuple[int, int], bytes] = {}
    wanted = frozenset(annotations)
    with _opened(file) as content:
        for name in content.names():
            if name == "annotations":
                for part in content.parts(name, _segmented_ones):
                    for one in part:
                        if one is not None and (one.image_id, one.id) in wanted:
                            # A copy: a view would keep megabytes of the file.
                            key = one.image_id, one.id
                            found.setdefault(key, bytes(one.segmentation))
    return found


def _read(file: Path, person: int) -> _Content:
    images = annotations = None
    categories: list[_Category] = []
    unusable: list[str] = []

    def persons(text: bytes) -> list[CocoAnnotation | None]:
        try:
            found: Sequence[CocoAnnotation | None] = _annotations(text)
        except msgspec.ValidationError:
            found = [_whole_one(one, person, unusable) for one in _any(text)]
        return [one if one is not None and one.category_id == person else None for one in found]

    with _opened(file) as content:
        for name in content.names():  # of two members of one name, the later counts
            if name == "images":
                images = _all(content, name, _images)
            elif name == "annotations":
                unusable.clear()
                annotations = _all(content, name, persons)
            elif name == "categories":
                categories = _all(content, name, _categories)
    return _Content(images, annotations, categories, unusable)


def _all(content: LargeObject, name: str, decode: Callable[[bytes], Sequence[T | None]]) -> list[T]:
    return [one for part in content.parts(name, decode) for one in part if one is not None]


def _whole_one(text: msgspec.Raw, person: int, unusable: list[str]) -> CocoAnnotation | None:
    """The annotation if it is whole; one that lacks something is noted if it would count."""
    try:
        return msgspec.json.decode(text, type=CocoAnnotation)
    except msgspec.ValidationError as problem:
        try:
            clues = msgspec.json.decode(text, type=_Clues)
        except msgspec.ValidationError:
            clues = _Clues()
        if clues.category_id in (person, None) and not clues.iscrowd:
            unusable.append(f"annotation {clues.id} of picture {clues.image_id}: {problem}")
        return None


def _segmented_ones(text: bytes) -> Sequence[_Segmented | None]:
    try:
        return _segmented(text)
    except msgspec.ValidationError:
        return [_segmented_one(one) for one in _any(text)]


def _segmented_one(text: msgspec.Raw) -> _Segmented | None:
    try:
        return msgspec.json.decode(text, type=_Segmented)
    except msgspec.ValidationError:
        return None  # `read_instances` has told of it, if it counts


def _number_of_person(file: Path, categories: Sequence[_Category]) -> int:
    named = [one.id for one in categories if one.name == "person"]
    if categories and not named:
        raise PipelineError(f"{file}: has no category `person`")
    return named[0] if named else PERSON


@contextmanager
def _opened(file: Path) -> Iterator[LargeObject]:
    """The file's content; what goes wrong in reading it is told with its name."""
    was_on = gc.isenabled()
    gc.disable()  # a million new objects, none of them garbage, would be walked over and over
    try:
        with file.open("rb") as stream:
            yield LargeObject(stream)
    except OSError as problem:
        raise PipelineError(f"{file}: cannot be read ({problem.strerror})") from None
    except Malformed as problem:
        raise _no_instances(file, str(problem)) from None
    finally:
        if was_on:
            gc.enable()


def _no_instances(file: Path, why: str) -> PipelineError:
    return PipelineError(
        f"{file}: is not a file of COCO instances ({why}); it must hold `images` and "
        "`annotations`; delete it if it was downloaded, else mend it"
    )
