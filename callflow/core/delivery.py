"""Deliveries: where a finished recording goes, and the table of its tries (B§6; the seed, "Storage of recordings").

The table has two drivers: the core's, on virtual time, and the storage room's, on a real clock (design §12).
"""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from callflow.core.address import without_credentials
from callflow.core.table import Table, Word


class DeliveryState(Word):
    """Where a delivery stands."""

    METADATA = "metadata"
    WAITING_METADATA = "waiting_metadata"
    SENDING = "sending"
    WAITING_RETRY = "waiting_retry"
    STORED = "stored"
    FAILED = "failed"
    NOT_STORED = "not_stored"


class DeliveryEvent(Word):
    """What may happen to a delivery; a failed try is classified by whether tries are left."""

    METADATA_SAVED = "metadata saved"
    METADATA_TRY_FAILED = "metadata try failed"
    METADATA_FAILED = "metadata failed"
    UNWANTED = "unwanted"
    ACCEPTED = "accepted"
    TRY_FAILED = "try failed"
    LAST_TRY_FAILED = "last try failed"
    RETRY_DUE = "retry due"
    FINISHED_AGAIN = "finished again"


_S, _E = DeliveryState, DeliveryEvent

DELIVERY: Final = Table(
    "delivery",
    states=DeliveryState,
    events=DeliveryEvent,
    start=_S.METADATA,
    ends=frozenset({_S.STORED, _S.FAILED, _S.NOT_STORED}),
    moves=(
        (_S.METADATA, _E.METADATA_SAVED, _S.SENDING),
        (_S.METADATA, _E.METADATA_TRY_FAILED, _S.WAITING_METADATA),
        (_S.METADATA, _E.METADATA_FAILED, _S.FAILED),
        (_S.METADATA, _E.UNWANTED, _S.NOT_STORED),
        (_S.WAITING_METADATA, _E.RETRY_DUE, _S.METADATA),
        (_S.SENDING, _E.ACCEPTED, _S.STORED),
        (_S.SENDING, _E.TRY_FAILED, _S.WAITING_RETRY),
        (_S.SENDING, _E.LAST_TRY_FAILED, _S.FAILED),
        (_S.WAITING_RETRY, _E.RETRY_DUE, _S.SENDING),
    ),
    # A second RECORD_STOP for one recording must not store it twice (C10); an answer after the end changes nothing.
    late={
        _S.METADATA: (_E.FINISHED_AGAIN,),
        _S.WAITING_METADATA: (_E.FINISHED_AGAIN,),
        _S.SENDING: (_E.FINISHED_AGAIN,),
        _S.WAITING_RETRY: (_E.FINISHED_AGAIN, _E.ACCEPTED, _E.TRY_FAILED, _E.LAST_TRY_FAILED),
        _S.STORED: (_E.FINISHED_AGAIN, _E.ACCEPTED, _E.TRY_FAILED, _E.LAST_TRY_FAILED),
        _S.FAILED: (_E.FINISHED_AGAIN, _E.ACCEPTED, _E.TRY_FAILED, _E.LAST_TRY_FAILED),
        _S.NOT_STORED: (_E.FINISHED_AGAIN,),
    },
    impossible={
        _S.METADATA: (_E.ACCEPTED, _E.TRY_FAILED, _E.LAST_TRY_FAILED, _E.RETRY_DUE),
        _S.WAITING_METADATA: (
            _E.METADATA_SAVED,
            _E.METADATA_TRY_FAILED,
            _E.METADATA_FAILED,
            _E.UNWANTED,
            _E.ACCEPTED,
            _E.TRY_FAILED,
            _E.LAST_TRY_FAILED,
        ),
        _S.SENDING: (_E.METADATA_SAVED, _E.METADATA_TRY_FAILED, _E.METADATA_FAILED, _E.UNWANTED, _E.RETRY_DUE),
        _S.WAITING_RETRY: (_E.METADATA_SAVED, _E.METADATA_TRY_FAILED, _E.METADATA_FAILED, _E.UNWANTED),
        _S.STORED: (_E.METADATA_SAVED, _E.METADATA_TRY_FAILED, _E.METADATA_FAILED, _E.UNWANTED, _E.RETRY_DUE),
        _S.FAILED: (_E.METADATA_SAVED, _E.METADATA_TRY_FAILED, _E.METADATA_FAILED, _E.UNWANTED, _E.RETRY_DUE),
        _S.NOT_STORED: (
            _E.METADATA_SAVED,
            _E.METADATA_TRY_FAILED,
            _E.METADATA_FAILED,
            _E.UNWANTED,
            _E.ACCEPTED,
            _E.TRY_FAILED,
            _E.LAST_TRY_FAILED,
            _E.RETRY_DUE,
        ),
    },
    timers={_S.WAITING_METADATA: _E.RETRY_DUE, _S.WAITING_RETRY: _E.RETRY_DUE},
)


class TargetKind(Word):
    """The kinds of place a recording can go to."""

    URL = "url"
    ACCOUNT_DATABASE = "account_database"
    THIRD_PARTY_BIGCOUCH = "third_party_bigcouch"
    COUCHDB = "couchdb"
    S3 = "s3"
    WEBHOOK = "webhook"
    NONE = "none"


class Body(Word):
    """What the body of an HTTP request is made of: the file's bytes, or one of the two other forms of a storage plan.

    B§6.7, handler `http`: `base64_encode_data` and `send_multipart`.
    """

    RAW = "raw"
    BASE64 = "base64"
    MULTIPART = "multipart"


@frozen
class Target:
    """Where one finished recording goes: the kind, the verb (`PUT`, `POST`, empty without a URL), the URL, and why.

    `rule` names the option that decided it, as the trace shows it (`record_call.url`, `media.store_recordings=false`).
    `url` may hold credentials. An S3 target's is ours: `s3://KEY:SECRET@HOST:PORT/BUCKET/OBJECT`, key, secret and host
    where they are given, and `region`, `scheme` and `access` (`vhost` or `path`) as its query.
    """

    kind: TargetKind
    method: str
    url: str = field(repr=without_credentials)
    rule: str
    body: Body = Body.RAW
