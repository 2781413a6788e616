"""The document that is saved before a recording: its fields, its months, its moments (B§6.5; C22)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from callflow.core.delivery import TargetKind
from callflow.report.results import RunResult
from callflow.simulate import Run
from callflow.storage.parcel import Parcel
from callflow.uploading import parcels

TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 4s: caller hangs up")
GREGORIAN_S = 62_167_219_200
START_S = 1_796_032_800
"""2026-11-30T10:00:00Z, when every scenario here begins unless it says otherwise."""

Rendered = tuple[Run, RunResult]


@pytest.fixture
def rendered(staging: ModuleType, tmp_path: Path) -> Callable[..., Rendered]:
    """Play a scenario whose deliveries wait, and write its files."""
    return partial(staging.rendered, tmp_path)


def only(made: Rendered) -> Parcel:
    """The one parcel of a run."""
    (parcel,) = parcels(*made)
    return parcel


def test_the_document_has_its_fields(staging: ModuleType, rendered: Any) -> None:
    """B§6.5: the document that is saved before the audio; `start`: Gregorian seconds, the recording's own start."""
    flow = staging.record(
        staging.ring(), url="http://u:pw@my.server/r", record_on_answer=True, label="sales", format="mp3"
    )
    made = rendered(
        "at 3s: alice answers", "at 5500ms: caller hangs up", flow=flow, call_id="c-1", timezone="Asia/Tokyo"
    )
    parcel, (recording,) = only(made), made[1].recordings
    document = dict(parcel.metadata)
    assert document == {
        "_id": recording.id, "pvt_type": "call_recording", "call_id": "c-1", "cdr_id": "202611-c-1",
        "interaction_id": "",
        "caller_id_name": "Bob", "caller_id_number": "+14155550100", "from": "+14155550100", "to": "2001",
        "request": "2001", "direction": "inbound", "description": f"recording {recording.name}", "name": recording.name,
        "media_source": "recorded", "media_type": "mp3", "content_type": "audio/mpeg", "origin": recording.origin,
        "duration": 2, "duration_ms": 2_500, "start": START_S + 3 + GREGORIAN_S,
        "url": "http://***@my.server/r/call_recording_c-1.mp3", "source_type": "kapps_call_recording",
        "callee_id_name": "alice", "callee_id_number": "2001", "custom_channel_vars": {"Account-ID": "account"},
        "recording_vars": {}, "conference_recording": False, "transcribe": False,
    }  # fmt: skip
    assert (parcel.content_type, parcel.target.kind, parcel.target.method) == ("audio/mpeg", TargetKind.URL, "PUT")
    assert parcel.target.url == "http://u:pw@my.server/r/call_recording_c-1.mp3"
    assert "pw" not in repr(parcel) and not any("pw" in str(row) for row in made[0].rows)


@pytest.mark.parametrize(
    ("zone", "start"), [("UTC", None), ("Asia/Tokyo", None), ("America/St_Johns", "2026-11-30T19:00:00+09:00")]
)
def test_gregorian_seconds_know_no_zone(rendered: Any, zone: str, start: str | None) -> None:
    """B§6.5: `start` is unix + 62167219200 wherever the account lies, and however the start was written."""
    made = rendered(*TALK, timezone=zone, start=start or "2026-11-30T10:00:00Z")
    assert only(made).metadata["start"] == START_S + GREGORIAN_S


def test_a_caller_on_net_is_in_the_document(staging: ModuleType, rendered: Any) -> None:
    """B§6.5: endpoint_id and owner_id are those of the calling device."""
    flow = staging.record(staging.ring("alice", staging.ring("bob")))
    made = rendered(
        "at 4s: caller hangs up", flow=flow, caller={"device": "bob-phone", "number": "12", "dials": "2001"}
    )
    document = only(made).metadata
    assert (document["endpoint_id"], document["owner_id"], document["from"]) == ("bob-phone", "bob", "12")
    owned = {"Authorizing-ID": "bob-phone", "Owner-ID": "bob"}
    assert document["custom_channel_vars"] == {"Account-ID": "account", **owned}


def test_who_was_talked_to_first_is_the_callee(staging: ModuleType, rendered: Any) -> None:
    """B§6.5: callee_id_name and callee_id_number are there when the recorded leg was bridged, and only then."""
    flow = staging.record(staging.ring("alice"))
    talked = only(rendered(*TALK, flow=flow, profile="kazoo-5")).metadata
    assert (talked["callee_id_name"], talked["callee_id_number"]) == ("alice", "2001")
    assert (talked["media_type"], talked["source_type"]) == (".wav", "media_recording")
    alone = only(rendered("at 3s: caller hangs up", flow=flow)).metadata
    assert "callee_id_name" not in alone and alone["media_type"] == "wav"


def test_the_query_of_kazoo_5_says_what_the_document_says(staging: ModuleType, rendered: Any) -> None:
    """B§6.3: only what is missing is empty: owner_id and start are those of the document (B§6.5)."""
    flow = staging.record(staging.ring("alice", staging.ring("bob")), url="http://my.server/r")
    caller = {"device": "bob-phone", "number": "12", "dials": "2001"}
    parcel = only(rendered("at 3s: caller hangs up", flow=flow, caller=caller, profile="kazoo-5"))
    fields = dict(parse_qsl(urlsplit(parcel.target.url).query, keep_blank_values=True))
    assert (fields["owner_id"], fields["start"]) == ("bob", str(START_S + GREGORIAN_S))
    assert (fields["owner_id"], int(fields["start"])) == (parcel.metadata["owner_id"], parcel.metadata["start"])


def test_a_recording_across_month_end(staging: ModuleType, rendered: Any) -> None:
    """C22: the id has the month of the start, database and cdr_id that of the end, both in local time."""
    made = rendered(*TALK, start="2026-12-31T22:59:58Z", timezone="Europe/Berlin", account=None)
    parcel = only(made)
    assert str(parcel.metadata["_id"]).startswith("202612-")
    assert parcel.folder.endswith("-202701") and str(parcel.metadata["cdr_id"]).startswith("202701-")
    assert made[0].prepared.setting.utc_offset_s == 3_600
