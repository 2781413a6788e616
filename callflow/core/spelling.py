"""Near misses: how far apart two names are, and which known name a misspelt one meant (design §12, Documents)."""

from __future__ import annotations

from collections.abc import Iterable

MAX_DISTANCE = 2
"""Names further apart than this are different names, not slips of the keyboard."""

_LONGEST_NAME = 64


def edit_distance(left: str, right: str) -> int:
    """Count the letters to insert, delete, replace or swap with their neighbour to turn `left` into `right`."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely misspells, or None when none is near.

    Near means at most `MAX_DISTANCE` edits, and at least half of the known name kept: every two-letter word is two
    edits from `id` and means nothing by it. Ties go to the first in alphabetical order.
    """
    if len(name) > _LONGEST_NAME:
        return None
    best: tuple[int, str] | None = None
    for candidate in known:
        if abs(len(candidate) - len(name)) > MAX_DISTANCE:
            continue
        distance = edit_distance(name, candidate)
        if distance <= MAX_DISTANCE and 2 * distance <= len(candidate):
            best = min(best or (distance, candidate), (distance, candidate))
    return best[1] if best else None
