"""Why something could not be fetched.

Reasons go into rejects tables, which must be the same bytes next time: no ports, no times.
"""

from __future__ import annotations

import ssl

import requests
import urllib3.exceptions as urllib3

from pipeline.errors import PipelineError


class FetchFailed(PipelineError):
    """An address that could not be fetched.

    Attributes:
        url: The address asked for.
        reason: What went wrong, without the address.
        passing: Whether another attempt may go better.
        wait: Seconds that the server asked to wait, None if it did not.
        forbidden: Whether the site does not want it to be fetched.
    """

    def __init__(
        self,
        url: str,
        reason: str,
        *,
        passing: bool = False,
        wait: float | None = None,
        forbidden: bool = False,
    ) -> None:
        super().__init__(f"{url}: {reason}")
        self.url, self.reason, self.passing = url, reason, passing
        self.wait, self.forbidden = wait, forbidden


def expect(holds: bool, url: str, reason: str) -> None:
    """Raise FetchFailed unless it holds."""
    if not holds:
        raise FetchFailed(url, reason)


class Stopped(Exception):
    """The session was stopped from outside (Ctrl-C); what was going on is given up."""


PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})

NETWORK_ERRORS = (requests.RequestException, urllib3.HTTPError, OSError)


def explained(url: str, problem: Exception) -> FetchFailed:
    """What requests, urllib3 or the system raised, in words that do not change from run to run."""
    causes = list(_causes(problem))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchFailed(url, f"certificate: {cause.verify_message}")
    for kinds, reason, passing in _KNOWN:
        if any(isinstance(cause, kinds) for cause in causes):
            return FetchFailed(url, reason, passing=passing)
    return FetchFailed(url, f"cannot be fetched ({type(problem).__name__})", passing=False)


_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, bool], ...] = (
    (ssl.SSLError, "TLS failed", False),
    (urllib3.NameResolutionError, "the host name is not known", True),
    (urllib3.ConnectTimeoutError, "no connection in time (http.connect_timeout)", True),
    ((urllib3.ReadTimeoutError, TimeoutError), "silent for too long (http.read_timeout)", True),
    ((urllib3.DecodeError, requests.exceptions.ContentDecodingError), "compression is broken",
     False),
    (ConnectionRefusedError, "the connection was refused", True),
    ((urllib3.ProtocolError, urllib3.NewConnectionError, ConnectionError), "the connection broke",
     True),
    ((requests.exceptions.InvalidURL, urllib3.LocationParseError, UnicodeError),
     "is not an address", False),
)  # fmt: skip


def _causes(problem: BaseException) -> list[BaseException]:
    """The problem and everything it wraps, as `__cause__`, `reason` or argument."""
    found: list[BaseException] = []
    waiting = [problem]
    while waiting:
        one = waiting.pop(0)
        if one in found:
            continue
        found.append(one)
        inside = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [each for each in inside if isinstance(each, BaseException)]
    return found
