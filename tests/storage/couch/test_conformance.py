"""Recordings over the CouchDB protocol, on a real server and on the strict little one (B§6.5; design §12)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from callflow.core.delivery import TargetKind
from callflow.storage.carrier import Outcome
from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

MakeRecording = Callable[..., Parcel]
AUDIO = b"ID3 \x00\xff" * 50_000


def deliver(carrier: CouchCarrier, parcel: Parcel) -> tuple[Outcome, Outcome]:
    """Document, then audio."""
    return carrier.save_metadata(parcel), carrier.send(parcel)


def generation(document: dict[str, Any]) -> int:
    """How many revisions a document has had."""
    return int(document["_rev"].partition("-")[0])


def test_document_and_audio_arrive(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """B§6.5: the document first, with its fields, then the audio as an attachment of its name, byte for byte."""
    parcel = make_recording(server.host)
    saved, sent = deliver(carrier, parcel)
    name = parcel.metadata["name"]
    place = f"http://{server.host}/{parcel.folder.replace('/', '%2F')}/{parcel.delivery_id}/{name}"
    assert (saved.result, saved.is_stored, saved.place) == ("201", True, place)
    assert (sent.result, sent.is_stored, sent.place) == ("201", True, place)
    document = server.document(parcel.folder, parcel.delivery_id)
    assert parcel.metadata.items() <= document.items()
    assert document["pvt_delivery_id"] == parcel.delivery_id
    assert generation(document) == 2
    assert document["_attachments"][name]["content_type"] == "audio/mpeg"
    assert server.audio(parcel.folder, parcel.delivery_id, name) == AUDIO


def test_delivering_again_changes_nothing(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """Design §12: exactly once; the second delivery finds the first, also from another process."""
    parcel = make_recording(server.host)
    deliver(carrier, parcel)
    before = server.document(parcel.folder, parcel.delivery_id)
    another = CouchCarrier(30_000, f"http://{server.host}/")
    results = [outcome.result for outcome in deliver(another, parcel)]
    another.close()
    assert results == ["stored already", "stored already"]
    assert server.document(parcel.folder, parcel.delivery_id) == before


def test_audio_alone_saves_its_document(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """A document or database that was deleted before the audio came is made again."""
    parcel = make_recording(server.host)
    assert carrier.send(parcel).result == "201"
    assert parcel.metadata.items() <= server.document(parcel.folder, parcel.delivery_id).items()
    assert server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == AUDIO


def test_a_document_that_changed_is_revised(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """The same delivery with other facts is a second revision of one document; its audio stays."""
    parcel = make_recording(server.host)
    deliver(carrier, parcel)
    changed = make_recording(server.host, metadata={"duration_ms": 39_980})
    assert carrier.save_metadata(changed).result == "201"
    document = server.document(parcel.folder, parcel.delivery_id)
    assert (document["duration_ms"], generation(document)) == (39_980, 3)
    assert server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == AUDIO


def test_other_audio_under_one_id_replaces_it(
    server: Any, carrier: CouchCarrier, make_recording: MakeRecording
) -> None:
    """The same length is not the same audio: the digest decides."""
    parcel = make_recording(server.host)
    deliver(carrier, parcel)
    other = AUDIO[:-1] + b"!"
    assert [each.result for each in deliver(carrier, make_recording(server.host, audio=other))] == [
        "stored already",
        "201",
    ]
    assert server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == other


def test_two_recordings_of_one_call(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """Both have one name (B§6.3) and a document each: nothing is overwritten."""
    first, second = make_recording(server.host), make_recording(server.host, number=1, audio=b"second" * 1_000)
    for parcel in (first, second):
        assert all(outcome.is_stored for outcome in deliver(carrier, parcel))
    name = first.metadata["name"]
    assert server.audio(first.folder, first.delivery_id, name) == AUDIO
    assert server.audio(second.folder, second.delivery_id, name) == b"second" * 1_000


def test_a_document_of_another_recording_is_a_conflict(
    server: Any, carrier: CouchCarrier, make_recording: MakeRecording
) -> None:
    """C48: a `media_id` used twice conflicts in production; here for good, and the first recording stays as it is."""
    first = make_recording(server.host, metadata={"_id": "greeting"}, delivery_id="1" * 64)
    second = make_recording(server.host, metadata={"_id": "greeting"}, delivery_id="2" * 64, audio=b"other")
    deliver(carrier, first)
    for outcome in deliver(carrier, second):
        assert (outcome.result, outcome.is_stored, outcome.is_final) == ("409", False, True)
    assert server.audio(first.folder, "greeting", first.metadata["name"]) == AUDIO


@pytest.mark.parametrize(
    "name",
    [
        "call recording a.mp3",
        "call_recording_a@10.0.0.1.mp3",
        "a/b.mp3",
        "Gespräch ☎ №1.mp3",
        "50%+1&x=y?#;.wav",
        "...mp3",
    ],
)
def test_names_are_encoded(server: Any, carrier: CouchCarrier, make_recording: MakeRecording, name: str) -> None:
    """Issue 4: names with blanks, @, /, Unicode; a name is one name, whatever is in it."""
    parcel = make_recording(server.host, metadata={"name": name, "_id": f"id of {name}"}, delivery_id="id")
    assert [outcome.result for outcome in deliver(carrier, parcel)] == ["201", "201"]
    assert [outcome.result for outcome in deliver(carrier, parcel)] == ["stored already", "stored already"]
    document = server.document(parcel.folder, f"id of {name}")
    assert list(document["_attachments"]) == [name]
    assert server.audio(parcel.folder, f"id of {name}", name) == AUDIO


def test_two_threads_at_once(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """Design §12: a recording delivered twice at the same time is stored once, and both are told so."""
    parcel = make_recording(server.host)
    start = threading.Barrier(4)
    outcomes: list[Outcome] = []

    def run() -> None:
        start.wait()
        outcomes.extend(deliver(carrier, parcel))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.is_stored for outcome in outcomes] == [True] * 8
    document = server.document(parcel.folder, parcel.delivery_id)
    assert list(document["_attachments"]) == [parcel.metadata["name"]]
    assert server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == AUDIO


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (1 << 20) + 1])
def test_sizes_around_a_block(server: Any, carrier: CouchCarrier, make_recording: MakeRecording, size: int) -> None:
    """Audio goes in blocks of 1 MiB; none and one byte are audio too."""
    audio = bytes(range(256)) * 8_192
    parcel = make_recording(server.host, audio=audio[:size])
    assert all(outcome.is_stored for outcome in deliver(carrier, parcel))
    assert [outcome.result for outcome in deliver(carrier, parcel)] == ["stored already", "stored already"]
    assert server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == audio[:size]


def test_a_host_without_scheme(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """B§6.1: `third_party_bigcouch_host` is host:port."""
    parcel = make_recording(server.host, kind=TargetKind.THIRD_PARTY_BIGCOUCH)
    assert [outcome.result for outcome in deliver(carrier, parcel)] == ["201", "201"]


def test_a_recording_beyond_any_document(server: Any, carrier: CouchCarrier, make_recording: MakeRecording) -> None:
    """C48: attachments beyond the size of documents arrive byte for byte: 60 MB (the real server is slow: 10 MB)."""
    parcel = make_recording(server.host)
    sample = bytes(range(251)) * (40_000 if server.is_real else 241_000)
    parcel.file.write_bytes(sample)
    assert [outcome.result for outcome in deliver(carrier, parcel)] == ["201", "201"]
    is_equal = server.audio(parcel.folder, parcel.delivery_id, parcel.metadata["name"]) == sample
    assert is_equal  # apart: pytest would explain a difference of 60 MB
