"""Content types of recordings by file name (B§6.4: by extension; what Kazoo's own table says for wav is not known)."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

UNKNOWN_TYPE: Final = "application/octet-stream"
"""The type of everything that is no audio: browsers save it, and never run it."""

_TYPES: Final = {
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/x-wav",
}


def content_type_of(name: str | PurePath) -> str:
    """The content type of the file `name`, by its extension in any case; `UNKNOWN_TYPE` for others."""
    return _TYPES.get(PurePath(name).suffix.lower(), UNKNOWN_TYPE)
