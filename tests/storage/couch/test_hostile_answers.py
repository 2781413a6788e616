"""Whatever a CouchDB that is none answers (C48)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.storage.couch import CouchCarrier
from callflow.storage.parcel import Parcel

ANSWERS = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda status, content, more: (
            b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content) + more, content)
        ),
        st.sampled_from([200, 201, 202, 204, 404, 409, 412, 500]),
        st.sampled_from([b"", b"{}", b"[]", b"null", b'{"rev": 1}', b'{"_rev": "1-a"}', b"[" * 60_000, b"\xff{"]),
        st.sampled_from([0, 0, 1]),
    ),
)


@pytest.fixture
def babble(raw_server: Callable[..., str]) -> tuple[str, list[bytes]]:
    """A server that answers each request with the next of a list, then hangs up."""
    answers: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(answers.pop(0) if answers else b"")
        connection.close()

    return raw_server(answer), answers


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(ANSWERS, max_size=6))
def test_no_answer_is_a_crash_or_taken_for_a_revision(
    babble: tuple[str, list[bytes]], make_recording: Callable[..., Parcel], patient: CouchCarrier, script: list[bytes]
) -> None:
    """A server's words are hostile: whatever it says, a try ends, and without a revision nothing is stored."""
    url, answers = babble
    answers[:] = script
    parcel = make_recording(url, audio=b"abc")
    for outcome in (patient.send(parcel), patient.save_metadata(parcel)):
        assert not outcome.is_stored and outcome.result


def told(content: bytes, status: int = 200) -> bytes:
    """An answer with a JSON content, the last on its connection."""
    return b"HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content)


@pytest.mark.parametrize("revision", [b'"1\\r\\nX: y"', b'"\\ud800"', b'""', b'"1-%s"' % (b"a" * 300), b"7"])
def test_what_cannot_be_a_revision_is_none(
    babble: tuple[str, list[bytes]], make_recording: Callable[..., Parcel], patient: CouchCarrier, revision: bytes
) -> None:
    """A revision goes into an address: a line break or half a character in it is the server's fault, not the url's."""
    url, answers = babble
    answers[:] = [told(b'{"ok": true, "rev": %s}' % revision, 201)]
    outcome = patient.save_metadata(make_recording(url, audio=b"abc"))
    assert (outcome.result, outcome.is_final) == ("broken answer", False)


def test_what_is_no_json_is_not_sent_back(
    babble: tuple[str, list[bytes]], make_recording: Callable[..., Parcel], patient: CouchCarrier
) -> None:
    """A document that is there is saved over with all that others put into it, if that is JSON."""
    url, answers = babble
    parcel = make_recording(url, audio=b"abc")
    there = b'{"_rev": "1-a", "pvt_delivery_id": "%s", "x": NaN}' % parcel.delivery_id.encode()
    answers[:] = [told(b"{}", 409), told(there)]
    outcome = patient.save_metadata(parcel)
    assert (outcome.result, outcome.is_final) == ("broken answer", False)


def test_half_a_character_is_the_servers_to_refuse(
    babble: tuple[str, list[bytes]], make_recording: Callable[..., Parcel], patient: CouchCarrier
) -> None:
    """A caller's name may be any text that a scenario can hold: what is wrong with it is not the address."""
    url, answers = babble
    parcel = make_recording(url, audio=b"abc")
    answers[:] = [told(b'{"error": "bad_request"}', 400)]
    outcome = patient.save_metadata(evolve(parcel, metadata={**parcel.metadata, "caller_id_name": "\ud800"}))
    assert (outcome.result, outcome.is_final) == ("400", True)


@pytest.fixture
def patient() -> Iterator[CouchCarrier]:
    """A carrier that waits a second."""
    opened = CouchCarrier(1_000, None)
    yield opened
    opened.close()
