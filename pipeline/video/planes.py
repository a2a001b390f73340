"""Frames as an encoder takes them: upright, in YCbCr, and pixels pasted into them.

What is not pasted keeps the bytes that the decoder gave, unless the frame had to be turned: a way
through RGB and back costs a level here and there.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np
from av.buffer import Buffer
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from pipeline.images import RGB, RGBA, Mask
from pipeline.video.reader import HD_HEIGHT, UNTOLD

Plane = NDArray[np.uint8]

KEPT = {
    "yuv420p": "yuv420p", "yuvj420p": "yuvj420p", "yuv422p": "yuv422p", "yuvj422p": "yuvj422p",
    "yuv444p": "yuv444p", "yuvj444p": "yuvj444p",
}  # fmt: skip
"""Formats whose bytes are kept; all others are converted to 4:2:0 of eight bits."""

WHOLE_CHROMA = {"yuvj420p": "yuvj444p", "yuvj422p": "yuvj444p"}
"""What takes odd sizes in the full range; in the limited one it is yuv444p."""

_SMOOTH = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class Turn(NamedTuple):
    """How a stored frame becomes upright: transposed first, then mirrored."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    def __call__(self, plane: RGB) -> RGB:
        """The picture, H×W×3, upright."""
        plane = plane.transpose(1, 0, 2) if self.transposed else plane
        plane = plane[:, ::-1] if self.mirrored else plane
        return plane[::-1] if self.flipped else plane


class Tags(NamedTuple):
    """What colours of a frame mean, by FFmpeg's numbers; 2 (matrix) or 0 (range): not told."""

    matrix: int
    range: int
    primaries: int
    transfer: int

    @property
    def full(self) -> bool:
        """Whether levels go from 0 to 255."""
        return self.range == ColorRange.JPEG


class Upright(NamedTuple):
    """A frame that is the right way up, ready to be shown to networks and to be encoded.

    Attributes:
        frame: In YCbCr, eight bits.
        rgb: H×W×3, its stored pixels: a pixel's aspect is not taken into account.
        tags: What its colours mean.
        aspect: Width of a pixel by its height.
    """

    frame: av.VideoFrame
    rgb: RGB
    tags: Tags
    aspect: Fraction


def upright(decoded: av.VideoFrame, aspect: Fraction = Fraction(1)) -> Upright:
    """Bring a decoded frame into the form in which it is edited and written."""
    turn, tags = turn_of(decoded), _tags(decoded)
    pixels = _written_pixels(decoded)
    frame = decoded
    if decoded.format.name != pixels:
        frame = decoded.reformat(
            format=pixels,
            interpolation=_SMOOTH,
            dst_color_range=ColorRange.JPEG if tags.full else ColorRange.MPEG,
        )
    rgb = _rgb(frame, tags)
    if turn != Turn():  # by way of RGB: samples of chroma lie beside those of luma, on one side
        rgb = np.ascontiguousarray(turn(rgb))
        frame = encoded(rgb, pixels, tags)
    shown = 1 / aspect if turn.transposed else aspect
    return Upright(frame, rgb, tags, shown)


def turn_of(decoded: av.VideoFrame) -> Turn:
    """How the display matrix says that a frame is to be shown.

    Angles between go to the nearest quarter turn. The matrix maps stored (x, y) to shown
    (ax + cy, bx + dy), y downwards.
    """
    matrix = decoded.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, Buffer):
        return Turn()
    a, b, _, c, d = np.frombuffer(bytes(matrix), dtype=np.int32)[:5].tolist()
    transposed = abs(b) > abs(a)
    across, down = (c, b) if transposed else (a, d)
    return Turn(transposed, across < 0, down < 0)


def pasted(shown: Upright, edited: RGB, where: Mask) -> av.VideoFrame:
    """The frame with other pixels where a mask says so; all other bytes are those decoded.

    A chroma sample counts as masked as soon as one of its pixels is.

    Args:
        shown: The frame.
        edited: H×W×3.
        where: H×W, what of `edited` counts.
    """
    if not where.any():
        return shown.frame
    new = encoded(edited, shown.frame.format.name, shown.tags)
    result = []
    for ours, theirs in zip(planes_of(shown.frame), planes_of(new), strict=True):
        result.append(np.where(_reduced(where, ours.shape), theirs, ours))
    return _frame(result, shown.frame.format.name)


def encoded(picture: RGB | RGBA, pixels: str, tags: Tags) -> av.VideoFrame:
    """A picture in the pixel format of an encoder; the fourth channel is its alpha.

    Alpha is written as it is: none of its levels is lost to the range of the colours.
    """
    source = "rgba" if picture.shape[2] == 4 else "rgb24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=source)
    return frame.reformat(
        format=pixels,
        interpolation=_SMOOTH,
        dst_colorspace=_matrix(tags.matrix, picture.shape[0]),
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG if tags.full else ColorRange.MPEG,
    )


def planes_of(frame: av.VideoFrame) -> list[Plane]:
    """The planes of a frame of eight bits, each h×w, without the padding of their rows."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
            : plane.height, : plane.width
        ]
        for plane in frame.planes
    ]


def _frame(planes: list[Plane], pixels: str) -> av.VideoFrame:
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, pixels)
    for target, plane in zip(frame.planes, planes, strict=True):
        rows = np.zeros((target.buffer_size // target.line_size, target.line_size), np.uint8)
        rows[: plane.shape[0], : plane.shape[1]] = plane
        target.update(rows.tobytes())
    return frame


def _reduced(where: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask at the size of a plane: true where any of its pixels is."""
    for axis in (0, 1):
        if where.shape[axis] != shape[axis]:
            starts = np.arange(0, where.shape[axis], 2)
            where = np.logical_or.reduceat(where, starts, axis=axis)
    return where


def _written_pixels(decoded: av.VideoFrame) -> str:
    """Of eight bits, as near to what was decoded as an encoder of H.264 takes."""
    pixels = KEPT.get(decoded.format.name, "yuv420p")
    odd = decoded.width % 2 or decoded.height % 2
    if odd and not pixels.endswith("444p"):
        return WHOLE_CHROMA.get(pixels, "yuv444p")
    return pixels


def _tags(decoded: av.VideoFrame) -> Tags:
    full = decoded.format.name.startswith("yuvj")
    return Tags(
        int(decoded.colorspace),
        int(ColorRange.JPEG) if full else int(decoded.color_range),
        int(decoded.color_primaries),
        int(decoded.color_trc),
    )


def _rgb(frame: av.VideoFrame, tags: Tags) -> RGB:
    levels = frame.to_ndarray(
        format="rgb24",
        interpolation=_SMOOTH,
        src_colorspace=_matrix(tags.matrix, frame.height),
        src_color_range=ColorRange.JPEG if tags.full else ColorRange.MPEG,
    )
    return levels.astype(np.uint8, copy=False)


def _matrix(told: int, height: int) -> int:
    """The matrix to convert with: HD that says nothing is BT.709, as in `reader`."""
    if told in _KNOWN:
        return told
    return int(Colorspace.ITU709 if told == UNTOLD and height >= HD_HEIGHT else Colorspace.ITU601)


_KNOWN = {1, 4, 5, 6, 7, 9}
"""Matrices that swscale knows, by FFmpeg's numbers."""
