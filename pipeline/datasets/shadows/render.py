"""Quintuples rendered from cutouts on backgrounds, each by its own random numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.random import Generator

from pipeline.datasets.pairs.scenes import SceneFile, SceneFiles
from pipeline.datasets.shadows.files import KINDS, WHITE
from pipeline.datasets.splits import PARTS
from pipeline.errors import BadPicture
from pipeline.images import RGBA, read_no_larger, read_rgba
from pipeline.parallel import each
from pipeline.paths import read_table
from pipeline.rendering.layout import Unfit, lay_out
from pipeline.rendering.places import Style
from pipeline.rendering.scenes import Quintuple, Scene, render_scene
from pipeline.sections.parallel import ParallelSection
from pipeline.sections.shadow_set import ShadowSetSection
from pipeline.sources.folder import Reject
from pipeline.sources.progress import Meter
from pipeline.workspace import code_hash, file_hash, place_file, work_key, write_whole

POOL = 32
"""Backgrounds and cutouts that one scene is drawn from."""
VISIBLE = 12
"""Levels in a channel from which on a darker pixel counts as shadow."""


class Job(NamedTuple):
    """One scene to render.

    Attributes:
        part: train, val or test.
        number: Within its part.
        backgrounds: What it may be drawn from.
        cutouts: What it may be drawn from.
    """

    part: str
    number: int
    backgrounds: tuple[SceneFile, ...]
    cutouts: tuple[SceneFile, ...]

    @property
    def name(self) -> str:
        """Distinct within the whole set."""
        return f"{self.part}_{self.number:05d}"


class RenderedRow(NamedTuple):
    """A line of split.csv.

    Attributes:
        azimuth: Degrees of the sun: 0 behind the scene, 90 to the right, 180 behind the camera.
        elevation: Degrees of the sun.
        softness: Haze before it, 0 to 1.
        strength: Its share of the light on open ground.
        horizon: Row of the horizon.
        eye: Metres of the camera above the ground.
        coverage: Share of the picture that the inserted object covers.
        shadow_area: Pixels that its shadow darkens visibly, as a share of the object's.
        cutout: Of the inserted object.
        occluders: Cutouts of the others, separated by `;`.
        draw: How many draws did not fit before.
    """

    part: str
    name: str
    group: str
    noshadow: str
    shadow: str
    mask: str
    robject: str
    rshadow: str
    azimuth: float
    elevation: float
    softness: float
    strength: float
    horizon: float
    eye: float
    coverage: float
    shadow_area: float
    background: str
    cutout: str
    occluders: str
    draw: int


def missing_kind(split: Path) -> str | None:
    """Why nothing can be rendered: the split of `scene_split` has no cutouts or no backgrounds."""
    kinds = {row["kind"] for row in read_table(split, "scene_split")}
    lacking = [kind for kind in ("cutout", "background") if kind not in kinds]
    return f"{split} holds no {' and no '.join(lacking)}" if lacking else None


def render_shadows(
    files: Mapping[str, SceneFiles],
    folder: Path,
    work: Path,
    section: ShadowSetSection,
    how: ParallelSection,
) -> tuple[list[RenderedRow], list[Reject]]:
    """Render every part into `folder/part/kind/`.

    Args:
        files: What each part is made from.
        folder: Empty.
        work: Absolute; what an interrupted call has finished there is used again, if it was made
            from the same.
        section: What to render.
        how: Over what the work is spread; the same bytes whatever it is.
    """
    jobs, scenes = jobs_of(files, section), work / _key(files, section)
    for part in PARTS:
        for kind in KINDS:
            (folder / part / kind).mkdir(parents=True)
            (scenes / part / kind).mkdir(parents=True, exist_ok=True)
    rows, rejects = list[RenderedRow](), list[Reject]()
    with Meter("shadow_set: rendering", len(jobs)) as meter:
        for result in each(partial(render_job, folder=scenes, section=section), jobs, how):
            meter.step()
            if isinstance(result, RenderedRow):
                rows.append(result)
            else:
                rejects.append(result)
    for row in rows:
        for kind in KINDS:
            place_file(scenes / getattr(row, kind), folder / getattr(row, kind))
    return rows, rejects


def _key(files: Mapping[str, SceneFiles], section: ShadowSetSection) -> str:
    contents = [file_hash(one.file) for part in PARTS for kind in files[part] for one in kind]
    settings = section.model_dump(exclude={"count", "max_bad_share"})
    return work_key(data=contents, params=settings, code=code_hash(*DECIDE_SCENES))


DECIDE_SCENES = "datasets", "images.py", "rendering"
"""Parts of `pipeline` whose change makes other scenes."""


def jobs_of(files: Mapping[str, SceneFiles], section: ShadowSetSection) -> list[Job]:
    """What is to be rendered, with the files that each scene is drawn from."""
    jobs = []
    for number, part in enumerate(PARTS):
        for index in range(getattr(section.count, part)):
            rng = np.random.default_rng([section.seed, number, index])
            cutouts, backgrounds = (_pool(kind, rng) for kind in files[part])
            jobs.append(Job(part, index, backgrounds, cutouts))
    return jobs


def render_job(job: Job, folder: Path, section: ShadowSetSection) -> RenderedRow | Reject:
    """Draw scenes until one fits, and write its five pictures to `folder/part/kind/`.

    The seed, the part and the index alone decide what comes out, and the files' contents. The row
    is written last: a scene that has one there is done.
    """
    done = folder / f"{job.name}.json"
    if done.exists():
        return msgspec.json.decode(done.read_bytes(), type=RenderedRow)
    style, unfit = style_of(section), Counter[str]()
    for draw in range(section.draws):
        rng = np.random.default_rng([section.seed, PARTS.index(job.part), job.number, draw])
        background, chosen = _choose(job, section, rng)
        cutouts = [_flipped(_read_cutout(one.file), rng) for one in chosen]
        found = lay_out(read_no_larger(background.file, *[2 * style.size] * 2), cutouts, style, rng)
        if isinstance(found, Unfit):
            unfit[found.reason] += 1
            continue
        quintuple = render_scene(found.scene)
        area = shadow_area(quintuple)
        if area < section.min_shadow:
            unfit["the shadow is hardly seen"] += 1
            continue
        facts: dict[str, Any] = {
            **_write(job, folder, quintuple),
            **_facts(found.scene),
            "coverage": round(float(quintuple.mask.mean()), 4),
            "shadow_area": round(area, 3),
            "background": background.file.name,
            "cutout": chosen[0].file.name,
            "occluders": ";".join(chosen[place].file.name for place in found.occluders),
            "draw": draw,
        }
        row = RenderedRow(job.part, job.name, background.group, **facts)
        write_whole(done, msgspec.json.encode(row))
        return row
    reasons = ", ".join(f"{count} times {reason}" for reason, count in unfit.most_common())
    return Reject(job.name, f"nothing fitted in {section.draws} draws ({reasons})")


def style_of(section: ShadowSetSection) -> Style:
    """The ranges that a scene is drawn from."""
    return Style(
        size=section.size,
        horizon=_pair(section.horizon),
        eye=_pair(section.eye),
        elevation=_pair(section.elevation),
        azimuth=_pair(section.azimuth),
        coverage=_pair(section.coverage),
        occluders=(section.occluders[0], section.occluders[1]),
        max_roughness=section.max_roughness,
        min_inside=section.min_inside,
    )


def shadow_area(quintuple: Quintuple) -> float:
    """Pixels of the shadow that are seen, as a share of those of the object."""
    lighter, darker = (picture.astype(np.int16) for picture in quintuple[:2])
    seen = (lighter - darker).max(axis=2) > VISIBLE
    return float(seen.sum() / max(1, quintuple.mask.sum()))


def _pair(values: list[float]) -> tuple[float, float]:
    return values[0], values[1]


def _pool(files: list[SceneFile], rng: Generator) -> tuple[SceneFile, ...]:
    chosen = rng.permutation(len(files))[:POOL]
    return tuple(files[place] for place in chosen.tolist())


def _choose(
    job: Job, section: ShadowSetSection, rng: Generator
) -> tuple[SceneFile, list[SceneFile]]:
    """A background, and cutouts: the first to be inserted, the others as occluders."""
    low, high = section.occluders
    count = 1 + int(rng.integers(low, high + 1))
    background = job.backgrounds[rng.integers(len(job.backgrounds))]
    places = rng.choice(len(job.cutouts), count, replace=count > len(job.cutouts))
    return background, [job.cutouts[place] for place in places.tolist()]


def _read_cutout(file: Path) -> RGBA:
    cutout = read_rgba(file)
    if cutout[..., 3].max() < WHITE:
        raise BadPicture(file, "has no opaque pixel; run cutouts again")
    return cutout


def _flipped(cutout: RGBA, rng: Generator) -> RGBA:
    return cutout[:, ::-1] if rng.random() < 0.5 else cutout


def _write(job: Job, folder: Path, quintuple: Quintuple) -> dict[str, str]:
    """Lossless: the two pictures must differ in the shadow alone."""
    files = {kind: f"{job.part}/{kind}/{job.name}.png" for kind in KINDS}
    for file, picture in zip(files.values(), quintuple, strict=True):
        levels = picture.astype(np.uint8) * (255 if picture.ndim == 2 else 1)
        # OpenCV packs PNG four times as quickly as Pillow; it takes blue first.
        stored = levels[..., ::-1] if levels.ndim == 3 else levels
        (folder / file).write_bytes(cv2.imencode(".png", stored)[1].tobytes())
    return files


def _facts(scene: Scene) -> dict[str, Any]:
    """What a row says about light and camera."""
    return {
        "azimuth": round(scene.sun.azimuth, 2),
        "elevation": round(scene.sun.elevation, 2),
        "softness": round(scene.sun.softness, 3),
        "strength": round(scene.lights.strength, 3),
        "horizon": round(scene.camera.horizon, 1),
        "eye": round(scene.camera.eye, 2),
    }
