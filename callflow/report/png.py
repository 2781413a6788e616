"""Pictures as PNG, for tickets that take nothing else: drawn by resvg, which comes with the extra `png`."""

from __future__ import annotations

from typing import Final

from callflow.core.errors import MediaError

_ZOOM: Final = 2


def png_of(svg: str) -> bytes:
    """The PNG of one of our pictures, twice as large as it says. Raises MediaError where resvg is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise MediaError(
            "png: resvg is not installed; pip install 'callflow-simulator[png]', or use --format svg"
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=_ZOOM))
