"""`--upload`: what a run left waiting is really delivered, each file exactly once (design §12, Deliveries; B§6.5)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from callflow.core.delivery import TargetKind
from callflow.core.trace import Row
from callflow.files import write_recordings
from callflow.report.results import RunResult
from callflow.scenario.preparing import Choices
from callflow.simulate import Run
from callflow.storage import outbox
from callflow.storage.database import list_recordings, read_recording
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Destinations
from callflow.uploading import has_failed, parcels, retry, upload, with_deliveries

TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 4s: caller hangs up")
MESSAGE = ("when voicemail records: caller speaks for 2s", "after 0s: caller hangs up")
GREGORIAN_S = 62_167_219_200
START_S = 1_796_032_800
"""2026-11-30T10:00:00Z, when every scenario here begins unless it says otherwise."""


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of whoever runs the tests out of them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Quiet:
    """A log that shows nothing, and a clock that nobody waits for."""

    def __init__(self) -> None:
        self.waited: list[int] = []

    def info(self, event: str, /, **facts: object) -> None:
        """Drop the line."""

    def now_ms(self) -> int:
        """The sum of what was waited for."""
        return sum(self.waited)

    def wait_ms(self, duration_ms: int) -> None:
        """Do not wait."""
        self.waited.append(duration_ms)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[RunningReceiver]:
    """A receiver on a port of its own."""
    with RunningReceiver(tmp_path / "received", log=Quiet()) as running:
        yield running


Rendered = tuple[Run, RunResult]


@pytest.fixture
def rendered(staging: ModuleType, tmp_path: Path) -> Callable[..., Rendered]:
    """Play a scenario whose deliveries wait, and write its files."""

    def make(*lines: str, **parts: Any) -> Rendered:
        run = staging.played(tmp_path, *lines, choices=Choices(uploads=True), **parts)
        return run, write_recordings(run.rows, run.summary(), tmp_path / "out", tmp_path)

    return make


def sent(made: Rendered, tmp_path: Path, clock: Quiet | None = None) -> RunResult:
    """The result after a real upload, the account's database being SQLite."""
    destinations = Destinations(f"sqlite:///{tmp_path}/account.db", None, tmp_path / "outbox")
    return with_deliveries(made[1], list(upload(*made, destinations, clock=clock or Quiet())))


def only(made: Rendered) -> Parcel:
    """The one parcel of a run."""
    (parcel,) = parcels(*made)
    return parcel


def test_a_recording_with_url_arrives_byte_by_byte(
    staging: ModuleType, rendered: Any, receiver: RunningReceiver, tmp_path: Path
) -> None:
    """Issue 2, item 9: PUT to URL/call_recording_CALL_ID.EXT; what arrives is the written file, the outbox is empty."""
    flow = staging.record(staging.ring(), url=f"{receiver.url}/acme", format="mp3")
    result = sent(rendered(*TALK, flow=flow, call_id="a@b"), tmp_path)
    (recording,) = result.recordings
    assert recording.delivery is not None and recording.file is not None
    assert (recording.delivery.state, [each.result for each in recording.delivery.attempts]) == ("stored", ["201"])
    assert recording.delivery.url == f"{receiver.url}/acme/call_recording_a%40b.mp3"
    assert (receiver.folder / "acme" / "call_recording_a@b.mp3").read_bytes() == Path(recording.file).read_bytes()
    assert not has_failed(result) and outbox.pending(tmp_path / "outbox") == ()


def test_a_message_arrives_in_the_accounts_database(rendered: Any, tmp_path: Path, staging: ModuleType) -> None:
    """B§7.6: a voicemail goes to the month's database with its document, byte by byte."""
    made = rendered(*MESSAGE, flow=staging.VOICEMAIL, account=None)
    result = sent(made, tmp_path)
    (recording,) = result.recordings
    (stored,) = list_recordings(f"sqlite:///{tmp_path}/account.db")
    audio = b"".join(read_recording(f"sqlite:///{tmp_path}/account.db", stored.id))
    assert recording.file is not None and audio == Path(recording.file).read_bytes()
    assert (stored.doc["pvt_type"], stored.doc["folder"], stored.doc["source_id"]) == ("mailbox_message", "new", "box")
    assert (stored.doc["length"], stored.doc["timestamp"]) == (2_000, stored.doc["start"])
    assert stored.database == "account/ac/co/unt-202611" and not has_failed(result)


def test_a_dead_target_leaves_the_file_in_the_outbox(staging: ModuleType, rendered: Any, tmp_path: Path) -> None:
    """Design §12: tries after 1, 2 and 4 s, then the outbox and exit 4: audio is never lost."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/r"
    clock = Quiet()
    result = sent(rendered(*TALK, flow=staging.record(staging.ring(), url=url)), tmp_path, clock)
    (recording,) = result.recordings
    assert recording.delivery is not None and recording.file is not None
    assert (recording.delivery.state, clock.waited) == ("failed", [1_000, 2_000, 4_000])
    assert [each.at_ms for each in recording.delivery.attempts] == [0, 1_000, 3_000, 7_000]
    assert has_failed(result)
    (kept,) = outbox.pending(tmp_path / "outbox")
    assert kept.file.read_bytes() == Path(recording.file).read_bytes()


@pytest.mark.parametrize("is_scenarios", [True, False])
def test_a_webhook_is_told_of_what_is_stored(
    staging: ModuleType, rendered: Any, receiver: RunningReceiver, tmp_path: Path, is_scenarios: bool
) -> None:
    """The seed, "feed it to a transcription service": the scenario's webhook, or the command line's; in the result."""
    flow = staging.record(staging.ring(), url=f"{receiver.url}/acme", format="mp3")
    hook = f"{receiver.url}/hooks/new".replace("://", "://me:geheim@")
    made = rendered(*TALK, flow=flow, **({"storage": {"webhook": {"url": hook}}} if is_scenarios else {}))
    where = Destinations(None, None, tmp_path / "outbox")
    rows = list(upload(made[0], made[1], where, clock=Quiet(), webhook="" if is_scenarios else hook))
    result = with_deliveries(made[1], rows)
    delivery = result.recordings[0].delivery
    assert delivery is not None and delivery.webhook is not None
    assert (delivery.webhook.state, delivery.webhook.url) == ("stored", hook.replace("me:geheim", "***"))
    assert [each.result for each in delivery.webhook.attempts] == ["201"] and not has_failed(result)
    told = json.loads((receiver.folder / "hooks" / "new").read_bytes())
    assert (told["_id"], told["place"]) == (result.recordings[0].id, delivery.url)
    assert told["bytes"] == result.recordings[0].bytes


def test_a_webhook_that_is_down_is_a_failure(staging: ModuleType, rendered: Any, tmp_path: Path) -> None:
    """Design §7: exit 4 when the word did not arrive, although the recording did; it waits in the outbox."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hook = f"http://127.0.0.1:{listener.getsockname()[1]}/new"
    made = rendered(*MESSAGE, flow=staging.VOICEMAIL, account=None)
    where = Destinations(f"sqlite:///{tmp_path}/account.db", None, tmp_path / "outbox")
    result = with_deliveries(made[1], upload(made[0], made[1], where, clock=Quiet(), webhook=hook))
    delivery = result.recordings[0].delivery
    assert delivery is not None and delivery.webhook is not None
    assert (delivery.state, delivery.webhook.state, has_failed(result)) == ("stored", "failed", True)
    assert [each.delivery_id for each in outbox.pending(where.outbox)] == [f"{result.recordings[0].id}.hook"]
    assert [row.state.value for row in retry(where.outbox, clock=Quiet()) if row.delivered is not None] == ["failed"]


def test_what_was_not_tried_is_not_delivered(rendered: Any) -> None:
    """Design §7: a delivery that still waits has not arrived: exit 4."""
    run, result = rendered(*TALK)
    assert result.recordings[0].delivery.state == "waiting" and has_failed(result)
    assert with_deliveries(result, []) == result


def test_what_is_stored_nowhere_is_no_parcel(staging: ModuleType, rendered: Any, tmp_path: Path) -> None:
    """B§6.1: no url and store_recordings false: not stored, nothing to send, no failure."""
    flow = {"module": "record_call", "data": {"action": "start", "format": "wav"}, "children": {"_": staging.ring()}}
    made = rendered(*TALK, flow=flow)
    assert tuple(parcels(*made)) == ()
    result = sent(made, tmp_path)
    assert result.recordings[0].delivery.state == "not_stored" and not has_failed(result)  # type: ignore[union-attr]


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


@pytest.mark.parametrize("media_id", ["../../x", "x\ny", "a" * 300, ".hidden", "plain", "202611-" + "0" * 32])
def test_a_chosen_media_id_takes_no_other_deliverys_place(
    staging: ModuleType, rendered: Any, receiver: RunningReceiver, tmp_path: Path, media_id: str
) -> None:
    """Design §4, audio is never lost: two recordings with one `media_id` are two deliveries, under ids of ours."""
    node = staging.record(url=f"{receiver.url}/one", media_id=media_id)
    whole = {**node, "children": {"_": staging.record(staging.ring(), url=f"{receiver.url}/two", media_id=media_id)}}
    made = rendered(*TALK, flow=whole)
    ids = [each.delivery_id for each in parcels(*made)]
    assert len({*ids}) == 2 and media_id not in ids
    assert [each.metadata["_id"] for each in parcels(*made)] == [media_id] * 2
    result = sent(made, tmp_path)
    assert [each.delivery.state for each in result.recordings if each.delivery] == ["stored"] * 2
    assert sorted(each.path.partition("/")[0] for each in receiver.stored()) == ["one", "two"]


def test_delivery_ids_are_fixed(rendered: Any) -> None:
    """Design §12: exactly once by fixed ids: the same recording has the same id however often it is delivered."""
    assert only(rendered(*TALK)).delivery_id == only(rendered(*TALK)).delivery_id


def told(row: Row) -> tuple[object, ...]:
    """A row without the numbers of other rows."""
    detail = {key: value for key, value in (row.detail or {}).items() if key != "of"}
    return row.at_ms, row.call_id, row.leg, row.kind, row.name, detail, row.rule


def test_uploading_changes_nothing_else_in_the_trace(staging: ModuleType, rendered: Any, tmp_path: Path) -> None:
    """Design §12: the core leaves the delivery waiting: the trace lacks the deliveries that did not happen, no more."""
    run, _ = rendered(*MESSAGE, flow=staging.RECORDED)
    again, _ = rendered(*MESSAGE, flow=staging.RECORDED)
    virtual = staging.played(tmp_path, *MESSAGE, flow=staging.RECORDED)
    assert run.rows == again.rows

    def is_delivery(row: Row) -> bool:
        return row.name == "deliver" or (row.kind == "DELIVERY" and row.name != "REQUESTED")

    assert [told(row) for row in run.rows] == [told(row) for row in virtual.rows if not is_delivery(row)]
    assert any(is_delivery(row) for row in virtual.rows) and not any(is_delivery(row) for row in run.rows)


def test_a_real_upload_leaves_the_rows_alone(rendered: Any, tmp_path: Path, staging: ModuleType) -> None:
    """Design §12: the core never sees a real result."""
    made = rendered(*MESSAGE, flow=staging.VOICEMAIL)
    before = list(made[0].rows)
    result = sent(made, tmp_path)
    assert made[0].rows == before and not made[0].judge(result).failures
