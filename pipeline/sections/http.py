"""Section `http` of params.yaml: how politely and how patiently other machines are asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.sections.base import Count, Positive, Section


class HttpLimits(Section):
    """The same for every source; times in seconds, sizes in bytes."""

    contact: str
    """Who asks: an address or page, sent along with every request so that a site can complain."""
    concurrency: Annotated[int, Field(ge=1, le=128)]
    """Requests at a time, to all hosts together."""
    per_host: Annotated[int, Field(ge=1, le=64)]
    """Requests at a time to one host."""
    delay: Annotated[float, Field(ge=0)]
    """Between the starts of two requests to one host; a longer crawl delay in robots.txt wins."""
    connect_timeout: Positive
    read_timeout: Positive
    """Silence that is taken for a broken connection."""
    max_seconds: Positive
    """For one page or picture, all attempts together, pauses not counted."""
    retries: Annotated[int, Field(ge=0, le=20)]
    backoff: Annotated[float, Field(ge=0)]
    """The first pause after a failure; each further one is twice as long, with jitter."""
    max_wait: Positive
    """The longest pause or crawl delay that is obeyed; a site that asks for more is left alone."""
    max_redirects: Annotated[int, Field(ge=0, le=30)]
    max_page_bytes: Count
    max_picture_bytes: Count
