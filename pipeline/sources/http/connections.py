"""Connections that know whom they may reach and when their time is over.

requests' time-outs bound the silence between two bytes, not the whole: a server that sends a byte
a second holds a connection for ever. A watchdog shuts the socket down at the deadline instead,
whatever the thread waits for. The address is checked on the open socket, before a byte is sent:
a name that resolves anew between check and use gains nothing.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipeline.sources.http.addresses import Zone, resolved, zone_of

TICK = 0.2
"""Seconds between two looks of the watchdog."""


class Refused(Exception):
    """The connection would lead to a place that is not allowed."""


class Exchange:
    """One request and its answer, from the connection to the last byte.

    Args:
        zones: Where it may lead.
        seconds: How long it may take.
    """

    def __init__(self, zones: frozenset[Zone], seconds: float) -> None:
        self.zones, self.seconds = zones, seconds
        self.deadline = time.monotonic() + seconds
        self.socket: socket.socket | None = None
        self.cut = False

    def check(self, address: str) -> None:
        """See that the address lies in an allowed zone.

        Raises:
            Refused: It does not.
        """
        zone = zone_of(address)
        if zone not in self.zones:
            raise Refused(f"leads to a {zone.value} address, which no start address is")

    def watch(self, sock: socket.socket) -> None:
        """Let the watchdog shut this socket down at the deadline."""
        self.socket = sock
        if self.cut:
            self.shut()

    def shut(self) -> None:
        """End it now; the thread that waits for it sees a closed connection."""
        self.cut = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # closed already
                # Not SSLSocket's own method: that would touch a TLS state that is being read.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


_current = threading.local()


class Watchdog:
    """Shuts down what is over its time; everything, once `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._running: set[Exchange] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def exchange(self, zones: frozenset[Zone], seconds: float) -> Iterator[Exchange]:
        """Everything that this thread opens inside belongs to the exchange."""
        one = Exchange(zones, seconds)
        with self._lock:
            self._running.add(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
        _current.exchange = one
        try:
            yield one
        finally:
            _current.exchange = None
            with self._lock:
                self._running.discard(one)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._running:
                    self._thread = None
                    return
                now = time.monotonic()
                for one in self._running:
                    if not one.cut and (self._stop.is_set() or one.deadline < now):
                        one.shut()
            time.sleep(TICK)


class _Guarded(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        exchange: Exchange = _current.exchange
        if self.proxy is None:
            for address in resolved(self.host):
                exchange.check(address)
        sock = super()._new_conn()
        exchange.watch(sock)
        return sock

    def request(self, *args: Any, **options: Any) -> None:
        exchange: Exchange = _current.exchange
        if self.sock is None:
            self.connect()
        if self.sock is not None:
            exchange.watch(self.sock)
            if self.proxy is None:
                exchange.check(self.sock.getpeername()[0])
        super().request(*args, **options)


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


POOLS = {"http": _Pool, "https": _TLSPool}


class GuardedAdapter(HTTPAdapter):
    """requests' adapter, on connections that belong to the thread's exchange.

    Through a proxy (from the environment) time is guarded, too; the place is the proxy's affair.
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager
