"""`--upload`: what a run left waiting is really delivered, each file exactly once (design §12, Deliveries; B§6.5)."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from callflow.core.trace import Row
from callflow.report.results import RunResult
from callflow.simulate import Run
from callflow.storage import outbox
from callflow.storage.database import list_recordings, read_recording
from callflow.storage.parcel import Parcel
from callflow.storage.receiver import RunningReceiver
from callflow.storage.routes import Destinations
from callflow.uploading import has_failed, parcels, retry, upload, with_deliveries

TALK = ("at 1s: alice answers", "at 2s: caller speaks for 1s", "at 4s: caller hangs up")
MESSAGE = ("when voicemail records: caller speaks for 2s", "after 0s: caller hangs up")


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
    return partial(staging.rendered, tmp_path)


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
