"""Parts that the pictures of calls share: escaped text, numbers, and a picture's frame.

Colours are written as attributes, so that a saved picture has them, and as classes, by which a page's style sheet may
choose others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape

from callflow.report.wording import printable

FONT: Final = "font-family='DejaVu Sans, Verdana, Helvetica, Arial, sans-serif'"
LETTER_WIDTH: Final = 7
"""Pixels that a letter of 12 pixels takes, about; wide enough for most."""

INK: Final = "#1f2430"
PALE: Final = "#5b6472"
LINE: Final = "#c5cbd6"
PAPER: Final = "#ffffff"


def safe(text: object) -> str:
    """Text for an element or a quoted attribute: unprintable characters escaped, no mark of XML left."""
    return escape(printable(text), {"'": "&#39;", '"': "&#34;"})


def number(value: float) -> str:
    """A length with at most two decimals and no needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def text_svg(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    fill: str = INK,
    name: str = "ink",
    size: int = 12,
    weight: str = "normal",
) -> str:
    """A line of text; `name` is its class."""
    style = f"text-anchor='{anchor}' fill='{fill}' font-size='{size}' font-weight='{weight}'"
    return f"<text class='{name}' x='{number(x)}' y='{number(y)}' {style}>{safe(words)}</text>"


def picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """A whole SVG document of that size in pixels on white paper, without a final line break."""
    size = f"width='{number(width)}' height='{number(height)}' viewBox='0 0 {number(width)} {number(height)}'"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' aria-label='{safe(title)}' {FONT}"
            " font-size='12'>",
            f"<title>{safe(title)}</title>",
            f"<rect class='paper' width='{number(width)}' height='{number(height)}' fill='{PAPER}'/>",
            *parts,
            "</svg>",
        ]
    )


_SIZE: Final = re.compile(r"<svg [^>]*?width='([\d.]+)' height='([\d.]+)'")


def stacked(pictures: Sequence[str], title: str) -> str:
    """Pictures made by `picture`, one below the other in one document; a single one stays as it is."""
    if len(pictures) == 1:
        return pictures[0]
    parts, below, widest = [], 0.0, 0.0
    for each in pictures:
        size = _SIZE.search(each)
        assert size is not None, "every picture begins with its size"
        parts.append(f"<svg y='{number(below)}'{each.removeprefix('<svg')}")
        below, widest = below + float(size[2]), max(widest, float(size[1]))
    return picture(widest, below, title, parts)
