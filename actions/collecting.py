"""What `menu` and `collect_dtmf` share: taking several digits from the caller (B§7.0, "Collect digits")."""

from __future__ import annotations

from collections.abc import Collection

from callflow.core.effects import Play
from callflow.core.sounds import Sound

INTERDIGIT_MS = 2000
"""Milliseconds from one digit to the next, where nothing else is said (B§7.0)."""


async def collect(
    sounds: tuple[Sound, ...],
    *,
    most: int,
    first_digit_ms: int,
    interdigit_ms: int = INTERDIGIT_MS,
    terminators: Collection[str] = ("#",),
) -> str:
    """Play `sounds` and return what the caller presses: at most `most` digits, "" when none came.

    The first digit cuts the sounds; without one the caller has `first_digit_ms` after their end, and `interdigit_ms`
    from each digit to the next. A terminator ends it at once and is not returned. A hang-up comes out as HungUp.
    """
    digits, wait_ms = "", first_digit_ms
    while len(digits) < most:
        digit = await Play(sounds, then_wait_ms=max(wait_ms, 0))
        if digit == "" or digit in terminators:
            break
        digits += digit
        sounds, wait_ms = (), interdigit_ms
    return digits
