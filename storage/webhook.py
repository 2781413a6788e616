"""The notice that follows a recording once it is stored: its metadata and its place, POSTed to a webhook.

The seed: "feed it to a transcription service". The notice is a parcel of its own, delivered and retried like the rest,
and it is in the outbox before the recording leaves it. Its id is fixed, so that a receiver can tell a repetition.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from callflow.core.delivery import Target, TargetKind
from callflow.storage.journal import Entry
from callflow.storage.parcel import ID_LENGTH_MAX, Parcel

_SUFFIX: Final = ".hook"


def hook_id(delivery_id: str) -> str:
    """The id of the notice that follows the delivery `delivery_id`: `<id>.hook`; of an overlong one its SHA-256's."""
    is_short = len(delivery_id) + len(_SUFFIX) <= ID_LENGTH_MAX
    return f"{delivery_id if is_short else sha256(delivery_id.encode()).hexdigest()}{_SUFFIX}"


def notice(entry: Entry, place: str) -> tuple[Parcel, bytes]:
    """The notice that the recording of `entry` is at `place`, and its content, a JSON object.

    It holds the document of B§6.5 and `place`, `bytes`, `sha256`, `content_type` and `delivery_id` of the recording.
    """
    stored = entry.parcel
    content = {
        **stored.metadata,
        "place": place,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "content_type": stored.content_type,
        "delivery_id": stored.delivery_id,
    }
    parcel = Parcel(
        delivery_id=hook_id(stored.delivery_id),
        file=Path("notice.document"),
        content_type="application/json",
        target=Target(TargetKind.WEBHOOK, "POST", stored.webhook, "webhook"),
        metadata={"name": f"notice of {stored.metadata.get('name', stored.delivery_id)}"},
        folder=stored.folder,
    )
    return parcel, json.dumps(content, allow_nan=False).encode()
