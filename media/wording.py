"""How a path is written in a message."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path) -> str:
    """The path on one line, control characters escaped: names come from strangers."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in str(path))
