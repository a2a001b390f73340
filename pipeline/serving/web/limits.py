"""How much the server takes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one server within its memory and its time.

    Attributes:
        upload_bytes: Of one request, all its pictures together.
        pixels: Of one picture; it is refused before it is decoded.
        places: Requests in the house at once, the one at work included; further ones get 503.
        seconds: For one request, from its first byte to its answer.
        webcams: Sessions at once.
        frame_bytes: Of one frame of a webcam.
        frame_pixels: Of one frame of a webcam.
        idle_seconds: After which a webcam that sends nothing is closed.
        origins: Other sites whose pages may call the API, such as `https://example.org`.
        hosts: Names under which the server may be asked (the header Host); empty takes any.
    """

    upload_bytes: int = 50 * 2**20
    pixels: int = 100_000_000
    places: int = 8
    seconds: float = 120.0
    webcams: int = 2
    frame_bytes: int = 2 * 2**20
    frame_pixels: int = 1920 * 1080
    idle_seconds: float = 30.0
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
