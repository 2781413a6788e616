"""The record of a file that the receiver stored."""

from __future__ import annotations

from attrs import frozen


@frozen
class Received:
    """A file that was stored: `path` below the folder with `/` between its parts, and whether the name was new."""

    path: str
    bytes: int
    sha256: str
    is_new: bool
