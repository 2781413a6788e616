"""What a sender says about a recording: the fields of Kazoo's query (B§6.3), kept beside the file, hidden.

The recording `NAME` has its particulars in `.NAME.json`. They are the sender's words: shown escaped, never believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from callflow.storage.shelf_names import NAME_BYTES_MAX

LABELS: Final = {
    "from": "From",
    "to": "To",
    "caller_id_name": "Caller",
    "caller_id_number": "Caller's number",
    "duration_ms": "Duration in ms",
    "start": "Start",
    "call_id": "Call",
    "cdr_id": "CDR",
    "interaction_id": "Interaction",
    "account_id": "Account",
    "owner_id": "Owner",
    "recording_id": "Recording",
}
"""The fields that are kept, in the order in which they are shown, with what they are called."""
VALUE_LENGTH_MAX: Final = 500
"""Longer values are cut."""
BYTES_MAX: Final = 64 << 10
"""More than all values of that length take."""


def particulars_of(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a query that say something about the recording: known and not empty."""
    return {key: fields[key][:VALUE_LENGTH_MAX] for key in LABELS if fields.get(key)}


def particulars_name(name: str) -> str:
    """The name of the hidden file for the recording `name`; by digest where the plain one would be too long."""
    plain = f".{name}.json"
    return plain if len(plain.encode()) <= NAME_BYTES_MAX else f".{hashlib.sha256(name.encode()).hexdigest()}.json"


def written(particulars: Mapping[str, str]) -> bytes:
    """The content of the hidden file."""
    return json.dumps(particulars, ensure_ascii=False, indent=1).encode() + b"\n"


def read(content: bytes) -> dict[str, str]:
    """What `written` wrote; of anything else only what fits, down to nothing."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return particulars_of({key: value for key, value in document.items() if isinstance(value, str)})
