"""Who may ask: the key, the site that a browser asks for, the name it asks under."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.errors import UsageError
from pipeline.serving.web.limits import Limits
from pipeline.serving.web.problems import Problem

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PROTOCOL = "clearscene"
"""Sub-protocol of the webcam; a browser can send a key with a WebSocket as a second one only."""


class Guard:
    """Refuses who may not ask, and puts security headers on every answer.

    Args:
        app: What answers.
        limits: Its `origins` and `hosts`.
        api_key: What `/api/…` asks for; None lets everybody in.
    """

    def __init__(self, app: ASGIApp, limits: Limits, api_key: str | None) -> None:
        self.app, self.limits, self.api_key = app, limits, api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, scope["path"])
            await send(message)

        problem = self._refusal(scope, headers)
        if problem is None:
            await self.app(scope, receive, with_headers)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": problem.detail[:120]})
        else:
            await problem.answer()(scope, receive, with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname
        if self.limits.hosts and host not in self.limits.hosts:
            return Problem(421, f"this server is not {host}")
        if not scope["path"].startswith("/api/") or _asks_for_leave(scope, headers):
            return None
        if not self._same_site(headers):
            return Problem(403, "pages of other sites may not call this server (option `origins`)")
        if self.api_key is not None and not _same(self.api_key, _key(headers)):
            return Problem(
                401,
                "this server wants a key: send it as `X-API-Key` or as a bearer token",
                {"WWW-Authenticate": 'Bearer realm="clearscene"'},
            )
        return None

    def _same_site(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None or origin in self.limits.origins:
            return True
        fetch = headers.get("sec-fetch-site")
        if fetch is not None:
            return fetch in ("same-origin", "none")
        return urlsplit(origin).netloc == headers.get("host")


def check_key(api_key: str | None) -> str | None:
    """A key as it is, if there is one.

    Raises:
        UsageError: It cannot be sent in a header.
    """
    if api_key is not None and not re.fullmatch("[!-~]+", api_key):
        raise UsageError("an API key has letters, digits and signs of ASCII, and no spaces")
    return api_key


def _add_headers(message: Message, path: str) -> None:
    headers = MutableHeaders(scope=message)
    headers.update(SECURITY)
    headers["Cache-Control"] = "no-store" if path.startswith("/api/") else "no-cache"


def _asks_for_leave(scope: Scope, headers: Headers) -> bool:
    """Whether a browser asks first (CORS preflight): it sends no key then."""
    return scope.get("method") == "OPTIONS" and "access-control-request-method" in headers


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode())


def _key(headers: Headers) -> str:
    if key := headers.get("x-api-key"):
        return key
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    protocols = headers.get("sec-websocket-protocol", "").split(",")
    named = [one.strip() for one in protocols if one.strip().startswith("key.")]
    return _decoded(named[0].removeprefix("key.")) if named else ""


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
