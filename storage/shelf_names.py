"""Which names the receiver takes: a path is split before it is decoded, once, and every part is checked (C26).

The seed's PHP receiver writes to whatever name the URL holds. Parts are kept as they were sent: spellings of one name
that differ in their Unicode normalisation are two names, for folding them would let one recording overwrite another.
"""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes

from callflow.core.errors import StorageError
from callflow.storage.audio_types import UNKNOWN_TYPE, content_type_of

NAME_BYTES_MAX: Final = 255
DEPTH_MAX: Final = 16
"""Most parts that a path may have."""
FIELDS_MAX: Final = 64
"""Most fields that a query may have."""


class NameRefused(StorageError):
    """A path or a query names no file that the receiver would keep; the message says why, without the name."""


def parts_of(raw_path: str) -> tuple[str, ...]:
    """The names in a request's path, percent-decoded: at least one, each plain. Raises `NameRefused`."""
    if not raw_path.startswith("/"):
        raise NameRefused("the path does not start with /")
    parts = tuple(_decoded(raw) for raw in raw_path[1:].split("/"))
    check_parts(parts)
    return parts


def upload_parts_of(raw_path: str, fields: dict[str, str]) -> tuple[str, ...]:
    """Where an upload is to be kept. Raises `NameRefused`.

    The path decides, as in the seed. Where its last part has no extension of an audio file and the query has a
    `recording`, as Kazoo sends it for a `url` that has a query itself (B§6.3), the path is a folder and `recording` the
    file's name: otherwise every recording of that `url` would have one name.
    """
    last = raw_path.rpartition("/")[2]
    name = fields.get("recording", "")
    if not name or content_type_of(last) != UNKNOWN_TYPE:
        return parts_of(raw_path)
    folder = raw_path.rstrip("/")
    parts = (*(parts_of(folder) if folder else ()), name)
    check_parts(parts)
    return parts


def fields_of(query: bytes) -> dict[str, str]:
    """The fields of a request's query, decoded; of a field that occurs twice the last counts. Raises `NameRefused`."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except UnicodeDecodeError:
        raise NameRefused("a field of the query is not UTF-8") from None
    except ValueError:
        raise NameRefused(f"the query has more than {FIELDS_MAX} fields") from None
    return dict(pairs)


def check_parts(parts: tuple[str, ...]) -> None:
    """Raise `NameRefused` unless every part is a plain, visible name."""
    if len(parts) > DEPTH_MAX:
        raise NameRefused(f"the path has more than {DEPTH_MAX} parts")
    for part in parts:
        _check(part)


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise NameRefused("a part of the path is not UTF-8") from None


def _check(part: str) -> None:
    try:
        encoded = part.encode()
    except UnicodeEncodeError:
        raise NameRefused("a part of the path is not UTF-8") from None
    if len(encoded) > NAME_BYTES_MAX:
        raise NameRefused(f"a part of the path is longer than {NAME_BYTES_MAX} bytes")
    if not part:
        raise NameRefused("a part of the path is empty")
    if part.startswith("."):
        raise NameRefused("a part of the path starts with a dot")
    if "/" in part or "\\" in part:
        raise NameRefused("a part of the path holds a slash or backslash")
    if any(unicodedata.category(character) == "Cc" for character in part):
        raise NameRefused("a part of the path holds a control character")
