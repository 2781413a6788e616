"""Where a value stands in a file: JSON paths (`flow.children._.data`, `timeline[2]`) and lines."""

from __future__ import annotations

from attrs import frozen

from callflow.core.shown import child_path


@frozen
class Place:
    """Line of a value, counted from 1, and its source text if it is a YAML scalar written without quotes."""

    line: int
    raw: str | None = None


def key_path(path: str, key: str) -> str:
    """The path of a mapping's entry, spelt as the core spells it: unusual keys in brackets, always one line."""
    return child_path(path, key) if path else child_path(".", key).lstrip(".")


def item_path(path: str, index: int) -> str:
    """The path of a list's entry."""
    return f"{path}[{index}]"


def known_ancestor(path: str, places: dict[str, Place]) -> Place:
    """The place of the path, or of the nearest thing around it that the file has; line 1 when there is nothing."""
    while path and path not in places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return places.get(path, Place(1))
