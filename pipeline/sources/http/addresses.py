"""Which addresses may be asked: the public ones, and those of the kind that the user configured.

A page or a redirect that points into the machine or its private network must not be followed
(server-side request forgery); a gallery that the user runs on the private network may be read.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit


class Zone(Enum):
    """Where an address leads."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    OTHER = "reserved"  # link-local, multicast, unspecified, ...


@lru_cache
def zone_of(address: str) -> Zone:
    """The zone of an IPv4 or IPv6 address; IPv4 inside IPv6 counts as what it wraps."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or _nat64(ip) or ip
    if ip.is_loopback:
        return Zone.LOOPBACK
    if ip.is_global and not ip.is_multicast:
        return Zone.PUBLIC
    if ip.is_private and not (ip.is_link_local or ip.is_unspecified or ip.is_reserved):
        return Zone.PRIVATE
    return Zone.OTHER


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = ip in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if inside else None


def resolved(host: str) -> frozenset[str]:
    """All addresses of a host name; none if it is not known."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(entry[4][0]) for entry in found)


def zones_of(urls: Iterable[str]) -> frozenset[Zone]:
    """What a user who configured these addresses allows: the public zone, and theirs."""
    hosts = {urlsplit(url).hostname for url in urls} - {None}
    addresses = {address for host in hosts for address in resolved(str(host))}
    return frozenset({Zone.PUBLIC, *map(zone_of, addresses)})


def is_local(url: str) -> bool:
    """Whether an address names the loopback."""
    return _is_loopback(urlsplit(url).hostname or "")


def without_loopback_port(url: str) -> str:
    """The address as a manifest keeps it: on loopback, the port is an accident of the run."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not _is_loopback(host):
        return url
    return urlunsplit(parts._replace(netloc=f"[{host}]" if ":" in host else host))


@lru_cache
def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or zone_of(host) is Zone.LOOPBACK
    except ValueError:  # a name
        return False
