"""Whether colours are wanted at all (https://no-color.org); where they would not be seen, click drops them itself."""

from __future__ import annotations

import os


def colour_wish() -> bool | None:
    """False when NO_COLOR is set and not empty, otherwise None: let click look whether this is a terminal."""
    return False if os.environ.get("NO_COLOR") else None
