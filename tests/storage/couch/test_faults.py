"""When a CouchDB, or the way to it, fails: every fault is an outcome, and one recording is there in the end (C48)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from callflow.storage.carrier import Outcome
from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

MakeRecording = Callable[..., Parcel]
AUDIO = b"ID3 \x00\xff" * 50_000
PUT_DATABASE, PUT_DOCUMENT, PUT_ATTACHMENT = ("PUT", 1), ("PUT", 2), ("PUT", 3)
GET_DOCUMENT = ("GET", 2)


@pytest.fixture
def fault(little: Any, little_couch: ModuleType) -> Callable[..., None]:
    """Make the next request of a kind fail."""

    def add(what: tuple[str, int], how: int | str, **more: Any) -> None:
        little.contents.faults.append(little_couch.Fault(*what, how, **more))

    return add


def revisions(little: Any, parcel: Parcel) -> int:
    """How many revisions the parcel's document has, which holds the audio whole."""
    record = little.contents.databases[parcel.folder][parcel.metadata["_id"]]
    assert [stored.data for stored in record.attachments.values()] == [AUDIO]
    assert list(little.contents.databases[parcel.folder]) == [parcel.metadata["_id"]]
    found: int = record.revisions
    return found


def facts(outcome: Outcome) -> tuple[str, bool, bool]:
    """What the dispatcher decides by."""
    return outcome.result, outcome.is_stored, outcome.is_final


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (301, True), (302, True), (400, True), (401, True), (403, True), (405, True), (413, True),
        (415, True), (404, False), (408, False), (429, False), (500, False), (503, False), (507, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", [PUT_DOCUMENT, PUT_ATTACHMENT, GET_DOCUMENT], ids=["document", "audio", "look"])
def test_a_status_is_final_when_it_would_come_again(
    little: Any,
    carrier: CouchCarrier,
    make_recording: MakeRecording,
    fault: Callable[..., None],
    what: tuple[str, int],
    status: int,
    is_final: bool,
) -> None:
    """401, 403 and 413 stay what they are; 5xx may pass; redirects are not followed. A missing document is no fault."""
    parcel = make_recording(little.host)
    work = carrier.save_metadata if what is PUT_DOCUMENT else carrier.send
    for _ in range(2 if status == 404 and what != GET_DOCUMENT else 1):
        fault(what, status, headers={"Location": "http://elsewhere.example/"})
    outcome = work(parcel)
    if (what, status) == (GET_DOCUMENT, 404):
        assert facts(outcome) == ("201", True, True)
    else:
        assert facts(outcome) == (str(status), False, is_final)
    assert carrier.save_metadata(parcel).is_stored
    assert carrier.send(parcel).is_stored
    revisions(little, parcel)


@pytest.mark.parametrize(
    ("retry_after", "wait_ms"),
    [
        ("7", 7_000),
        ("Tue, 01 Dec 2026 00:00:20 GMT", 30_000),
        ("Mon, 30 Nov 2026 00:00:00 GMT", 0),
        ("99999999999", 86_400_000),
        ("-5", 0),
        ("soon", 0),
        ("1" * 5_000, 0),
    ],
)
def test_retry_after(
    little: Any,
    carrier: CouchCarrier,
    make_recording: MakeRecording,
    fault: Callable[..., None],
    retry_after: str,
    wait_ms: int,
) -> None:
    """A busy server says when to come again, in seconds or as a date by its own clock; a day at most."""
    fault(PUT_ATTACHMENT, 503, headers={"Retry-After": retry_after})
    outcome = carrier.send(make_recording(little.host))
    assert (outcome.result, outcome.is_final, outcome.retry_after_ms) == ("503", False, wait_ms)


@pytest.mark.parametrize(("how", "result"), [("reset", "reset"), ("cut", "broken answer"), ("unheard", "")])
def test_a_connection_that_dies_with_the_audio_on_it(
    little: Any,
    carrier: CouchCarrier,
    make_recording: MakeRecording,
    fault: Callable[..., None],
    how: str,
    result: str,
) -> None:
    """No whole acknowledgement, no success; sent again it is one recording, in one more revision at most."""
    parcel = make_recording(little.host)
    fault(PUT_ATTACHMENT, how)
    outcome = carrier.send(parcel)
    assert not outcome.is_stored and not outcome.is_final
    assert outcome.result == result or (not result and outcome.result in ("reset", "broken answer"))
    again = carrier.send(parcel)
    # What arrived though nobody said so is not sent again.
    assert again.result == ("201" if how == "reset" else "stored already")
    assert revisions(little, parcel) == 2


@pytest.mark.parametrize("what", [PUT_DATABASE, PUT_DOCUMENT, GET_DOCUMENT], ids=["database", "document", "look"])
@pytest.mark.parametrize("how", ["cut", "unheard"])
def test_an_answer_that_did_not_come_whole(
    little: Any,
    carrier: CouchCarrier,
    make_recording: MakeRecording,
    fault: Callable[..., None],
    what: tuple[str, int],
    how: str,
) -> None:
    """A document that was saved unheard is found, not saved twice."""
    parcel = make_recording(little.host)
    fault(what, how)
    outcome = carrier.send(parcel)
    assert outcome.result in ("broken answer", "reset") and not outcome.is_final
    assert carrier.save_metadata(parcel).is_stored
    assert carrier.send(parcel).result == "201"
    assert revisions(little, parcel) == 2


@pytest.mark.parametrize("what", [PUT_DATABASE, PUT_DOCUMENT, PUT_ATTACHMENT, GET_DOCUMENT])
def test_a_success_of_no_couchdb(
    little: Any,
    carrier: CouchCarrier,
    make_recording: MakeRecording,
    fault: Callable[..., None],
    what: tuple[str, int],
) -> None:
    """A sign-in page with status 200 has stored nothing."""
    parcel = make_recording(little.host)
    fault(what, "page")
    assert not carrier.send(parcel).is_stored
    assert carrier.send(parcel).result == "201"
    assert revisions(little, parcel) == 2


def test_a_stale_revision_is_read_again(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, fault: Callable[..., None]
) -> None:
    """409 on the audio: somebody added to our document meanwhile; what they added stays."""
    parcel = make_recording(little.host)

    def transcribe() -> None:
        record = little.contents.databases[parcel.folder][parcel.delivery_id]
        record.fields["transcription"] = "hello"
        record.revise()

    fault(PUT_ATTACHMENT, "meanwhile", meanwhile=transcribe)
    assert carrier.send(parcel).result == "201"
    changed = make_recording(little.host, metadata={"duration_ms": 1})
    assert carrier.save_metadata(changed).result == "201"
    assert little.contents.databases[parcel.folder][parcel.delivery_id].fields["transcription"] == "hello"
    assert revisions(little, parcel) == 4


def test_a_conflict_that_stays_is_a_failed_try(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, fault: Callable[..., None]
) -> None:
    """Once more within a try is enough: the next try may be luckier."""
    parcel = make_recording(little.host)
    fault(PUT_ATTACHMENT, 409)
    fault(PUT_ATTACHMENT, 409)
    assert facts(carrier.send(parcel)) == ("409", False, False)
    fault(PUT_DOCUMENT, 409)
    fault(PUT_DOCUMENT, 409)
    assert facts(carrier.save_metadata(make_recording(little.host, metadata={"duration": 1}))) == ("409", False, False)


def test_a_document_deleted_between_two_looks(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, fault: Callable[..., None]
) -> None:
    """A deleted document's id can be used again."""
    parcel = make_recording(little.host)
    assert carrier.save_metadata(parcel).is_stored

    def delete() -> None:
        record = little.contents.databases[parcel.folder][parcel.delivery_id]
        record.is_deleted = True
        record.revise()

    fault(GET_DOCUMENT, "meanwhile", meanwhile=delete)
    assert carrier.save_metadata(parcel).result == "201"
    fault(PUT_ATTACHMENT, "meanwhile", meanwhile=delete)
    assert carrier.send(parcel).result == "201"
    revisions(little, parcel)


def test_a_database_deleted_in_the_middle(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording, fault: Callable[..., None]
) -> None:
    """It is made again, document and all; one that another made first is as good (412)."""
    parcel = make_recording(little.host)
    carrier.save_metadata(parcel)
    fault(PUT_ATTACHMENT, "meanwhile", meanwhile=little.contents.databases.clear)
    fault(PUT_DATABASE, "meanwhile", meanwhile=lambda: little.contents.make_database(parcel.folder))
    assert carrier.send(parcel).result == "201"
    assert revisions(little, parcel) == 2


def test_packed_audio_is_not_judged_by_its_digest(
    little: Any, carrier: CouchCarrier, make_recording: MakeRecording
) -> None:
    """A server packs attachments of some types, and tells the digest of the packed bytes: they are sent again."""
    parcel = make_recording(little.host, content_type="text/plain")
    assert [carrier.send(parcel).result for _ in range(2)] == ["201", "201"]
    record = little.contents.databases[parcel.folder][parcel.delivery_id]
    assert [stored.encoding for stored in record.attachments.values()] == ["gzip"]


def test_what_is_there_is_not_sent(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """A recording that arrived costs one look, no upload."""
    parcel = make_recording(little.host)
    carrier.send(parcel)
    little.contents.requests.clear()
    assert carrier.send(parcel).result == "stored already"
    assert [verb for verb, _ in little.contents.requests] == ["GET"]


def test_the_audio_is_announced_in_full(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """C48: the server knows the size before the bytes come; the path's slashes are encoded (B§6.5)."""
    parcel = make_recording(little.host)
    carrier.send(parcel)
    headers = little.contents.headers[-1]
    assert (headers["Content-Length"], headers["Content-Type"]) == (str(len(AUDIO)), "audio/mpeg")
    assert "Transfer-Encoding" not in headers
    assert little.contents.requests[-1][1].count("/") == 3


def test_a_cluster_without_quorum(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """202: some of the nodes have it, the others will."""
    little.contents.created = 202
    parcel = make_recording(little.host)
    assert facts(carrier.save_metadata(parcel)) == ("202", True, True)
    assert facts(carrier.send(parcel)) == ("202", True, True)


def test_audio_that_is_too_large(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """C48: 413 would come again: final, the audio stays in the outbox."""
    little.contents.largest_attachment = 10
    assert facts(carrier.send(make_recording(little.host))) == ("413", False, True)


def test_a_silent_server(little: Any, make_recording: MakeRecording, fault: Callable[..., None]) -> None:
    """Every wait is bounded."""
    fault(PUT_ATTACHMENT, "silent")
    carrier = CouchCarrier(100, None)
    assert facts(carrier.send(make_recording(little.host))) == ("timeout", False, False)
    carrier.close()


def test_nobody_listens(carrier: CouchCarrier, make_recording: MakeRecording, refused_url: str) -> None:
    """A server that is down is tried again."""
    assert facts(carrier.save_metadata(make_recording(refused_url))) == ("refused", False, False)


def test_a_file_that_is_gone(little: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """Nothing to send is told as what it is."""
    parcel = make_recording(little.host)
    parcel.file.unlink()
    outcome = carrier.send(parcel)
    assert (outcome.result, outcome.is_final) == ("file: no such file or directory", True)
