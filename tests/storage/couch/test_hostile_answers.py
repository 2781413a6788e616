"""Whatever a CouchDB that is none answers (C48)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
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


@pytest.fixture
def patient() -> Iterator[CouchCarrier]:
    """A carrier that waits a second."""
    opened = CouchCarrier(1_000, None)
    yield opened
    opened.close()
